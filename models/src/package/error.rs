//! What can be wrong with a package, said so that somebody can do something about it.

use std::path::PathBuf;

/// Why a package was not written.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    /// The manifest or the test vectors break a rule; all complaints at once.
    #[error("the manifest cannot be packed; correct {}", list(complaints))]
    Manifest {
        /// Each names a key and what to try.
        complaints: Vec<String>,
    },
    /// A part is too large.
    #[error("{what} is larger than {n_bytes_max} bytes; make it smaller, for example by quantising the graph")]
    TooLarge {
        /// Which part.
        what: String,
        /// The limit.
        n_bytes_max: u64,
    },
    /// The manifest has no form in TOML: a defect of this program.
    #[error("the manifest could not be written as TOML; report this with the manifest")]
    Toml(#[from] toml::ser::Error),
}

/// Why a package was refused.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file cannot be read.
    #[error("{} cannot be read; check the path and its permissions", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A part is larger than its limit.
    #[error("{what} is larger than {n_bytes_max} bytes, which no Takt package is; check that it is the right file")]
    TooLarge {
        /// Which part.
        what: String,
        /// The limit.
        n_bytes_max: u64,
    },
    /// The file ends before its content does.
    #[error("the package is cut off inside {inside}; copy or download it again")]
    Truncated {
        /// The entry in which it ends.
        inside: String,
    },
    /// The file is no archive that [`Package::pack`](super::Package::pack) writes.
    #[error("this is no Takt package: {why}; write it with `takt model pack`")]
    NotCanonical {
        /// What is different, with the entry.
        why: String,
    },
    /// An entry that a package cannot have.
    #[error("the package holds '{name}' where {expected} belongs; write it with `takt model pack`")]
    Entry {
        /// The entry's name, shortened and with unprintable characters escaped.
        name: String,
        /// What belongs there.
        expected: &'static str,
    },
    /// A part is not what the manifest says that it is.
    #[error("{part} was changed after it was packed; fetch the package again from where it was made")]
    Changed {
        /// Which part.
        part: String,
    },
    /// `model.toml` cannot be read.
    #[error("model.toml cannot be read; correct it and pack again")]
    Toml(#[source] Box<toml::de::Error>),
    /// `model.toml` is in a format of a newer Takt.
    #[error("the package has format {found}, and this Takt reads {known}; update Takt")]
    Format {
        /// What it says.
        found: u32,
        /// What is known.
        known: u32,
    },
    /// A test vector cannot be read.
    #[error("vectors/{:04}.json cannot be read; pack the model again", index + 1)]
    Vector {
        /// Which one, from 0.
        index: usize,
        /// Why.
        source: serde_json::Error,
    },
    /// The manifest or the test vectors break a rule; all complaints at once.
    #[error("the manifest breaks rules; correct {}", list(complaints))]
    Manifest {
        /// Each names a key and what to try.
        complaints: Vec<String>,
    },
}

fn list(complaints: &[String]) -> String {
    complaints.iter().enumerate().map(|(i, c)| format!("({}) {c}", i + 1)).collect::<Vec<_>>().join(" ")
}
