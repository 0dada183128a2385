//! From scores to a verdict: limits, decisions over several windows, and the tags that stood out.
//!
//! [`judge`] is memoryless and serves frames, counts and parts. [`Judge`] adds the decision over
//! several time windows. [`unjudgeable`] says which windows no model may see, and [`contributions`]
//! turns a model's raw contributions into the shares that a verdict names (B34).

mod contribution;
mod limit;
mod steady;

pub use contribution::contributions;
pub use limit::{Limit, Rule, RuleError, judge};
pub use steady::{Judge, JudgeMemory, Steady, SteadyError};

use crate::windower::{HoleWhy, Window};
use takt_plant::{Closing, Inconclusive};

/// Why a window goes to no model, or `None` when it may.
///
/// `inputs` names the inputs in the model's order. A window that its segment's end cut short says so
/// first: whatever else it lacks, that is the cause.
pub fn unjudgeable<S: AsRef<str>>(window: &Window, inputs: &[S]) -> Option<Inconclusive> {
    if window.closing == Closing::Segment {
        return Some(Inconclusive::Segment);
    }
    let hole = window.hole.as_ref()?;
    let name =
        inputs.get(hole.input as usize).map_or_else(|| format!("input {}", hole.input), |s| s.as_ref().to_owned());
    Some(match &hole.why {
        HoleWhy::NoSample => Inconclusive::MissingData { input: name },
        HoleWhy::Bad(fault) => Inconclusive::BadReading { input: name, why: fault.to_string() },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::windower::Hole;
    use takt_plant::{Fault, MonoTime, WallTime, WindowKey};

    fn check(closing: Closing, hole: Option<(u32, HoleWhy)>, expected: Option<Inconclusive>) {
        let at = WallTime::from_ns(0);
        let window = Window {
            key: WindowKey { from: at, to: at, n: 1, part: None },
            segment: 0,
            closing,
            arrived: MonoTime::from_ns(0),
            recipe: None,
            columns: vec![vec![f64::NAN]],
            hole: hole.map(|(input, why)| Hole { input, why }),
        };
        assert_eq!(unjudgeable(&window, &["force", "vibration"]), expected);
    }

    #[test]
    fn a_hole_names_its_input_and_reason() {
        check(Closing::Sample, None, None);
        check(
            Closing::Silence,
            Some((1, HoleWhy::NoSample)),
            Some(Inconclusive::MissingData { input: "vibration".into() }),
        );
        check(
            Closing::Sample,
            Some((0, HoleWhy::Bad(Fault::Text("Scan Timeout".into())))),
            Some(Inconclusive::BadReading { input: "force".into(), why: "the source says 'Scan Timeout'".into() }),
        );
        check(
            Closing::Sample,
            Some((7, HoleWhy::NoSample)),
            Some(Inconclusive::MissingData { input: "input 7".into() }),
        );
    }

    #[test]
    fn a_window_cut_by_its_segment_says_so() {
        check(Closing::Segment, None, Some(Inconclusive::Segment));
        check(Closing::Segment, Some((0, HoleWhy::NoSample)), Some(Inconclusive::Segment));
    }
}
