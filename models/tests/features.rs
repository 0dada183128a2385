//! Features against NumPy and SciPy on seeded random series, and their defined answers where those give NaN.

#![expect(clippy::unwrap_used, reason = "a test stops where its data is wrong")]

use serde_json::{Value, json};
use std::io::Write;
use std::process::{Command, Stdio};
use takt_models::features::{Feature, FeatureError, FeaturePlan};

const SAMPLE_HZ: f64 = 1000.0;
const BANDS: [(f64, f64); 5] = [(0.0, 100.0), (100.0, 250.0), (62.5, 125.0), (250.0, 600.0), (0.0, 600.0)];
const PLAIN: [Feature; 7] =
    [Feature::Mean, Feature::Std, Feature::Rms, Feature::Peak, Feature::Crest, Feature::Kurtosis, Feature::Skewness];

/// A small generator (SplitMix64) so that the series need no dependency and never change.
struct Seeded(u64);

impl Seeded {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        (-2.0 * (1.0 - self.uniform()).ln()).sqrt() * (std::f64::consts::TAU * self.uniform()).cos()
    }
}

/// Series of every kind that a sensor gives: offset noise, heavy tails, tones, bursts, odd and prime lengths.
fn series() -> Vec<Vec<f64>> {
    let mut seeded = Seeded(7);
    let mut all = Vec::new();
    for n in [2, 3, 5, 16, 97, 100, 256, 1000, 1024] {
        all.push((0..n).map(|_| 50.0 + 3.0 * seeded.normal()).collect());
        all.push((0..n).map(|_| -seeded.uniform().powi(5) * 1e4 + 20.0).collect());
        all.push(
            (0..n).map(|i| (i as f64 * 0.61).sin() + 0.3 * (i as f64 * 1.7).cos() + 0.01 * seeded.normal()).collect(),
        );
        all.push((0..n).map(|i| if i % 40 == 3 { 9.0 } else { 1e-3 * seeded.normal() }).collect());
    }
    all
}

fn plan() -> FeaturePlan {
    let bands = BANDS.map(|(low_hz, high_hz)| Feature::BandEnergy { low_hz, high_hz });
    let items = PLAIN.into_iter().chain(bands).map(|feature| (0, feature)).collect();
    FeaturePlan::new(items, Some(SAMPLE_HZ)).unwrap()
}

/// Runs the committed Python script. The interpreter needs NumPy and SciPy.
fn reference(series: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let python = std::env::var("TAKT_PYTHON").expect("TAKT_PYTHON names a Python with SciPy: run `cargo xtask setup`");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/features_reference.py");
    let mut child = Command::new(python).arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let request = json!({ "sample_hz": SAMPLE_HZ, "bands": BANDS, "series": series });
    child.stdin.take().unwrap().write_all(request.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    serde_json::from_value(answer).unwrap()
}

fn check(x: Vec<f64>, feature: Feature, expected: f64) {
    let mut out = [0.0];
    FeaturePlan::new(vec![(0, feature)], None).unwrap().compute_f64(&[x], &mut out).unwrap();
    assert_eq!(out[0], expected, "{feature:?}");
}

#[test]
fn all_features_agree_with_scipy() {
    let series = series();
    let expected = reference(&series);
    assert_eq!(expected.len(), series.len());
    let mut plan = plan();
    let mut worst: f64 = 0.0;
    for (i, (x, expected)) in series.iter().zip(&expected).enumerate() {
        let mut found = vec![0.0; plan.n_features()];
        plan.compute_f64(std::slice::from_ref(x), &mut found).unwrap();
        assert_eq!(found.len(), expected.len());
        // What a band may lose to rounding is relative to the whole power, as in any FFT; the
        // skewness of a symmetric series (two samples) is rounding about zero.
        let power = x.iter().map(|v| v * v).sum::<f64>() / x.len() as f64;
        let least = |k: usize| match k {
            0..6 => 0.0,
            6 => 1e-6,
            _ => 1e-6 * power,
        };
        for (k, (found, expected)) in found.iter().zip(expected).enumerate() {
            let scale = expected.abs().max(least(k));
            let error = if found == expected { 0.0 } else { (found - expected).abs() / scale };
            worst = worst.max(error);
            assert!(error <= 1e-9, "series {i} of {}, feature {k}: {found} but SciPy says {expected}", x.len());
        }
    }
    println!("largest relative difference: {worst:.1e}");
}

#[test]
fn single_precision_is_the_double_rounded_once() {
    let columns = [series().pop().unwrap()];
    let mut plan = plan();
    let mut double = vec![0.0; plan.n_features()];
    let mut single = vec![0.0; plan.n_features()];
    plan.compute_f64(&columns, &mut double).unwrap();
    plan.compute(&columns, &mut single).unwrap();
    assert_eq!(single, double.iter().map(|v| *v as f32).collect::<Vec<_>>());
}

#[test]
fn a_constant_column_has_defined_shape() {
    for c in [0.0, 5.0, -0.1, 1e9] {
        let x = || vec![c; 100_003];
        check(x(), Feature::Mean, c);
        check(x(), Feature::Peak, c.abs());
        check(x(), Feature::Skewness, 0.0);
        check(x(), Feature::Kurtosis, 0.0);
    }
    check(vec![0.0; 5], Feature::Crest, 1.0);
    check(vec![-4.0; 4], Feature::Crest, 1.0);
    check(vec![4.0], Feature::Std, 0.0);
}

#[test]
fn the_output_keeps_the_order_of_the_plan_over_several_inputs() {
    let items = vec![(1, Feature::Mean), (0, Feature::Mean), (1, Feature::Peak), (0, Feature::Peak)];
    let mut out = [0.0; 4];
    FeaturePlan::new(items, None).unwrap().compute_f64(&[vec![1.0, 3.0], vec![-5.0, 1.0]], &mut out).unwrap();
    assert_eq!(out, [-2.0, 2.0, 5.0, 3.0]);
}

#[test]
fn what_cannot_be_computed_is_refused_by_name() {
    let band = |low_hz, high_hz| vec![(0, Feature::BandEnergy { low_hz, high_hz })];
    let refused = |items, hz| FeaturePlan::new(items, hz).err();
    assert_eq!(refused(band(0.0, 1.0), None), Some(FeatureError::NoSampleRate));
    assert_eq!(refused(band(0.0, 1.0), Some(0.0)), Some(FeatureError::SampleRate(0.0)));
    for (low_hz, high_hz) in [(2.0, 2.0), (-1.0, 2.0), (6.0, 7.0)] {
        assert_eq!(
            refused(band(low_hz, high_hz), Some(10.0)),
            Some(FeatureError::Band { low_hz, high_hz, nyquist_hz: 5.0 })
        );
    }
    let mut plan = FeaturePlan::new(vec![(1, Feature::Mean)], None).unwrap();
    assert_eq!(plan.compute_f64(&[vec![1.0]], &mut [0.0]), Err(FeatureError::NoColumn { input: 1, n_columns: 1 }));
    assert_eq!(plan.compute_f64(&[vec![1.0], vec![]], &mut [0.0]), Err(FeatureError::Empty { input: 1 }));
    assert_eq!(plan.compute_f64(&[], &mut []), Err(FeatureError::OutputLength { n_features: 1, n_out: 0 }));
}
