//! Test vectors of a baseline: made-up rows, with the scores that the plane gives them in f64.

use super::fit::Plane;
use super::random::Draws;
use super::scores::Scores;
use crate::package::{Element, TestVector, Tolerance};
use ndarray::{Array1, ArrayView1};

/// Spreads of the made-up rows, in standard deviations: inside the limits, about at them and far beyond.
const SPREADS: [f64; 6] = [0.0, 0.3, 1.0, 1.0, 2.0, 5.0];

/// Seed of the made-up rows: the same baseline makes the same package.
const SEED: u64 = 0x7461_6b74;

/// Relative error that the order of sums may cause in f64.
const F64_RELATIVE: f64 = 1e-9;

/// Times the error found in f32 on the test vectors that is tolerated.
const F32_MARGIN: f64 = 8.0;

/// How well the graph's elements can keep to the plane.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Numbers {
    /// As well as sums in f64.
    Double,
    /// With this largest error over the test vectors, relative to a score of at least 1.
    Single { relative_max: f64 },
}

impl Numbers {
    /// The tolerance of the manifest. A score of zero is compared with the limit's size, in f32 with 1 at least,
    /// as the error was measured.
    pub(super) fn tolerance(self, limits: &Scores) -> Tolerance {
        let relative = match self {
            Self::Double => F64_RELATIVE,
            Self::Single { relative_max } => (F32_MARGIN * relative_max).max(1e-5),
        };
        let least = limits.spe.map_or(limits.t2, |spe| spe.min(limits.t2));
        let size = match self {
            Self::Double => least,
            Self::Single { .. } => least.max(1.0),
        };
        Tolerance { absolute: relative * size, relative }
    }
}

/// Rows drawn from the learned mean and scale, column by column and so without the plant's correlations.
pub(super) fn spread_rows(plane: &Plane) -> Vec<Vec<f64>> {
    let mut draws = Draws::seeded(SEED);
    let mut row = |spread: f64| {
        let value = |i: usize| plane.mean[i] + spread * plane.scale[i] * draws.normal();
        (0..plane.mean.len()).map(value).collect()
    };
    SPREADS.into_iter().map(&mut row).collect()
}

/// Made-up windows to test a package over features with: for each input a mean and a deviation give `n_samples`
/// normal values; their number is that of a frame baseline's test vectors.
///
/// The features of these windows are the caller's to compute, with the plan that the model will run with.
pub fn made_up_windows(inputs: &[(f64, f64)], n_samples: usize) -> Vec<Vec<Vec<f64>>> {
    let mut draws = Draws::seeded(SEED);
    let mut window = |spread: f64| {
        let mut column = |(mean, deviation): &(f64, f64)| {
            let mut value = || mean + spread * deviation * draws.normal();
            (0..n_samples).map(|_| value()).collect()
        };
        inputs.iter().map(&mut column).collect()
    };
    SPREADS.into_iter().map(&mut window).collect()
}

/// The test vectors of windows with the row that each becomes.
pub(super) fn vectors(
    plane: &Plane,
    element: Element,
    windows: impl Iterator<Item = (Vec<Vec<f64>>, Vec<f64>)>,
) -> (Vec<TestVector>, Numbers) {
    let mut relative_max = 0.0_f64;
    let mut one = |(columns, row): (Vec<Vec<f64>>, Vec<f64>)| {
        let scores = listed(plane.score(ArrayView1::from(&row)));
        for (found, exact) in in_f32(plane, &row).into_iter().zip(&scores) {
            relative_max = relative_max.max((found - exact).abs() / exact.max(1.0));
        }
        TestVector { columns, scores }
    };
    let vectors = windows.map(&mut one).collect();
    let numbers = match element {
        Element::F64 => Numbers::Double,
        Element::F32 => Numbers::Single { relative_max },
    };
    (vectors, numbers)
}

fn listed(scores: Scores) -> Vec<f64> {
    [Some(scores.t2), scores.spe].into_iter().flatten().collect()
}

/// The scores as the graph computes them in f32.
fn in_f32(plane: &Plane, row: &[f64]) -> Vec<f64> {
    let narrow = |v: &f64| *v as f32;
    let centred: Array1<f32> = row.iter().zip(&plane.mean).map(|(x, mean)| narrow(x) - narrow(mean)).collect();
    let sum = |root: ndarray::Array2<f64>| {
        let parts = centred.dot(&root.mapv(|v| v as f32));
        f64::from(parts.dot(&parts))
    };
    let spe = plane.has_spe().then(|| sum(plane.spe_root()));
    [Some(sum(plane.t2_root())), spe].into_iter().flatten().collect()
}
