//! Count windows: `size` frames, a new one every `hop` frames.
//!
//! The phase begins anew with every segment, so a window never spans a pause in production, a
//! recipe change or a clock that was set back. With `hop` above `size` the frames in between belong
//! to no window and are counted as outside.

use super::outlet::Outlet;
use super::reading_plan::index;
use super::ring::Ring;
use super::window::Hole;
use takt_plant::{DropReason, WallTime, WindowKey};

#[derive(Debug)]
pub(super) struct CountRule {
    size: usize,
    hop: usize,
    /// Frames still to pass before the next window begins.
    pub n_skip: usize,
}

impl CountRule {
    pub fn new(size: u32, hop: u32) -> Self {
        Self { size: size as usize, hop: hop as usize, n_skip: 0 }
    }

    /// The next pending row was released.
    pub fn released(&mut self, ring: &mut Ring, outlet: &mut Outlet) {
        if self.n_skip > 0 {
            self.n_skip -= 1;
            let n_outside = ring.forget(1);
            outlet.drop_for(DropReason::OutsideWindow, n_outside);
        } else if ring.n_released() == self.size {
            self.close(ring, outlet);
        }
    }

    /// Whether releasing the pending rows would close a window.
    pub fn would_close(&self, ring: &Ring) -> bool {
        ring.len() >= self.size + self.n_skip
    }

    /// The segment ended.
    pub fn restart(&mut self) {
        self.n_skip = 0;
    }

    fn close(&mut self, ring: &mut Ring, outlet: &mut Outlet) {
        let mut window = outlet.blank(ring.n_inputs());
        let mut hole = None;
        for (input, out) in window.columns.iter_mut().enumerate() {
            copy_first(ring.column(input), self.size, out);
            if hole.is_none()
                && let Some(i) = out.iter().position(|v| v.is_nan())
            {
                hole = Some(Hole { input: index(input), why: ring.cell(i, input).why() });
            }
        }
        let [from, to] = [ring.row(0).at, ring.row(self.size - 1).at].map(WallTime::from_ns);
        let n_first = ring.settle_to(self.size);
        outlet.close(window, WindowKey { from, to, n: index(self.size), part: None }, hole, n_first);
        ring.forget(self.hop.min(self.size));
        self.n_skip = self.hop.saturating_sub(self.size);
    }
}

fn copy_first((front, back): (&[f64], &[f64]), n: usize, out: &mut Vec<f64>) {
    let n_front = n.min(front.len());
    out.extend_from_slice(&front[..n_front]);
    out.extend_from_slice(&back[..n - n_front]);
}
