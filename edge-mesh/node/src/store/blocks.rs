//! A file of blocks that only grows: length, checksum, bytes. Whatever a crash leaves at its end is cut off.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use takt_mesh_proto::limits::CONTROL_BYTES_MAX;
use takt_mesh_proto::node::Record;

/// First bytes of a file: what it is, and the version of its layout.
const MAGIC: &[u8; 8] = b"taktlog\x01";

/// Length and checksum.
const HEAD: usize = 12;

/// Bytes of a record that is no chunk: it travelled in a frame, with some words around it.
const RECORD_BYTES_MAX: usize = 2 * CONTROL_BYTES_MAX;

/// An open file of records.
#[derive(Debug)]
pub(super) struct Blocks {
    file: File,
    path: PathBuf,
    /// Up to here everything is whole and durable.
    whole: u64,
}

/// What a file holds.
pub(super) struct Found {
    pub(super) records: Vec<Record>,
    /// Bytes up to the end of the last whole record.
    pub(super) whole: u64,
    /// Bytes of the file.
    pub(super) total: u64,
}

/// Reads a file up to the first record that is not whole.
pub(super) fn read(path: &Path) -> io::Result<Found> {
    let mut bytes = Vec::new();
    File::open(path)?.read_to_end(&mut bytes)?;
    let total = bytes.len() as u64;
    let Some(mut rest) = bytes.strip_prefix(MAGIC.as_slice()) else {
        // A crash may have cut even the head; any other beginning is somebody else's file.
        let cut = MAGIC.starts_with(&bytes);
        let why = format!("{} is no log of the mesh", path.display());
        return if cut { Ok(Found { records: Vec::new(), whole: 0, total }) } else { Err(io::Error::other(why)) };
    };
    let mut records = Vec::new();
    while let Some((record, after)) = first(rest) {
        records.push(record);
        rest = after;
    }
    Ok(Found { records, whole: total - rest.len() as u64, total })
}

fn first(bytes: &[u8]) -> Option<(Record, &[u8])> {
    let (head, rest) = bytes.split_first_chunk::<HEAD>()?;
    let length = u32::from_le_bytes(*head.first_chunk()?) as usize;
    if length > RECORD_BYTES_MAX || length > rest.len() {
        return None;
    }
    let (block, after) = rest.split_at(length);
    if head[4..] != checksum(block) {
        return None;
    }
    postcard::from_bytes(block).ok().map(|record| (record, after))
}

fn checksum(block: &[u8]) -> [u8; 8] {
    *blake3::hash(block).as_bytes().first_chunk().expect("a digest has 32 bytes")
}

/// One record as it stands in a file.
pub(super) fn block(record: &Record) -> Vec<u8> {
    let block = postcard::to_allocvec(record).expect("records hold only types that postcard encodes");
    let length = u32::try_from(block.len()).expect("records are far below 4 GiB");
    [length.to_le_bytes().as_slice(), &checksum(&block), &block].concat()
}

impl Blocks {
    /// Opens a file or begins one, and gives its records. An end that is not whole is kept beside it.
    pub(super) fn open(path: &Path) -> io::Result<(Self, Vec<Record>)> {
        let fresh = !path.exists();
        let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        let found = read(path)?;
        if found.whole < found.total {
            let aside = path.with_extension("cut");
            std::fs::copy(path, &aside)?;
            tracing::warn!(path = %path.display(), aside = %aside.display(), "the end of the log was not whole");
        }
        let mut whole = found.whole;
        file.set_len(whole)?;
        if whole == 0 {
            file.seek(SeekFrom::Start(0))?;
            file.write_all(MAGIC)?;
            whole = MAGIC.len() as u64;
        }
        file.sync_all()?;
        if fresh && let Some(folder) = path.parent() {
            File::open(folder)?.sync_all()?;
        }
        Ok((Self { file, path: path.to_owned(), whole }, found.records))
    }

    /// Appends records; durable when it returns. After an error the file is as before.
    pub(super) fn append<'r>(&mut self, records: impl Iterator<Item = &'r Record>) -> io::Result<()> {
        let bytes: Vec<u8> = records.flat_map(block).collect();
        if bytes.is_empty() {
            return Ok(());
        }
        // Not at the end: a write that failed may have left something there.
        self.file.seek(SeekFrom::Start(self.whole))?;
        let written = self.file.write_all(&bytes).and_then(|()| self.file.sync_data());
        match written {
            Ok(()) => {
                self.whole += bytes.len() as u64;
                Ok(())
            }
            Err(why) => {
                self.file.set_len(self.whole)?;
                Err(why)
            }
        }
    }

    /// Puts these records in the place of all: at once, or not at all.
    pub(super) fn replace<'r>(&mut self, records: impl Iterator<Item = &'r Record>) -> io::Result<()> {
        let new = self.path.with_extension("new");
        let bytes: Vec<u8> = MAGIC.iter().copied().chain(records.flat_map(block)).collect();
        let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(true).open(&new)?;
        file.write_all(&bytes)?;
        file.sync_all()?;
        std::fs::rename(&new, &self.path)?;
        if let Some(folder) = self.path.parent() {
            File::open(folder)?.sync_all()?;
        }
        (self.file, self.whole) = (file, bytes.len() as u64);
        Ok(())
    }
}
