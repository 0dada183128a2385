//! The pipeline of a line: frames in, verdicts out, without a hop between threads.

pub mod gate;
