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
//! A record is in doubt only for the one verdict that may be its repetition: each stands for one, and
//! none for a verdict far above every number that was sent. Otherwise a trigger that only
//! knows "on", or a part number that comes round again, would silence an output for good.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
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
    file: File,
    /// Number and identity of what was sent after the last commit.
    in_doubt: Vec<(u64, Identity)>,
}

impl IntentLog {
    /// Opens the log of one output and keeps in mind what was sent after `committed`, the last
    /// sequence number that the store knows.
    pub fn open(path: &Path, committed: u64) -> io::Result<Self> {
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        let mut bytes = vec![0; usize::try_from(RING * RECORD_BYTES).expect("the ring is small")];
        let mut n_read = 0;
        while n_read < bytes.len() {
            match file.read_at(&mut bytes[n_read..], n_read as u64)? {
                0 => break,
                n => n_read += n,
            }
        }
        let records = bytes[..n_read].chunks_exact(32).filter_map(decode);
        let in_doubt = records.filter(|(seq, _)| *seq > committed).collect();
        Ok(Self { file, in_doubt })
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

    /// Puts the intent down. Only after this may the write be sent.
    pub fn put(&mut self, seq: u64, identity: Identity) -> io::Result<()> {
        self.file.write_all_at(&encode(seq, identity), (seq % RING) * RECORD_BYTES)
    }
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
        let mut log = IntentLog::open(&path, 0).expect("opens");
        for seq in 1..=300 {
            log.put(seq, identity(&window(Some(i64::try_from(seq).expect("small")), 5))).expect("writes");
        }
        let mut log = IntentLog::open(&path, 298).expect("opens again");
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
        let mut log = IntentLog::open(&path, 0).expect("opens");
        for seq in [5, 6, 7] {
            log.put(seq, same).expect("writes");
        }
        let mut log = IntentLog::open(&path, 5).expect("opens again");
        let sent: Vec<bool> = [6, 7, 7, 8].iter().map(|seq| log.was_sent(*seq, &same)).collect();
        assert_eq!(sent, [true, true, false, false], "two were in doubt, and a third part has the same number");
        let mut log = IntentLog::open(&path, 5).expect("opens again");
        assert!(!log.was_sent(8 + PLACES, &same), "a number far above what was sent repeats nothing");
        assert_eq!(log.n_in_doubt(), 0);
    }

    #[test]
    fn a_torn_record_is_no_intent() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("reject.intent");
        let mut log = IntentLog::open(&path, 0).expect("opens");
        log.put(1, identity(&window(None, 5))).expect("writes");
        log.file.write_all_at(&[7], 64 + 3).expect("a torn second record");
        let mut log = IntentLog::open(&path, 0).expect("opens again");
        assert_eq!(log.n_in_doubt(), 1);
        assert!(!log.was_sent(1, &identity(&window(None, 6))));
        assert!(log.was_sent(1, &identity(&window(None, 5))));
    }
}
