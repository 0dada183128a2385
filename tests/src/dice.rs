//! A small seeded generator: the same faults at the same places of the story.

/// xorshift64 (G. Marsaglia, J. Stat. Software 8, 2003).
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// A generator; the seed must not be zero.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `n`.
    pub fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % n
    }
}
