//! Windows in source time, pure: frames in, closed windows out. No clock, no IO.
//!
//! **How to drive it.** Inputs: [`Windower::push`] for every frame of the line, in order of arrival,
//! with the line's [`Context`] at that moment; [`Windower::poll`] when [`Windower::next_wake`] says
//! so. After either, call [`Windower::take`] until it gives nothing, have each window judged, and
//! tell what became of it by [`Windower::judged`]; [`Windower::recycle`] gives its memory back.
//! [`Windower::books`] closes after every call (B35).
//!
//! **Where to look.** `order` decides what is in order, late, or a clock set back; `ring` keeps the
//! samples; `count`, `time` and `trigger` are the closing rules; `outlet` holds the closed windows
//! and the books; `snapshot` carries a windower over a restart (B27).
//!
//! **Segments.** A segment is one run of production with one recipe and one source clock; no window
//! spans two. It ends when production stops, the recipe changes, a clock is set back beyond the
//! lateness, or a gap exceeds what time windows can span ([`GAP_WINDOWS_MAX`]). For a press line that means: when the
//! mode tag leaves production, samples still in the merge buffer are put in order first, because
//! nothing older can come that belongs to them, and every window that they complete closes as usual.
//! What then stays open is treated by what it owes. A **trigger** window is a part, and a part is owed
//! an answer: it closes as [`takt_plant::Closing::Segment`] and is inconclusive. A **count** or
//! **time** window is owed to nobody: its frames are counted as abandoned, so that idling and
//! stopping never look like a fault. Idle frames are counted as not in production, whether late or not.
//! Stragglers of the old segment that arrive after its end are late.
//!
//! **Frame windows** ask about single frames, so none of this applies: every frame in production gets
//! its window in order of arrival, with repeated and backward stamps alike.

mod count;
mod machine;
mod options;
mod order;
mod outlet;
mod reading_plan;
mod resample;
mod ring;
mod rule;
mod snapshot;
mod time;
mod trigger;
mod value_kept;
pub mod window;

pub use machine::{Tally, Windower};
pub use options::{Context, Fate, HOPS_MAX, OptionsError, WindowerOptions};
pub use snapshot::Snapshot;
pub use time::GAP_WINDOWS_MAX;
pub use window::{Hole, HoleWhy, Window};
