//! The intent log: which verdicts were written to a PLC, known before the write is sent.
//!
//! After a crash, the verdicts since the last commit are judged again. A PLC write is never
//! repeated unless it is marked safe (B14, B23), so before a write is sent its intent is put here:
//! one `pwrite` of 32 bytes, which survives `kill -9`. (A power cut can lose the last ones; after
//! one the PLC gets the fail-safe value first in any case.)
//!
//! The file is a ring of [`RING`] records per output: sequence number (8 bytes, little-endian),
//! identity (16 bytes), check (8 bytes: the first of BLAKE3 over the others). Torn records fail the
//! check and are ignored. The identity is the part number where there is one, else the window: when
//! a PLC moved on while the gateway was away, the new part must be written under the old number.
//!
//! The ring has its full size from the beginning, so that a full disk does not keep an intent away.
//! Where one cannot be put down all the same (no file could be made, the disk is dying), the write goes
//! out without it, and that is shown. A PLC that gets no answers stops its line, or lets parts pass, for
//! as long as the disk is ill; a write without intent is repeated only if the program is also killed
//! before the store knows its verdict, and the message came from a connection that holds, so that it
//! comes again. Even then the fail-safe value goes first, and what follows is a verdict on the same
//! part. The first harm is certain, the second is rare and small.
//!
//! A record is in doubt only for the one verdict that may be its repetition: each stands for one, and
//! none for a verdict far above every number that was sent. Otherwise a trigger that only
//! knows "on", or a part number that comes round again, would silence an output for good.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use takt_plant::WindowKey;

/// Records kept per output: more than any output can write between two commits.
pub const RING: u64 = 256;
const RECORD_BYTES: u64 = 32;
/// Places by which a verdict may come later when it is judged again: windows of a model on the
/// executor are given as they come back, and at most four are with it.
const PLACES: u64 = 8;

/// What a write was about.
pub type Identity = [u8; 16];

/// The identity of a window's verdict.
pub fn identity(window: &WindowKey) -> Identity {
    let mut hash = blake3::Hasher::new();
    match &window.part {
        Some(part) => {
            hash.update(b"part");
            hash.update(part.to_string().as_bytes());
        }
        None => {
            hash.update(b"window");
            hash.update(&window.from.as_ns().to_le_bytes());
            hash.update(&window.to.as_ns().to_le_bytes());
            hash.update(&window.n.to_le_bytes());
        }
    }
    first(hash.finalize())
}

/// The identity of the verdict on a part of a handshake.
pub fn of_part(number: i64) -> Identity {
    let mut hash = blake3::Hasher::new();
    hash.update(b"handshake");
    hash.update(&number.to_le_bytes());
    first(hash.finalize())
}

fn first<const N: usize>(hash: blake3::Hash) -> [u8; N] {
    let mut bytes = [0; N];
    bytes.copy_from_slice(&hash.as_bytes()[..N]);
    bytes
}

/// The log of one output.
#[derive(Debug)]
pub struct IntentLog {
    path: PathBuf,
    /// `None`: it could not be opened; each put tries again.
    file: Option<File>,
    /// Number and identity of what was sent after the last commit.
    in_doubt: Vec<(u64, Identity)>,
}

impl IntentLog {
    /// Opens the log of one output and keeps in mind what was sent after `committed`, the last
    /// sequence number that the store knows. A log that cannot be opened begins empty.
    pub fn open(path: &Path, committed: u64) -> Self {
        let (file, records) = match ring(path) {
            Ok((file, records)) => (Some(file), records),
            Err(error) => {
                tracing::error!(path = %path.display(), %error, "the intent log cannot be opened; writes go out without it");
                (None, Vec::new())
            }
        };
        let in_doubt = records.into_iter().filter(|(seq, _)| *seq > committed).collect();
        Self { path: path.to_path_buf(), file, in_doubt }
    }

    /// Whether this verdict was written before the crash. Its record then stands for it, and for no
    /// other.
    pub fn was_sent(&mut self, seq: u64, identity: &Identity) -> bool {
        if self.in_doubt.iter().all(|(sent, _)| sent.saturating_add(PLACES) < seq) {
            self.in_doubt.clear();
        }
        let found = self.in_doubt.iter().position(|(_, sent)| sent == identity);
        found.map(|i| self.in_doubt.remove(i)).is_some()
    }

    /// How many writes before the crash the store does not know of.
    pub fn n_in_doubt(&self) -> usize {
        self.in_doubt.len()
    }

    /// Puts the intent down, before the write is sent.
    ///
    /// # Errors
    /// When it cannot be kept; the write then goes out without it.
    pub fn put(&mut self, seq: u64, identity: Identity) -> io::Result<()> {
        let file = match self.file.take() {
            Some(file) => file,
            None => ring(&self.path)?.0,
        };
        let file = self.file.insert(file);
        file.write_all_at(&encode(seq, identity), (seq % RING) * RECORD_BYTES)
    }
}

