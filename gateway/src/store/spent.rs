//! The spent epoch: the one whose numbers went out although they could not be kept.
//!
//! A verdict goes out before it is durable, and while the store cannot be written it goes out all the same.
//! After a kill its number would be given again, to another window, and a reader would take the second for
//! a repetition of the first. So the next start must begin a new epoch, and must learn that although no
//! byte can be written: a file that was made while there was room is renamed, which needs none, and its
//! name says which epoch is spent. It counts for the epoch in its name only: a later one is not spent.
//!
//! What is not seen: a disk that became read-only and was mended before the next start, because then not
//! even a name can be changed.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

const PREFIX: &str = "takt.spent.";
/// No epoch is spent. Names have one length, so that a rename needs no more room in the folder.
const NONE: u32 = 0;

/// The spent epoch, 0 for none.
pub fn read(dir: &Path) -> u32 {
    files(dir).unwrap_or_default().iter().map(|(epoch, _)| *epoch).max().unwrap_or(NONE)
}

/// Makes the file that is renamed later, while there is room.
pub fn prepare(dir: &Path) -> io::Result<()> {
    if files(dir)?.is_empty() { put(dir, NONE) } else { Ok(()) }
}

/// Says that numbers of this epoch go out and are not kept.
pub fn spend(dir: &Path, epoch: u32) -> io::Result<()> {
    put(dir, epoch)
}

/// Every number that went out is kept after all.
pub fn redeem(dir: &Path) -> io::Result<()> {
    put(dir, NONE)
}

fn put(dir: &Path, epoch: u32) -> io::Result<()> {
    let to = dir.join(format!("{PREFIX}{epoch:010}"));
    match files(dir)?.into_iter().next_back() {
        Some((_, from)) => std::fs::rename(from, to)?,
        None => drop(File::create(to)?),
    }
    File::open(dir)?.sync_all()
}

/// The files with the epochs in their names, smallest first. There is one, unless somebody copied it.
fn files(dir: &Path) -> io::Result<Vec<(u32, PathBuf)>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        let name = entry.file_name();
        let epoch = name.to_str().and_then(|name| name.strip_prefix(PREFIX)?.parse().ok());
        found.extend(epoch.map(|epoch| (epoch, entry.path())));
    }
    found.sort_unstable();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_file_says_which_epoch_is_spent() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(read(dir.path()), NONE);
        prepare(dir.path()).unwrap();
        prepare(dir.path()).unwrap();
        assert_eq!(read(dir.path()), NONE);
        for epoch in [7, 7, u32::MAX] {
            spend(dir.path(), epoch).unwrap();
            prepare(dir.path()).unwrap();
            assert_eq!(read(dir.path()), epoch, "and making it ready again takes nothing back");
        }
        redeem(dir.path()).unwrap();
        assert_eq!((read(dir.path()), files(dir.path()).unwrap().len()), (NONE, 1));
    }
}
