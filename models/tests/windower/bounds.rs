//! What holds when memory is short or the journal is not whole.

use crate::script::{Step, options};
use crate::{drain, text};
use takt_models::windower::{Fate, Windower, WindowerOptions};
use takt_plant::{DropReason, WindowSpec};

/// Whatever comes, the books close, judging everything leaves only open windows waiting, and no
/// more frames wait than the ring may hold (and one suspect).
pub fn check_bound(options: WindowerOptions, script: &[Step]) {
    let n_waiting_max = options.n_samples_max as u64 + 1;
    let mut windower = Windower::new(options).unwrap();
    for step in script {
        match step {
            Step::Frame(frame, context) => windower.push(frame, *context),
            Step::Poll(now) => windower.poll(*now),
        }
        for window in drain(&mut windower) {
            assert!(windower.judged(&window.key, Fate::Judged));
        }
        assert!(windower.books().close());
        assert!(windower.books().waiting <= n_waiting_max, "{:?}", windower.books());
    }
}

/// Without the journal's frames a restart drops what was open, counts it, and goes on.
pub fn check_lost_journal(spec: WindowSpec, (lateness, silence): (u64, u64), script: &[Step]) {
    let options = options(spec, lateness, silence);
    let mut windower = Windower::new(options.clone()).unwrap();
    for step in script {
        let Step::Frame(frame, context) = step else { continue };
        windower.push(frame, *context);
        for window in drain(&mut windower) {
            windower.judged(&window.key, Fate::Judged);
        }
        let before = windower.books();
        let mut other = Windower::restore(options.clone(), windower.snapshot(), std::iter::empty()).unwrap();
        let after = other.books();
        assert!(after.close());
        assert_eq!(after.waiting, 0);
        assert_eq!(after.dropped(DropReason::Restart), before.dropped(DropReason::Restart) + before.waiting);
        other.push(frame, *context);
        let windows = drain(&mut other);
        assert!(other.books().close(), "{:?}", text(&windows));
    }
}
