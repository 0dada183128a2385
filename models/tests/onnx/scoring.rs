//! What a window becomes, what a run gives, and what happens to a window that does not fit.

use crate::kit::*;
use std::time::Duration;
use takt_models::onnx::*;
use takt_models::package::*;
use takt_models::windower::{Hole, HoleWhy};

#[test]
fn scores_come_in_the_manifests_order() {
    let mut scorer = load(&affine::manifest(), affine::GRAPH, &affine::vectors()).expect("loads");
    let w = window(vec![vec![7.0], vec![2.5]]);
    let scored = scorer.score(&w, &now).expect("scores");
    assert_eq!(scored.scores, [16.5, 4.5]);
    assert!(scored.inference > Duration::ZERO);
}

#[test]
fn contributions_explain_the_score_that_stands_out() {
    let mut scorer = load(&affine::manifest(), affine::GRAPH, &affine::vectors()).expect("loads");
    // a = 16.5 of 10, b = 4.5 of 1: b stands out; its parts are 7 and −2.5, and a negative part explains nothing.
    let cases = [
        ([7.0, 2.5], Some(1), Some([1.0, 0.0])),
        ([6.0, 6.0], Some(0), Some([12.0 / 18.0, 6.0 / 18.0])),
        ([0.0, 0.0], None, None),
    ];
    for (x, explains, shares) in cases {
        let w = window(x.iter().map(|v| vec![*v]).collect());
        let scored = scorer.score(&w, &now).expect("scores");
        assert_eq!(scored.explains, explains, "{x:?}");
        assert_eq!(scored.contributions, shares.as_ref().map(|s| s.as_slice()), "{x:?}");
    }
}

/// Loads an identity graph and gives back what each element of the tensor became.
fn tensor_of(mut m: Manifest, graph: &[u8], columns: Vec<Vec<f64>>) -> Vec<f64> {
    let n: usize = columns.iter().map(Vec::len).sum::<usize>().min(64);
    let n = if matches!(m.tensor.preprocessing, Preprocessing::Frame) { m.inputs.len() } else { n };
    m.scores = (0..n as u32).map(|i| score(&format!("e{i}"), "y", i, 1.0)).collect();
    scores_of(&m, graph, columns)
}

#[test]
fn each_preprocessing_lays_the_window_out_as_it_says() {
    let columns = || vec![vec![1.0, 2.0, 3.0], vec![10.0, 20.0, 30.0]];
    let series = |layout| manifest(2, WindowContract::Count { size: 3 }, Preprocessing::Series { layout });
    let first = tensor_of(series(Layout::ChannelsFirst), include_bytes!("../fixtures/identity_2x3.onnx"), columns());
    assert_eq!(first, [1.0, 2.0, 3.0, 10.0, 20.0, 30.0]);
    let samples = tensor_of(series(Layout::SamplesFirst), include_bytes!("../fixtures/identity_3x2.onnx"), columns());
    assert_eq!(samples, [1.0, 10.0, 2.0, 20.0, 3.0, 30.0]);
    let newest = manifest(2, WindowContract::Trigger { n_min: 1, n_max: 9 }, Preprocessing::Frame);
    assert_eq!(tensor_of(newest, include_bytes!("../fixtures/identity_2.onnx"), columns()), [3.0, 30.0]);
}

#[test]
fn features_come_in_the_manifests_order_whatever_the_windows_length() {
    let feature = |input: &str, kind| FeatureSpec { input: input.into(), kind };
    let list = vec![
        feature("b", FeatureKind::Mean),
        feature("a", FeatureKind::Peak),
        feature("b", FeatureKind::Rms),
        feature("a", FeatureKind::BandEnergy { low_hz: 0.0, high_hz: 2.0 }),
        feature("a", FeatureKind::Mean),
        feature("a", FeatureKind::Std),
        feature("b", FeatureKind::Crest),
        feature("b", FeatureKind::Skewness),
    ];
    let mut m = manifest(2, WindowContract::Trigger { n_min: 2, n_max: 9 }, Preprocessing::Features { list });
    m.inputs[0].cadence = Some(Duration::from_secs(1));
    m.scores = (0..8).map(|i| score(&format!("f{i}"), "y", i, 1.0)).collect();
    // The graph gives one contribution per feature: they are added up by input.
    m.contributions = vec![ContributionSpec { score: "f1".into(), tensor: "y".into(), form: ContributionForm::Raw }];
    let expected = |columns: &[Vec<f64>]| {
        let mut numbers = [0.0; 8];
        let mut plan = m.feature_plan().expect("a plan");
        plan.compute_f64(columns, &mut numbers).expect("computes");
        numbers
    };
    let columns = |n: i32| vec![(0..n).map(|i| f64::from(i * 7 % 5) - 9.0).collect(), vec![3.0; n as usize]];
    let graph = include_bytes!("../fixtures/identity_8.onnx");
    let vectors = [vector(columns(5), expected(&columns(5)).to_vec())];
    let mut scorer = load(&m, graph, &vectors).expect("loads");
    for n in [2, 5, 9] {
        let right = expected(&columns(n));
        let scored = scorer.score(&window(columns(n)), &now).expect("scores");
        for (f, e) in scored.scores.iter().zip(right) {
            assert!((f - e).abs() < 1e-5, "{n} samples: {:?} instead of {right:?}", scored.scores);
        }
        assert_eq!(scored.scores[0], 3.0, "the mean of b");
        assert_eq!(scored.explains, Some(1), "the peak of a stands out");
        let of_b: f64 = [0, 2, 6, 7].iter().map(|i: &usize| right[*i].max(0.0)).sum();
        let of_a: f64 = (right[1] + right[3] + right[4] + right[5]).max(0.0);
        let shares = scored.contributions.expect("shares");
        assert!((shares[1] - of_b / (of_a + of_b)).abs() < 1e-5, "{shares:?}");
    }
    // Tags of a trigger window have their own rates: a fast a, a slow b.
    let [fast, slow] = [columns(9).swap_remove(0), columns(4).swap_remove(1)];
    let right = expected(&[fast.clone(), slow.clone()]);
    let scored = scorer.score(&window(vec![fast, slow]), &now).expect("columns of different lengths");
    for (f, e) in scored.scores.iter().zip(right) {
        assert!((f - e).abs() < 1e-5, "different lengths: {:?} instead of {right:?}", scored.scores);
    }
    let error = scorer.score(&window(columns(10)), &now).expect_err("too long").to_string();
    assert!(error.contains("10 samples in column 0") && error.contains("2 columns of 2 to 9"), "{error}");
}

