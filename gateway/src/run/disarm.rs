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
use crate::pipeline::order::ArmOrder;
use crate::store::StoreError;
use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The flags of armed outputs.
#[derive(Debug, Clone)]
pub(crate) struct Flags {
    dir: PathBuf,
}

/// Disarms that are not through.
#[derive(Debug, Default)]
pub(crate) struct Disarms {
    /// Outputs in dry run that a restart would arm, as `line/check/output`. Held by whoever changes what a
    /// restart arms; who holds the cells does not wait for it.
    pub(super) unkept: tokio::sync::Mutex<BTreeSet<String>>,
    /// What was ordered and is still among the armed outputs that cells start with: they are locked for as
    /// long as documents come into force.
    under_way: Mutex<Vec<ArmOrder>>,
}

/// A disarm that is under way, until this is dropped.
pub(super) struct UnderWay<'a> {
    disarms: &'a Disarms,
    order: ArmOrder,
}

impl Disarms {
    /// From here on no cell starts with the output armed.
    pub(super) fn begin(&self, order: &ArmOrder) -> UnderWay<'_> {
        self.under_way().push(order.clone());
        UnderWay { disarms: self, order: order.clone() }
    }

    /// Whether somebody disarms this output at the moment.
    pub(super) fn is_under_way(&self, order: &ArmOrder) -> bool {
        self.under_way().iter().any(|disarm| is_same_output(disarm, order))
    }

    /// The disarms under way of any of these outputs.
    pub(super) fn among(&self, armed: &[ArmOrder]) -> Vec<ArmOrder> {
        let hits = |disarm: &&ArmOrder| armed.iter().any(|order| is_same_output(disarm, order));
        self.under_way().iter().filter(hits).cloned().collect()
    }

    fn under_way(&self) -> MutexGuard<'_, Vec<ArmOrder>> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        let mut all = self.disarms.under_way();
        // One only: somebody else may disarm the same output.
        if let Some(at) = all.iter().position(|disarm| is_same_output(disarm, &self.order)) {
            all.swap_remove(at);
        }
    }
}

/// Whether two orders are about one output.
pub(super) fn is_same_output(a: &ArmOrder, b: &ArmOrder) -> bool {
    a.line == b.line && a.check == b.check && a.output == b.output
}

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

    /// Without an error there is none, also after a power cut. Tells whether there was one.
    fn lower(&self, output: &str) -> io::Result<bool> {
        let gone = |result: io::Result<()>| match result {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        };
        let was_up = gone(std::fs::remove_file(self.path(output)))?;
        gone(File::open(&self.dir).and_then(|dir| dir.sync_all()))?;
        Ok(was_up)
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
    /// Tells whether a restart might have armed the output.
    ///
    /// # Errors
    /// Why a restart would arm the output again.
    pub(super) async fn keep_disarm(&self, output: &str) -> Result<bool, String> {
        let mut unkept = self.disarms.unkept.lock().await;
        self.keep_disarm_in(&mut unkept, output).await
    }

    /// The same for whoever holds what is not kept.
    pub(super) async fn keep_disarm_in(&self, unkept: &mut BTreeSet<String>, output: &str) -> Result<bool, String> {
        let kept = self.forget_arming(output).await;
        match kept {
            Ok(_) => unkept.remove(output),
            Err(_) => unkept.insert(output.to_owned()),
        };
        self.show_unkept(output, kept.as_ref().err());
        kept
    }

    /// Tries again what could not be kept.
    pub(super) async fn keep_disarms(&self) {
        let mut unkept = self.disarms.unkept.lock().await;
        for output in unkept.clone() {
            let kept = self.forget_arming(&output).await;
            if kept.is_ok() {
                tracing::info!(output, "that the output is in dry run is kept now");
                unkept.remove(&output);
            }
            self.show_unkept(&output, kept.as_ref().err());
        }
    }

    async fn forget_arming(&self, output: &str) -> Result<bool, String> {
        let (flags, name) = (self.flags.clone(), output.to_owned());
        let lowered = tokio::task::spawn_blocking(move || flags.lower(&name)).await.map_err(io::Error::other);
        let lowered = lowered.and_then(|done| done);
        let forgotten = self.store.disarm(output).await;
        match (lowered, forgotten) {
            (Err(flag), Err(record)) => Err(why(&flag, &record)),
            // One of the two is enough; a record without its flag arms nothing.
            (lowered, forgotten) => Ok(lowered.unwrap_or(false) || forgotten.unwrap_or(false)),
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

    fn order(output: &str) -> ArmOrder {
        let (line, check, output) = ("a".parse().unwrap(), "b".parse().unwrap(), output.parse().unwrap());
        ArmOrder { line, check, output, arm: false, by: "anna".into(), at: takt_plant::WallTime::from_ns(0) }
    }

    #[test]
    fn a_disarm_is_under_way_until_the_last_of_an_output_is_through() {
        let disarms = Disarms::default();
        let [c, d] = ["c", "d"].map(order);
        let armed = [c.clone(), d.clone()];
        let (first, second) = (disarms.begin(&c), disarms.begin(&c));
        assert!(disarms.is_under_way(&c) && !disarms.is_under_way(&d));
        assert!(disarms.among(&armed).iter().all(|disarm| is_same_output(disarm, &c) && !disarm.arm));
        drop(first);
        assert!(disarms.is_under_way(&c), "somebody else's goes on");
        assert_eq!(disarms.among(&armed).len(), 1);
        drop(second);
        assert!(!disarms.is_under_way(&c) && disarms.among(&armed).is_empty());
    }

    #[test]
    fn a_flag_goes_up_and_down_and_is_one_outputs_alone() {
        let dir = tempfile::tempdir().unwrap();
        let flags = Flags::of(dir.path());
        assert!(!flags.lower("a/b/c").expect("there is none, not even a folder"));
        for output in ["a.b/c/d", "a/b.c/d"] {
            assert!(!flags.is_up(output));
            flags.raise(output).unwrap();
            flags.raise(output).expect("again");
            assert!(flags.is_up(output));
        }
        assert!(flags.lower("a.b/c/d").unwrap(), "it was up");
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
