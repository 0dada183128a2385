//! Disarming for good: what makes an output stay in dry run when the program is killed right after.
//!
//! Whoever disarms an output must be able to rely on it, on a full disk too. A full disk takes no row of
//! the store away, but it lets go of a file: taking a name away needs no room. So for each armed output an
//! empty file, its flag, lies beside the store, and an arming outlives a restart only where record and flag
//! are both there; a disarm is kept as soon as one of them is gone. Arming needs both to be written first.
//!
//! A disk that is read-only lets go of neither. Then the disarm holds until the restart and no longer: the
//! answer says so, an alarm shows it, and it is tried again until it is kept.

use super::Shared;
use crate::loader::sentence;
use crate::store::StoreError;
use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The flags of armed outputs.
#[derive(Debug, Clone)]
pub(crate) struct Flags {
    dir: PathBuf,
}

/// Outputs in dry run that a restart would arm, as `line/check/output`.
pub(crate) type Unkept = tokio::sync::Mutex<BTreeSet<String>>;

impl Flags {
    /// Those of a gateway.
    pub(crate) fn of(data_dir: &Path) -> Self {
        Self { dir: data_dir.join("armed") }
    }

    /// Whether an output has its flag. What cannot be seen is not there.
    pub(crate) fn is_up(&self, output: &str) -> bool {
        self.path(output).is_file()
    }

    fn raise(&self, output: &str) -> io::Result<()> {
        std::fs::create_dir_all(&self.dir)?;
        File::create(self.path(output))?.sync_all()?;
        File::open(&self.dir)?.sync_all()
    }

    /// Without an error there is none, also after a power cut.
    fn lower(&self, output: &str) -> io::Result<()> {
        let gone = |result: io::Result<()>| match result {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            other => other,
        };
        gone(std::fs::remove_file(self.path(output)))?;
        gone(File::open(&self.dir).and_then(|dir| dir.sync_all()))
    }

    /// A name has no `+`, so no two outputs share a file.
    fn path(&self, output: &str) -> PathBuf {
        self.dir.join(output.replace('/', "+"))
    }
}

impl Shared {
    /// Puts the flag of an output up, after its record was kept.
    pub(super) async fn raise_flag(&self, output: &str) -> io::Result<()> {
        let (flags, output) = (self.flags.clone(), output.to_owned());
        tokio::task::spawn_blocking(move || flags.raise(&output)).await.map_err(io::Error::other)?
    }

    /// Makes a disarm outlive the process. What cannot be done now is tried again by [`Self::keep_disarms`].
    ///
    /// # Errors
    /// Why a restart would arm the output again.
    pub(super) async fn keep_disarm(&self, output: &str) -> Result<(), String> {
        let mut unkept = self.unkept.lock().await;
        let kept = self.forget_arming(output).await;
        match kept {
            Ok(()) => unkept.remove(output),
            Err(_) => unkept.insert(output.to_owned()),
        };
        self.show_unkept(output, kept.as_ref().err());
        kept
    }

    /// Tries again what could not be kept.
    pub(super) async fn keep_disarms(&self) {
        let mut unkept = self.unkept.lock().await;
        for output in unkept.clone() {
            let kept = self.forget_arming(&output).await;
            if kept.is_ok() {
                tracing::info!(output, "that the output is in dry run is kept now");
                unkept.remove(&output);
            }
            self.show_unkept(&output, kept.as_ref().err());
        }
    }

    async fn forget_arming(&self, output: &str) -> Result<(), String> {
        let (flags, name) = (self.flags.clone(), output.to_owned());
        let lowered = tokio::task::spawn_blocking(move || flags.lower(&name)).await.map_err(io::Error::other);
        let lowered = lowered.and_then(|done| done);
        let forgotten = self.store.disarm(output).await;
        match (lowered, forgotten) {
            (Err(flag), Err(record)) => Err(why(&flag, &record)),
            // One of the two is enough; a record without its flag arms nothing.
            _ => Ok(()),
        }
    }

    pub(super) fn show_unkept(&self, output: &str, why: Option<&String>) {
        let mut names = output.splitn(3, '/');
        let [Some(line), Some(check), Some(output)] = [names.next(), names.next(), names.next()] else { return };
        let line = self.board.lines().into_iter().find(|shown| shown.plan().id.as_str() == line);
        let check = line.and_then(|line| line.checks().into_iter().find(|shown| shown.plan().id.as_str() == check));
        let gauge = check
            .and_then(|check| check.outputs().iter().find(|shown| shown.plan().id.as_str() == output).map(Arc::clone));
        if let Some(gauge) = gauge {
            gauge.disarm_unkept(why.cloned());
        }
    }
}

fn why(flag: &io::Error, record: &StoreError) -> String {
    format!("its flag cannot be taken away ({flag}), and its record neither ({})", sentence(record))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_goes_up_and_down_and_is_one_outputs_alone() {
        let dir = tempfile::tempdir().unwrap();
        let flags = Flags::of(dir.path());
        flags.lower("a/b/c").expect("there is none, not even a folder");
        for output in ["a.b/c/d", "a/b.c/d"] {
            assert!(!flags.is_up(output));
            flags.raise(output).unwrap();
            flags.raise(output).expect("again");
            assert!(flags.is_up(output));
        }
        flags.lower("a.b/c/d").unwrap();
        assert!(!flags.is_up("a.b/c/d") && flags.is_up("a/b.c/d"));
    }

    #[test]
    fn what_cannot_be_taken_away_is_said_and_is_no_flag() {
        let dir = tempfile::tempdir().unwrap();
        let flags = Flags::of(dir.path());
        std::fs::create_dir_all(dir.path().join("armed/a+b+c/full")).unwrap();
        assert!(flags.lower("a/b/c").is_err());
        assert!(!flags.is_up("a/b/c"));
    }
}
