//! Models as chunks: who has which, what to ask next, and nothing unverified stored or passed on.

mod fetch;
mod map;

pub use fetch::{Arrived, Fetch, Release, Wish};
pub use map::ChunkMap;
