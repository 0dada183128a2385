//! Windows in source time, pure: frames in, closed windows out.

pub mod window;

pub use window::{Hole, HoleWhy, Window};
