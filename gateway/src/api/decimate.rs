//! From any number of samples to as many points as a chart can show, without losing a peak.
//!
//! The span is cut into equal buckets. Each keeps minimum, maximum, mean, the count, and how many
//! readings were bad or no number: a single spike stays visible at any zoom, and so does a hole.

use super::archive::{Span, Step};
use serde::{Deserialize, Serialize};
use takt_plant::{Reading, WallTime};
use utoipa::ToSchema;

/// The samples of one bucket of a tag.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub(super) struct Point {
    /// Source time of its first sample.
    pub(super) at: String,
    /// The smallest number; null when there is none.
    pub(super) min: Option<f64>,
    /// The largest number.
    pub(super) max: Option<f64>,
    /// The mean of the numbers.
    pub(super) mean: Option<f64>,
    /// Samples.
    pub(super) n: u64,
    /// Of those, bad readings and texts.
    pub(super) n_bad: u64,
}

/// Buckets of one tag, filled sample by sample.
#[derive(Debug)]
pub(super) struct Decimator {
    from_ns: i128,
    width_ns: i128,
    buckets: Vec<Bucket>,
}

#[derive(Debug, Clone)]
struct Bucket {
    first: WallTime,
    min: f64,
    max: f64,
    sum: f64,
    n: u64,
    n_bad: u64,
}

impl Point {
    /// The point of a step that the store has drawn up.
    pub(super) fn of(step: &Step) -> Self {
        let (min, max, mean) =
            step.spread.map_or((None, None, None), |(min, max, mean)| (Some(min), Some(max), Some(mean)));
        Self { at: crate::payload::time_text(step.at), min, max, mean, n: step.n, n_bad: step.n_bad }
    }
}

impl Decimator {
    /// `n_points` buckets, at least one, over the span.
    pub(super) fn new(span: Span, n_points: usize) -> Self {
        let n_points = n_points.max(1);
        let (from_ns, to_ns) = (i128::from(span.from.as_ns()), i128::from(span.to.as_ns()));
        // Both ends belong to the span; a bucket is at least a nanosecond wide.
        let width_ns = ((to_ns - from_ns + 1) / n_points as i128 + 1).max(1);
        let empty = Bucket { first: span.from, min: f64::INFINITY, max: f64::NEG_INFINITY, sum: 0.0, n: 0, n_bad: 0 };
        Self { from_ns, width_ns, buckets: vec![empty; n_points] }
    }

    /// Takes a sample; one outside the span is left out.
    pub(super) fn take(&mut self, at: WallTime, reading: &Reading) {
        let index = (i128::from(at.as_ns()) - self.from_ns).div_euclid(self.width_ns);
        let bucket = usize::try_from(index).ok().and_then(|i| self.buckets.get_mut(i));
        let Some(bucket) = bucket else { return };
        if bucket.n == 0 {
            bucket.first = at;
        }
        bucket.n += 1;
        match reading.as_f64() {
            None => bucket.n_bad += 1,
            Some(v) => {
                bucket.min = bucket.min.min(v);
                bucket.max = bucket.max.max(v);
                bucket.sum += v;
            }
        }
    }

    /// The buckets that hold something, in the order of time.
    pub(super) fn points(&self) -> Vec<Point> {
        self.buckets.iter().filter(|bucket| bucket.n > 0).map(Bucket::point).collect()
    }
}

impl Bucket {
    #[expect(clippy::cast_precision_loss, reason = "a count as a divisor")]
    fn point(&self) -> Point {
        let n_numbers = self.n - self.n_bad;
        let known = |v: f64| (n_numbers > 0).then_some(v);
        Point {
            at: crate::payload::time_text(self.first),
            min: known(self.min),
            max: known(self.max),
            mean: known(self.sum / n_numbers as f64),
            n: self.n,
            n_bad: self.n_bad,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use takt_plant::Fault;

    fn at(ns: i64) -> WallTime {
        WallTime::from_ns(ns)
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_peaks_stay(
            mut samples in prop::collection::vec((0_i64..10_000, prop::option::of(-1e6_f64..1e6)), 1..200),
            n_points in 1_usize..50,
        ) {
            samples.sort_by_key(|(ns, _)| *ns);
            let mut decimator = Decimator::new(Span { from: at(0), to: at(9_999) }, n_points);
            for (ns, v) in &samples {
                let reading = v.map_or(Reading::Bad(Fault::Missing), Reading::number);
                decimator.take(at(*ns), &reading);
            }
            let points = decimator.points();
            prop_assert!(points.len() <= n_points);
            prop_assert_eq!(points.iter().map(|p| p.n).sum::<u64>(), samples.len() as u64);
            let n_bad = samples.iter().filter(|(_, v)| v.is_none()).count() as u64;
            prop_assert_eq!(points.iter().map(|p| p.n_bad).sum::<u64>(), n_bad);
            let numbers = || samples.iter().filter_map(|(_, v)| *v);
            let least = |a: Option<f64>, v: f64| Some(a.map_or(v, |a| a.min(v)));
            let most = |a: Option<f64>, v: f64| Some(a.map_or(v, |a| a.max(v)));
            prop_assert_eq!(points.iter().filter_map(|p| p.min).fold(None, least), numbers().fold(None, least));
            prop_assert_eq!(points.iter().filter_map(|p| p.max).fold(None, most), numbers().fold(None, most));
            prop_assert!(points.iter().all(|p| p.mean.is_none_or(|m| p.min <= Some(m + 1e-6) && Some(m - 1e-6) <= p.max)));
            prop_assert!(points.is_sorted_by(|a, b| a.at <= b.at));
        }
    }

    #[test]
    fn the_whole_of_time_fits_one_span() {
        let mut decimator = Decimator::new(Span { from: at(i64::MIN), to: at(i64::MAX) }, 3);
        for ns in [i64::MIN, 0, i64::MAX] {
            decimator.take(at(ns), &Reading::number(1.0));
        }
        assert_eq!(decimator.points().iter().map(|p| p.n).collect::<Vec<_>>(), [1, 1, 1]);
    }
}
