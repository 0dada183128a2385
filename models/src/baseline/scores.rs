//! T² and SPE of a row, and how they compare with limits.

/// The scores of one row, or a pair of limits for them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scores {
    /// Hotelling's T² inside the plane.
    pub t2: f64,
    /// The squared residual off the plane; `None` when the plane takes in all variance.
    pub spe: Option<f64>,
}

impl Scores {
    /// Whether one of these scores lies above its limit.
    pub fn beyond(&self, limits: &Scores) -> bool {
        self.t2 > limits.t2 || matches!((self.spe, limits.spe), (Some(spe), Some(limit)) if spe > limit)
    }
}