/// Opens a ring, makes it as long as it will ever be, and reads its records.
fn ring(path: &Path) -> io::Result<(File, Vec<(u64, Identity)>)> {
    let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
    let mut bytes = vec![0; usize::try_from(RING * RECORD_BYTES).expect("the ring is small")];
    let mut n_read = 0;
    while n_read < bytes.len() {
        match file.read_at(&mut bytes[n_read..], n_read as u64)? {
            0 => break,
            n => n_read += n,
        }
    }
    if n_read < bytes.len() {
        // Real blocks, not a hole: later puts then only write over what is there. Where there is no room
        // for them now, the puts say so.
        let grown = file.write_all_at(&bytes[n_read..], n_read as u64).and_then(|()| file.sync_all());
        if let Err(error) = grown {
            tracing::warn!(path = %path.display(), %error, "no room for the whole intent log");
        }
    }
    Ok((file, bytes[..n_read].chunks_exact(32).filter_map(decode).collect()))
}

fn encode(seq: u64, identity: Identity) -> [u8; 32] {
    let mut record = [0; 32];
    record[..8].copy_from_slice(&seq.to_le_bytes());
    record[8..24].copy_from_slice(&identity);
    let check: [u8; 8] = first(blake3::hash(&record[..24]));
    record[24..].copy_from_slice(&check);
    record
}

fn decode(record: &[u8]) -> Option<(u64, Identity)> {
    let check: [u8; 8] = first(blake3::hash(&record[..24]));
    if record[24..] != check {
        return None;
    }
    let seq = u64::from_le_bytes(record[..8].try_into().ok()?);
    Some((seq, record[8..24].try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use takt_plant::{Value, WallTime};

    fn window(part: Option<i64>, to_ns: i64) -> WindowKey {
        let at = WallTime::from_ns;
        WindowKey { from: at(0), to: at(to_ns), n: 1, part: part.map(Value::Integer) }
    }

    #[test]
    fn only_what_the_store_does_not_know_is_in_doubt() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("reject.intent");
        let mut log = IntentLog::open(&path, 0);
        for seq in 1..=300 {
            log.put(seq, identity(&window(Some(i64::try_from(seq).expect("small")), 5))).expect("writes");
        }
        let mut log = IntentLog::open(&path, 298);
        assert_eq!(log.n_in_doubt(), 2);
        for (seq, part, sent) in [(299, 298, false), (299, 299, true), (300, 301, false), (300, 300, true)] {
            assert_eq!(log.was_sent(seq, &identity(&window(Some(part), 9))), sent, "part {part}");
        }
    }

    #[test]
    fn a_record_stands_for_one_verdict_and_not_for_ever() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("reject.intent");
        let same = identity(&window(Some(1), 5));
        let mut log = IntentLog::open(&path, 0);
        for seq in [5, 6, 7] {
            log.put(seq, same).expect("writes");
        }
        let mut log = IntentLog::open(&path, 5);
        let sent: Vec<bool> = [6, 7, 7, 8].iter().map(|seq| log.was_sent(*seq, &same)).collect();
        assert_eq!(sent, [true, true, false, false], "two were in doubt, and a third part has the same number");
        let mut log = IntentLog::open(&path, 5);
        assert!(!log.was_sent(8 + PLACES, &same), "a number far above what was sent repeats nothing");
        assert_eq!(log.n_in_doubt(), 0);
    }

    #[test]
    fn a_torn_record_is_no_intent() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("reject.intent");
        let mut log = IntentLog::open(&path, 0);
        log.put(1, identity(&window(None, 5))).expect("writes");
        log.file.as_ref().expect("it is open").write_all_at(&[7], 64 + 3).expect("a torn second record");
        let mut log = IntentLog::open(&path, 0);
        assert_eq!(log.n_in_doubt(), 1);
        assert!(!log.was_sent(1, &identity(&window(None, 6))));
        assert!(log.was_sent(1, &identity(&window(None, 5))));
    }

    #[test]
    fn a_ring_has_its_full_size_at_once_and_one_that_cannot_be_made_is_made_later() {
        let dir = tempfile::tempdir().expect("a folder");
        let folder = dir.path().join("later");
        let path = folder.join("reject.intent");
        let mut log = IntentLog::open(&path, 0);
        assert!(log.put(1, identity(&window(None, 5))).is_err(), "there is no folder");
        std::fs::create_dir(&folder).expect("a folder");
        log.put(2, identity(&window(None, 6))).expect("writes");
        assert_eq!(std::fs::metadata(&path).expect("it is there").len(), RING * RECORD_BYTES);
        let mut log = IntentLog::open(&path, 0);
        assert_eq!(log.n_in_doubt(), 1, "zeros are no records");
        assert!(log.was_sent(2, &identity(&window(None, 6))));
    }
}
