//! The anchor: a small file beside the database that tells whether the database is the one that ran
//! here last. If it is not – new, replaced or restored – the epoch rises, so that a reader of
//! verdicts never meets an old number for a new window.
//!
//! Each opening and each clean end writes a fresh random session into both. A database that comes
//! from a backup holds another session. What is not seen: a raw copy of the files that was taken
//! and put back within one session that ended by a power cut; `takt backup` makes no such copies.

use std::io;
use std::path::Path;
use takt_plant::WallTime;

/// A random session.
pub type Session = [u8; 16];

const FILE: &str = "takt.anchor";
const PREPARED: &str = "takt.anchor.new";
/// 2020-01-01T00:00:00Z in seconds since 1970.
const BEGIN_SECONDS: i64 = 1_577_836_800;

/// What the anchor says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anchor {
    /// The epoch of the last session.
    pub epoch: u32,
    /// The last session.
    pub session: Vec<u8>,
}

/// Sixteen random bytes, from the hash keys that the standard library draws from the system.
pub fn random() -> Session {
    use std::hash::{BuildHasher, Hasher};
    let draw = || std::collections::hash_map::RandomState::new().build_hasher().finish().to_le_bytes();
    let mut session = Session::default();
    session[..8].copy_from_slice(&draw());
    session[8..].copy_from_slice(&draw());
    session
}

/// Reads the anchor, and the prepared one if the last run ended between [`prepare`] and [`settle`]:
/// whichever of them names the database's session is right. Those that make no sense are left out.
pub fn read(dir: &Path) -> Vec<Anchor> {
    [FILE, PREPARED].iter().filter_map(|name| parse(&std::fs::read_to_string(dir.join(name)).ok()?)).collect()
}

fn parse(text: &str) -> Option<Anchor> {
    let (epoch, session) = text.trim().split_once(' ')?;
    let session = (0..session.len() / 2).map(|i| u8::from_str_radix(session.get(2 * i..2 * i + 2)?, 16).ok());
    Some(Anchor { epoch: epoch.parse().ok()?, session: session.collect::<Option<_>>()? })
}

/// Writes the next anchor beside the one in force. What needs space is done here, before the database
/// changes, so that a full disk cannot leave the two apart.
pub fn prepare(dir: &Path, epoch: u32, session: &[u8]) -> io::Result<()> {
    use std::io::Write as _;
    let hex: String = session.iter().map(|b| format!("{b:02x}")).collect();
    let mut file = std::fs::File::create(dir.join(PREPARED))?;
    writeln!(file, "{epoch} {hex}")?;
    file.sync_all()
}

/// Puts the prepared anchor in force, after the database has its session.
pub fn settle(dir: &Path) -> io::Result<()> {
    std::fs::rename(dir.join(PREPARED), dir.join(FILE))?;
    std::fs::File::open(dir)?.sync_all()
}

/// The epoch of a database that did not run here last: above every known one, and by the clock, so
/// that it is new even where nothing of the old store is left. By the second, because nothing else keeps
/// two starts apart where nothing can be written; 32 bits of them last until 2156.
pub fn next_epoch(known: u32, now: WallTime) -> u32 {
    let seconds = now.as_ns().div_euclid(1_000_000_000) - BEGIN_SECONDS;
    u32::try_from(seconds).unwrap_or(0).max(known.saturating_add(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_anchor_comes_back() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(read(dir.path()), []);
        let (first, second) = (random(), random());
        prepare(dir.path(), 7, &first).unwrap();
        settle(dir.path()).unwrap();
        let first = Anchor { epoch: 7, session: first.to_vec() };
        assert_eq!(read(dir.path()), std::slice::from_ref(&first));
        prepare(dir.path(), 7, &second).unwrap();
        let second = Anchor { epoch: 7, session: second.to_vec() };
        assert_eq!(read(dir.path()), [first, second.clone()], "cut off before it was settled");
        settle(dir.path()).unwrap();
        assert_eq!(read(dir.path()), [second]);
        assert_ne!(random(), random());
    }

    #[test]
    fn a_new_epoch_is_above_the_known_one_and_follows_the_clock() {
        let second = |s: i64| WallTime::from_ns((BEGIN_SECONDS + s) * 1_000_000_000);
        assert_eq!(next_epoch(0, second(500)), 500);
        assert_eq!(next_epoch(900, second(500)), 901);
        assert_eq!(next_epoch(0, WallTime::from_ns(0)), 1, "a box without a clock");
    }
}
