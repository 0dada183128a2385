//! Links with loss, delay, duplication, reordering and partitions.

use std::time::Duration;

/// How links behave now.
#[derive(Debug, Clone)]
pub struct Links {
    /// Shortest one-way delay.
    pub delay: Duration,
    /// On top of it, up to this much at random: frames overtake each other.
    pub jitter: Duration,
    /// Frames lost, of a thousand.
    pub loss_permille: u32,
    /// Frames that arrive twice, of a thousand.
    pub twice_permille: u32,
    /// Gateways with different numbers do not reach each other.
    pub parted: Option<Vec<u8>>,
    /// Frames are encoded and decoded on their way, as on a wire.
    pub encode: bool,
}

impl Default for Links {
    fn default() -> Self {
        Self {
            delay: Duration::from_micros(150),
            jitter: Duration::from_micros(200),
            loss_permille: 0,
            twice_permille: 0,
            parted: None,
            encode: true,
        }
    }
}

impl Links {
    /// When the copies of a frame sent now arrive: none, one or two.
    pub fn arrivals(&self, from: usize, to: usize, rng: &mut fastrand::Rng) -> [Option<Duration>; 2] {
        let parted = self.parted.as_ref().is_some_and(|side| side.get(from) != side.get(to));
        if parted || rng.u32(0..1000) < self.loss_permille {
            return [None, None];
        }
        let span = |rng: &mut fastrand::Rng| {
            let jitter = u64::try_from(self.jitter.as_nanos()).unwrap_or(u64::MAX).max(1);
            self.delay + Duration::from_nanos(rng.u64(0..jitter))
        };
        let first = span(rng);
        let twice = rng.u32(0..1000) < self.twice_permille;
        [Some(first), twice.then(|| first + span(rng) * 8)]
    }
}
