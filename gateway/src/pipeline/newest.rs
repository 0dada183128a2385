//! The newest part whose verdict was written.
//!
//! Windows on the executor come back in any order, and one that needs no model goes past them. A pass must not
//! take the place of what was said of a part that came after. A reject may: it stops a part too many at worst.

use takt_models::windower::Window;
use takt_plant::{MonoTime, WallTime};

/// Where a window stands in the order of parts: when it closed, and, as one read of a socket brings several, up
/// to where it reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place(MonoTime, WallTime);

impl Place {
    /// A window's.
    pub fn of(window: &Window) -> Self {
        Self(window.arrived, window.key.to)
    }
}

/// The newest place that was written.
#[derive(Debug, Default)]
pub struct Newest(Option<Place>);

impl Newest {
    /// Takes the next verdict that is to be written; tells whether a newer part went before it.
    pub fn is_overtaken(&mut self, this: Place) -> bool {
        let is_overtaken = self.0.is_some_and(|newest| this < newest);
        self.0 = self.0.max(Some(this));
        is_overtaken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(arrived: u64, to: i64) -> Place {
        Place(MonoTime::from_ns(arrived), WallTime::from_ns(to))
    }

    #[test]
    fn the_order_of_parts_is_that_of_their_arrival_and_within_one_read_that_of_their_ends() {
        let mut newest = Newest::default();
        // (arrived, up to, overtaken)
        for (arrived, to, expected) in [
            (10, 100, false),
            (10, 101, false),
            (10, 100, true),
            (10, 101, false),
            (30, 90, false),
            (20, 500, true),
            (30, 91, false),
        ] {
            assert_eq!(newest.is_overtaken(place(arrived, to)), expected, "{arrived} {to}");
        }
    }
}
