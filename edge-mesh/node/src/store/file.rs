//! The store as files beside the gateway's own: the ledger, which keeps every entry, and facts, of which
//! the newest counts.

use super::Store;
use super::blocks::{self, Blocks};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use takt_mesh_proto::egress::Blob;
use takt_mesh_proto::ids::{Digest, PeerId};
use takt_mesh_proto::node::Record;

const LEDGER: &str = "ledger";
const FACTS: &str = "facts";
const CHUNKS: &str = "chunks";

/// Files in one folder.
#[derive(Debug)]
pub struct FileStore {
    folder: PathBuf,
    ledger: Blocks,
    facts: Blocks,
    loaded: Vec<Record>,
}

/// Facts of which a newer one replaces the older.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Head(PeerId),
    Installed(u64),
    Quarantine(PeerId),
}

fn key(record: &Record) -> Option<Key> {
    Some(match record {
        Record::Head { author, .. } => Key::Head(*author),
        Record::Installed { name, .. } => Key::Installed(*name),
        Record::Quarantine { proof } => Key::Quarantine(proof.author()),
        Record::Entry { .. } | Record::Borrowed { .. } | Record::Lent { .. } | Record::Chunk { .. } => return None,
    })
}

impl FileStore {
    /// Opens a folder, or makes it.
    ///
    /// # Errors
    /// When it cannot be read or written.
    pub fn open(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let (ledger, mut loaded) = Blocks::open(&folder.join(LEDGER))?;
        let (mut facts, all) = Blocks::open(&folder.join(FACTS))?;
        let n_all = all.len();
        let newest: BTreeMap<Key, Record> = all.into_iter().filter_map(|r| Some((key(&r)?, r))).collect();
        if newest.len() < n_all {
            facts.replace(newest.values())?;
        }
        loaded.extend(newest.into_values());
        Ok(Self { folder: folder.to_owned(), ledger, facts, loaded })
    }

    fn chunk_path(&self, model: Digest, index: u32) -> PathBuf {
        self.folder.join(CHUNKS).join(model.to_string()).join(index.to_string())
    }

    fn write_chunk(&self, model: Digest, index: u32, bytes: &Blob) -> io::Result<()> {
        let path = self.chunk_path(model, index);
        let folder = path.parent().expect("a chunk lies in its model's folder");
        fs::create_dir_all(folder)?;
        let new = path.with_extension("new");
        let mut file = File::create(&new)?;
        file.write_all(bytes.bytes())?;
        file.sync_all()?;
        fs::rename(&new, &path)?;
        File::open(folder)?.sync_all()
    }
}

impl Store for FileStore {
    fn load(&mut self) -> io::Result<Vec<Record>> {
        Ok(std::mem::take(&mut self.loaded))
    }

    fn write(&mut self, records: &[Record]) -> io::Result<()> {
        for record in records {
            if let Record::Chunk { model, index, bytes } = record {
                self.write_chunk(*model, *index, bytes)?;
            }
        }
        let chunk = |record: &&Record| matches!(record, Record::Chunk { .. });
        // No record of one file leans on one of the other: the ledger is who owes whom, facts are about others.
        self.ledger.append(records.iter().filter(|r| key(r).is_none() && !chunk(r)))?;
        self.facts.append(records.iter().filter(|r| key(r).is_some()))
    }

    fn chunk(&mut self, model: Digest, index: u32) -> io::Result<Option<Blob>> {
        match fs::read(self.chunk_path(model, index)) {
            Ok(bytes) => Ok(Some(Blob::new(bytes))),
            Err(why) if why.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(why) => Err(why),
        }
    }
}

/// The ledger in a folder, also of a gateway that runs: every entry of the own log and every receipt, in
/// the order in which they were written.
///
/// # Errors
/// When there is none or it cannot be read.
pub fn read_ledger(folder: &Path) -> io::Result<Vec<Record>> {
    blocks::read(&folder.join(LEDGER)).map(|found| found.records)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn installed(name: u64, version: u64) -> Record {
        Record::Installed { name, version, model: Digest::ZERO }
    }

    fn versions(folder: &Path) -> Vec<(u64, u64)> {
        let records = FileStore::open(folder).and_then(|mut store| store.load()).expect("the store opens");
        let version = |record| match record {
            Record::Installed { name, version, .. } => (name, version),
            other => panic!("{other:?}"),
        };
        records.into_iter().map(version).collect()
    }

    #[test]
    fn the_newest_fact_is_kept() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut store = FileStore::open(folder.path()).expect("it opens");
        store.write(&[installed(1, 1), installed(2, 1)]).expect("it writes");
        store.write(&[installed(1, 2)]).expect("it writes");
        assert_eq!(versions(folder.path()), [(1, 2), (2, 1)]);
        assert_eq!(versions(folder.path()), [(1, 2), (2, 1)]);
    }

    #[test]
    fn a_cut_end_loses_the_last_record_only() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut store = FileStore::open(folder.path()).expect("it opens");
        store.write(&[installed(1, 1), installed(2, 1)]).expect("it writes");
        let path = folder.path().join(FACTS);
        let whole = fs::read(&path).expect("it is there");
        let last = blocks::block(&installed(2, 1)).len();
        for n_cut in 1..=last {
            fs::write(&path, &whole[..whole.len() - n_cut]).expect("it writes");
            assert_eq!(versions(folder.path()), [(1, 1)], "{n_cut} bytes cut");
            // It goes on from there.
            let mut store = FileStore::open(folder.path()).expect("it opens");
            store.write(&[installed(3, 1)]).expect("it writes");
            assert_eq!(versions(folder.path()), [(1, 1), (3, 1)]);
        }
        // So does one whose last bytes never reached the disk.
        let mut torn = whole.clone();
        torn[whole.len() - last..].fill(0);
        fs::write(&path, &torn).expect("it writes");
        assert_eq!(versions(folder.path()), [(1, 1)]);
    }

    #[test]
    fn chunks_come_back_as_they_went() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut store = FileStore::open(folder.path()).expect("it opens");
        let bytes = Blob::new(vec![7; 1000]);
        store.write(&[Record::Chunk { model: Digest::ZERO, index: 3, bytes: bytes.clone() }]).expect("it writes");
        assert_eq!(store.chunk(Digest::ZERO, 3).expect("it reads"), Some(bytes));
        assert_eq!(store.chunk(Digest::ZERO, 4).expect("it reads"), None);
    }

    #[test]
    fn a_foreign_file_is_not_overwritten() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join(LEDGER), b"something else").expect("it writes");
        assert!(FileStore::open(folder.path()).is_err());
    }
}
