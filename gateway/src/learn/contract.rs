//! What the learned model will ask for: inputs with their units, and windows of such lengths.

use super::features::Chosen;
use takt_config::resolved::{Check, Line};
use takt_models::package::{Input, WindowContract};
use takt_plant::WindowSpec;

/// What the samples of all windows have in common: mean and deviation of each input, and lengths.
#[derive(Debug)]
pub(super) struct Pool {
    /// Per input: how many, mean, sum of squared distances to it (Welford, Technometrics 4, 1962).
    moments: Vec<(f64, f64, f64)>,
    n_min: usize,
    n_max: usize,
}

impl Pool {
    pub fn new(n_inputs: usize) -> Self {
        Self { moments: vec![(0.0, 0.0, 0.0); n_inputs], n_min: usize::MAX, n_max: 0 }
    }

    /// One window more.
    pub fn add(&mut self, columns: &[Vec<f64>]) {
        for ((n, mean, squares), column) in self.moments.iter_mut().zip(columns) {
            self.n_min = self.n_min.min(column.len());
            self.n_max = self.n_max.max(column.len());
            for value in column {
                *n += 1.0;
                let distance = value - *mean;
                *mean += distance / *n;
                *squares += distance * (value - *mean);
            }
        }
    }

    /// Mean and deviation of each input.
    pub fn spreads(&self) -> Vec<(f64, f64)> {
        self.moments.iter().map(|(n, mean, squares)| (*mean, (squares / n.max(1.0)).sqrt())).collect()
    }

    /// Samples of a window between the shortest and the longest.
    pub fn n_typical(&self) -> usize {
        self.n_min.min(self.n_max).midpoint(self.n_max).max(1)
    }

    /// The windows that the model takes. What a trigger collects may be half as long and twice as long
    /// as anything that was learned from: more is another thing than what was seen.
    pub fn contract(&self, window: &WindowSpec) -> WindowContract {
        let n = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        match window {
            WindowSpec::Frame => WindowContract::Frame,
            WindowSpec::Count { size, .. } => WindowContract::Count { size: *size },
            WindowSpec::Time { span, step, .. } => WindowContract::Time { span: *span, step: *step },
            WindowSpec::Trigger { .. } => {
                WindowContract::Trigger { n_min: n((self.n_min / 2).max(1)), n_max: n(self.n_max.saturating_mul(2)) }
            }
        }
    }
}

/// The model's inputs: the check's roles in its order, with the units of their tags.
pub(super) fn inputs(line: &Line, check: &Check, chosen: Option<&Chosen>) -> Vec<Input> {
    let input = |bound: &takt_config::resolved::Input| {
        let tag = line.tag(bound.tag);
        let role = bound.role.to_string();
        let has_band = chosen.is_some_and(|chosen| chosen.has_band(&role));
        Input {
            unit: tag.and_then(|tag| tag.unit.clone()),
            range: None,
            cadence: tag.filter(|_| has_band).and_then(|tag| tag.source.cadence()),
            role,
        }
    };
    check.inputs.iter().map(input).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn the_pool_knows_spread_and_lengths() {
        let mut pool = Pool::new(2);
        pool.add(&[vec![1.0, 3.0], vec![5.0, 5.0]]);
        pool.add(&[vec![1.0, 3.0, 1.0, 3.0], vec![5.0; 4]]);
        assert_eq!(pool.spreads(), [(2.0, 1.0), (5.0, 0.0)]);
        assert_eq!(pool.n_typical(), 3);
        let edge = takt_plant::Edge::Change;
        let collect = takt_plant::TriggerSpan { before: Duration::from_secs(1), after: Duration::ZERO };
        let spec = WindowSpec::Trigger { tag: takt_plant::TagSlot(0), edge, collect, max_age: collect.length() };
        assert_eq!(pool.contract(&spec), WindowContract::Trigger { n_min: 1, n_max: 8 });
    }
}
