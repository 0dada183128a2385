//! The archive: a tar in exactly one form, so that content and bytes determine each other.
//!
//! Entries stand in the order `model.toml`, `model.onnx`, `vectors/0001.json` and on, with fixed
//! metadata. Reading compares each header with the one that writing would give, byte for byte: no
//! path, link, extension or trailing byte that we did not write can get in, and nothing is
//! allocated for what a header merely claims.

use super::{N_VECTORS_MAX, OpenError, PackError};

/// Largest package in bytes. Edge models are far smaller; protobuf ends at 2 GiB anyway.
pub const PACKAGE_BYTES_MAX: u64 = 256 << 20;

/// Largest `model.toml`: 10,000 inputs of 100 bytes, four times over.
const MANIFEST_BYTES_MAX: u64 = 4 << 20;

/// Largest test vector: a window of 10,000 × 64 numbers of 20 characters fits.
const VECTOR_BYTES_MAX: u64 = 16 << 20;

const BLOCK_BYTES: usize = 512;

pub(super) const MANIFEST: &str = "model.toml";
pub(super) const MODEL: &str = "model.onnx";

/// The name of the n-th test vector, from 0.
pub(super) fn vector_name(index: usize) -> String {
    format!("vectors/{:04}.json", index + 1)
}

/// The entries of an archive, borrowed from its bytes.
pub(super) struct Parts<'a> {
    pub manifest: &'a [u8],
    pub model: &'a [u8],
    pub vectors: Vec<&'a [u8]>,
}

/// Writes the archive.
pub(super) fn write(manifest: &[u8], model: &[u8], vectors: &[Vec<u8>]) -> Result<Vec<u8>, PackError> {
    let names: Vec<String> = (0..vectors.len()).map(vector_name).collect();
    let mut entries = vec![(MANIFEST, manifest, MANIFEST_BYTES_MAX), (MODEL, model, PACKAGE_BYTES_MAX)];
    entries.extend(names.iter().zip(vectors).map(|(name, v)| (name.as_str(), v.as_slice(), VECTOR_BYTES_MAX)));
    let mut bytes = Vec::with_capacity(model.len() + manifest.len() + 8 * BLOCK_BYTES);
    for (name, content, n_bytes_max) in entries {
        if content.len() as u64 > n_bytes_max {
            return Err(PackError::TooLarge { what: name.into(), n_bytes_max });
        }
        bytes.extend_from_slice(header(name, content.len() as u64).as_bytes());
        bytes.extend_from_slice(content);
        bytes.resize(bytes.len().next_multiple_of(BLOCK_BYTES), 0);
    }
    bytes.resize(bytes.len() + 2 * BLOCK_BYTES, 0);
    if bytes.len() as u64 > PACKAGE_BYTES_MAX {
        return Err(PackError::TooLarge { what: "the package".into(), n_bytes_max: PACKAGE_BYTES_MAX });
    }
    Ok(bytes)
}

/// Reads an archive that may be hostile.
pub(super) fn read(bytes: &[u8]) -> Result<Parts<'_>, OpenError> {
    if bytes.len() as u64 > PACKAGE_BYTES_MAX {
        return Err(OpenError::TooLarge { what: "the package".into(), n_bytes_max: PACKAGE_BYTES_MAX });
    }
    let mut rest = Reader { rest: bytes };
    let manifest = rest.entry(MANIFEST, MANIFEST_BYTES_MAX)?;
    let model = rest.entry(MODEL, PACKAGE_BYTES_MAX)?;
    let mut vectors = Vec::new();
    while !rest.at_end() {
        if vectors.len() == N_VECTORS_MAX {
            return Err(rest.unexpected("the end (64 test vectors at most)"));
        }
        vectors.push(rest.entry(&vector_name(vectors.len()), VECTOR_BYTES_MAX)?);
    }
    rest.end()?;
    Ok(Parts { manifest, model, vectors })
}

/// The one header that an entry of this name and size has.
fn header(name: &str, n_bytes: u64) -> tar::Header {
    let mut header = tar::Header::new_ustar();
    header.set_path(name).expect("names of entries are short and relative");
    header.set_entry_type(tar::EntryType::Regular);
    header.set_size(n_bytes);
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_cksum();
    header
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn entry(&mut self, name: &str, n_bytes_max: u64) -> Result<&'a [u8], OpenError> {
        let block = self.take(BLOCK_BYTES, name)?;
        let found = tar::Header::from_byte_slice(block);
        if *found.path_bytes() != *name.as_bytes() {
            return Err(OpenError::Entry { name: printable(&found.path_bytes()), expected: expected(name) });
        }
        let size = found.size().map_err(|_| odd(name, "has an unreadable size"))?;
        if *block != *header(name, size).as_bytes() {
            return Err(odd(name, "has a header that differs from the one Takt writes"));
        }
        if size > n_bytes_max {
            return Err(OpenError::TooLarge { what: name.into(), n_bytes_max });
        }
        let size = usize::try_from(size).map_err(|_| odd(name, "has an unreadable size"))?;
        let content = self.take(size, name)?;
        let padding = self.take(size.next_multiple_of(BLOCK_BYTES) - size, name)?;
        if padding.iter().any(|b| *b != 0) {
            return Err(odd(name, "is followed by bytes that belong to nothing"));
        }
        Ok(content)
    }

    fn take(&mut self, n_bytes: usize, inside: &str) -> Result<&'a [u8], OpenError> {
        let (taken, rest) =
            self.rest.split_at_checked(n_bytes).ok_or_else(|| OpenError::Truncated { inside: inside.into() })?;
        self.rest = rest;
        Ok(taken)
    }

    /// Whether the closing zero block comes next (or nothing, which [`Reader::end`] reports).
    fn at_end(&self) -> bool {
        self.rest.iter().take(BLOCK_BYTES).all(|b| *b == 0)
    }

    fn end(&mut self) -> Result<(), OpenError> {
        let closing = self.take(2 * BLOCK_BYTES, "its closing blocks")?;
        if self.rest.is_empty() && closing.iter().all(|b| *b == 0) {
            Ok(())
        } else {
            Err(odd("its end", "is followed by further bytes"))
        }
    }

    fn unexpected(&self, expected: &'static str) -> OpenError {
        let name = self.rest.get(..BLOCK_BYTES).map_or_else(
            || "a cut-off entry".into(),
            |block| printable(&tar::Header::from_byte_slice(block).path_bytes()),
        );
        OpenError::Entry { name, expected }
    }
}

fn odd(entry: &str, why: &str) -> OpenError {
    OpenError::NotCanonical { why: format!("{entry} {why}") }
}

fn expected(name: &str) -> &'static str {
    match name {
        MANIFEST => MANIFEST,
        MODEL => MODEL,
        _ => "the next test vector (vectors/0001.json and on)",
    }
}

/// A hostile name in a form that is safe on a terminal and in a log.
fn printable(name: &[u8]) -> String {
    String::from_utf8_lossy(name).chars().take(64).flat_map(char::escape_debug).collect()
}
