//! Seeded random draws: the same seed gives the same numbers on every machine.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use statrs::distribution::{ChiSquared, ContinuousCDF, Normal};

/// A stream of random numbers, drawn by inverting distribution functions.
pub(super) struct Draws {
    rng: ChaCha8Rng,
    normal: Normal,
}

impl Draws {
    /// The stream of a seed.
    pub(super) fn seeded(seed: u64) -> Self {
        Self { rng: ChaCha8Rng::seed_from_u64(seed), normal: Normal::standard() }
    }

    /// Standard normal.
    pub(super) fn normal(&mut self) -> f64 {
        let unit = self.unit();
        self.normal.inverse_cdf(unit)
    }

    /// χ² of this distribution's degrees of freedom.
    pub(super) fn chi_squared(&mut self, distribution: &ChiSquared) -> f64 {
        distribution.inverse_cdf(self.unit())
    }

    /// Uniform in the open interval (0, 1): 53 random bits, and half a step away from both ends.
    fn unit(&mut self) -> f64 {
        ((self.rng.next_u64() >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }
}
