//! A document as it came: its name, its text, its notation.

use crate::place::{At, Place};
use crate::problem::{Problem, ProblemKind};
use std::path::Path;
use std::sync::Arc;

/// Largest document in bytes. 100,000 tags written one table each are about 20 MB; a group needs 200 bytes.
pub const DOCUMENT_BYTES_MAX: usize = 32 << 20;

/// In which notation a document is written. Both have one schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Notation {
    /// TOML 1.0.
    Toml,
    /// JSON (RFC 8259).
    Json,
}

/// One document before it is read.
#[derive(Debug, Clone)]
pub struct Source {
    /// What problems call it: usually the path as the operator typed it.
    pub name: Arc<str>,
    /// Its text.
    pub text: String,
    /// Its notation.
    pub notation: Notation,
}

impl Source {
    /// A document from a text. The notation follows from the name's ending, else from the first character.
    pub fn new(name: &str, text: impl Into<String>) -> Self {
        let mut text: String = text.into();
        if text.starts_with('\u{feff}') {
            text.drain(..'\u{feff}'.len_utf8());
        }
        Self { notation: notation_of(name, &text), name: Arc::from(name), text }
    }

    /// A document from bytes that may not be text.
    ///
    /// # Errors
    /// Not UTF-8, or longer than [`DOCUMENT_BYTES_MAX`].
    pub fn from_bytes(name: &str, bytes: &[u8]) -> Result<Self, Problem> {
        let refuse = |line: u32, what: String, hint: &str| {
            let place = Place { file: Arc::from(name), line, column: 1, key: Arc::from("") };
            Problem::at(&place, what, hint).of_kind(ProblemKind::Syntax)
        };
        if bytes.len() > DOCUMENT_BYTES_MAX {
            let what = format!("the document has {} bytes; at most {DOCUMENT_BYTES_MAX} are read", bytes.len());
            return Err(refuse(1, what, "write many tags of one kind as [[lines.tag_groups]], or split the document"));
        }
        match std::str::from_utf8(bytes) {
            Ok(text) => Ok(Self::new(name, text)),
            Err(error) => {
                let before = &bytes[..error.valid_up_to()];
                let n_breaks = before.iter().filter(|b| **b == b'\n').count();
                let line = u32::try_from(n_breaks).unwrap_or(u32::MAX).saturating_add(1);
                Err(refuse(line, "the document is not UTF-8 text".into(), "save the file as UTF-8"))
            }
        }
    }

    /// Reads a file.
    ///
    /// # Errors
    /// The file cannot be read, or is no text.
    pub fn open(path: &Path) -> Result<Self, Problem> {
        let name = path.display().to_string();
        match std::fs::read(path) {
            Ok(bytes) => Self::from_bytes(&name, &bytes),
            Err(error) => {
                let place = Place { file: Arc::from(name), line: 1, column: 1, key: Arc::from("") };
                let what = format!("the file cannot be read: {error}");
                Err(Problem::at(&place, what, "check the path and who may read the file"))
            }
        }
    }
}

impl At<std::path::PathBuf> {
    /// The path, seen from the folder of the document in which it stands; an absolute path stays as it is.
    pub fn beside_document(&self) -> std::path::PathBuf {
        match Path::new(&*self.place.file).parent() {
            Some(folder) => folder.join(&self.value),
            None => self.value.clone(),
        }
    }
}

fn notation_of(name: &str, text: &str) -> Notation {
    let ending = Path::new(name).extension().and_then(|e| e.to_str()).unwrap_or_default();
    match ending {
        "json" => Notation::Json,
        "toml" => Notation::Toml,
        _ if text.trim_start().starts_with('{') => Notation::Json,
        _ => Notation::Toml,
    }
}