#[test]
fn a_window_that_does_not_fit_is_refused_and_the_next_one_scores() {
    let mut scorer = load(&affine::manifest(), affine::GRAPH, &affine::vectors()).expect("loads");
    let good = || window(vec![vec![3.0], vec![4.0]]);
    let mut hole = good();
    hole.columns[1][0] = f64::NAN;
    hole.hole = Some(Hole { input: 1, why: HoleWhy::NoSample });
    let cases = [
        (window(vec![vec![3.0]]), "1 columns"),
        (window(vec![vec![3.0], vec![4.0, 5.0]]), "2 samples in column 1"),
        (window(vec![vec![], vec![]]), "0 samples in column 0"),
        (window(Vec::new()), "0 columns"),
        (hole, "input 'b' has a hole"),
    ];
    for (w, expected) in cases {
        let error = scorer.score(&w, &now).expect_err(expected).to_string();
        assert!(error.contains(expected), "expected '{expected}' in: {error}");
        assert_eq!(scorer.score(&good(), &now).expect("scores").scores, [10.0, -1.0]);
    }
}

#[test]
fn values_beyond_the_tensors_range_give_no_finite_score() {
    let mut m = manifest(2, WindowContract::Frame, Preprocessing::Frame);
    m.scores = vec![score("y", "y", 0, 1.0)];
    let graph = include_bytes!("../fixtures/identity_2.onnx");
    let mut scorer = load(&m, graph, &[vector(vec![vec![0.5], vec![0.5]], vec![0.5])]).expect("loads");
    let scored = scorer.score(&window(vec![vec![1e300], vec![0.0]]), &now).expect("runs").scores[0];
    assert!(scored.is_infinite());
}

#[test]
fn a_run_is_stopped_at_its_deadline_and_the_next_one_is_whole() {
    let mut scorer = load(&slow::manifest(), slow::GRAPH, &slow::vectors()).expect("loads");
    let stopper = scorer.stopper().expect("a queued model").clone();
    let w = window(vec![vec![1.0], vec![2.0]]);
    let whole = scorer.score(&w, &now).expect("runs").inference;
    let watchdog = {
        let stopper = stopper.clone();
        std::thread::spawn(move || {
            std::thread::sleep(whole / 10);
            stopper.stop();
        })
    };
    let begin = now();
    assert_eq!(scorer.score(&w, &now), Err(ScoreError::Stopped));
    let taken = now().since(begin);
    watchdog.join().expect("stops");
    assert!(taken < whole * 3 / 4, "{taken:?} of {whole:?}");
    assert_eq!(scorer.score(&w, &now), Err(ScoreError::Stopped), "a stop holds until it is taken back");
    stopper.rearm();
    let scored = scorer.score(&w, &now).expect("runs").scores[0];
    assert!((scored - 3.0).abs() < 1e-3, "{scored}");
}

#[test]
fn several_versions_score_at_once_each_on_its_thread() {
    let threads: Vec<_> = (0..4)
        .map(|i| {
            let mut scorer = load(&affine::manifest(), affine::GRAPH, &affine::vectors()).expect("loads");
            std::thread::spawn(move || {
                for k in 0..2_000 {
                    let (x, y) = (f64::from(i * 10_000 + k), f64::from(k));
                    let w = window(vec![vec![x], vec![y]]);
                    assert_eq!(scorer.score(&w, &now).expect("scores").scores, [2.0 * x + y, x - y]);
                }
            })
        })
        .collect();
    threads.into_iter().for_each(|t| t.join().expect("scores"));
}

#[test]
fn graphs_score_as_numpy_does() {
    let cases = [
        ("t2spe", t2spe::manifest(), t2spe::GRAPH, t2spe::reference()),
        ("cnn", cnn::manifest(), cnn::GRAPH, cnn::reference()),
    ];
    for (name, m, graph, reference) in cases {
        let found = scores_of(&m, graph, reference.columns.clone());
        for (f, e) in found.iter().zip(&reference.scores) {
            assert!((f - e).abs() <= 1e-5 * e.abs(), "{name}: {found:?} instead of {:?}", reference.scores);
        }
        load(&m, graph, &[reference]).expect(name);
    }
}

#[test]
fn shares_of_a_baseline_sum_to_one() {
    let reference = t2spe::reference();
    let w = window(reference.columns.clone());
    let mut scorer = load(&t2spe::manifest(), t2spe::GRAPH, &[reference]).expect("loads");
    let scored = scorer.score(&w, &now).expect("scores");
    let shares = scored.contributions.expect("the graph explains both scores");
    assert_eq!(shares.len(), 52);
    assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-12 && shares.iter().all(|s| *s >= 0.0));
}
