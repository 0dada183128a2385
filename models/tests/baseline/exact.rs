//! Columns that follow each other exactly: what breaks their relation fails, and rounding never does.

use crate::package::packing;
use crate::{kit, tep};
use ndarray::{Array2, ArrayView2};
use takt_models::baseline::{Column, Components, LearnOptions, Learned, Limits, Source, learn};
use takt_models::onnx::Scorer;
use takt_models::package::{Element, Package};

/// Three measured columns of Tennessee Eastman, the sum of two of them, and the third in another unit; each
/// number as its source gives it.
fn related(rows: &Array2<f64>, given: fn(f64) -> f64) -> Array2<f64> {
    Array2::from_shape_fn((rows.nrows(), 5), |(i, j)| {
        let [feed, pressure, temperature] = [0, 6, 8].map(|column| rows[[i, column]]);
        given([feed, pressure, temperature, feed + pressure, 1.8 * temperature + 32.0][j])
    })
}

fn learned(rows: ArrayView2<'_, f64>, limits: Limits) -> Learned {
    let columns = ["feed", "pressure", "celsius", "sum", "fahrenheit"].map(|role| Column::new(role, "")).to_vec();
    let components = Components::VarianceShare(0.9999);
    learn(&LearnOptions { components, limits, ..LearnOptions::new(columns) }, rows, None).expect("good rows")
}

fn spe(scorer: &mut Scorer, row: &[f64]) -> (f64, f64) {
    let window = kit::window(row.iter().map(|value| vec![*value]).collect());
    let scored = scorer.score(&window, &kit::now).expect("a whole window");
    let [t2, spe] = scored.scores else { panic!("two scores") };
    (*t2, *spe)
}

fn check(limits: Limits, element: Element, given: fn(f64) -> f64) {
    let name = format!("{limits:?} {element:?}");
    let learned = learned(related(&tep::training(), given).view(), limits);
    assert_eq!(learned.plane.n_components, 3, "{name}");
    let limit = learned.limits.spe.expect("an SPE limit");
    let bytes = learned.pack(&packing(Source::Frame, element)).expect("a package");
    let package = Package::open(&bytes).expect("what was packed opens");
    let mut scorer = Scorer::load(&kit::runtime(), &package, &kit::on_cpu()).expect("it keeps to its vectors");
    let (mut n_good, mut closest) = (0, 0.0_f64);
    for row in related(&tep::run(0), given).rows() {
        let row = row.to_vec();
        let (t2, kept) = spe(&mut scorer, &row);
        if t2 <= learned.limits.t2 {
            n_good += 1;
            closest = closest.max(kept / limit);
        }
        // A twentieth of its own deviation, far within what the column shows by itself.
        for broken in [3, 4] {
            let mut row = row.clone();
            row[broken] += 0.05 * learned.plane.scale[broken];
            let (_, spe) = spe(&mut scorer, &row);
            assert!(spe > 100.0 * limit, "{name}: column {broken} left the others by {spe}, limit {limit}");
        }
    }
    assert!(n_good > 700, "{name}: {n_good} of 960 rows keep their T²");
    assert!(closest <= 1.0, "{name}: rounding comes to {closest} of the limit");
}

#[test]
fn a_broken_relation_fails_and_rounding_does_not() {
    let as_real = |value: f64| f64::from(value as f32);
    for limits in [Limits::theory(0.999), Limits::Quantile(0.999)] {
        for element in [Element::F64, Element::F32] {
            check(limits, element, |value| value);
            check(limits, element, as_real);
        }
    }
}

/// What a source rounds in decimals lies much further off than any rounding of the arithmetic: it is what good
/// rows look like, and the limit by theory knows it by its size.
#[test]
fn values_rounded_in_decimals_are_good_and_a_broken_relation_still_fails() {
    for decimals in [2, 4] {
        let units = 10_f64.powi(decimals);
        let given = |rows: &Array2<f64>| related(rows, |value| value).mapv(|value| (value * units).round() / units);
        let learned = learned(given(&tep::training()).view(), Limits::theory(0.999));
        let limit = learned.limits.spe.expect("an SPE limit");
        let bytes = learned.pack(&packing(Source::Frame, Element::F64)).expect("a package");
        let package = Package::open(&bytes).expect("what was packed opens");
        let mut scorer = Scorer::load(&kit::runtime(), &package, &kit::on_cpu()).expect("it keeps to its vectors");
        let (mut n_good, mut n_alarms) = (0, 0);
        for row in given(&tep::run(0)).rows() {
            let mut row = row.to_vec();
            n_alarms += u32::from(spe(&mut scorer, &row).1 > limit);
            n_good += 1;
            row[3] += 0.5 * learned.plane.scale[3];
            let broken = spe(&mut scorer, &row).1;
            assert!(broken > limit, "{decimals} decimals: a broken relation gives {broken}, limit {limit}");
        }
        assert!(n_alarms <= n_good / 50, "{decimals} decimals: {n_alarms} of {n_good} good rows fail");
    }
}

#[test]
fn the_report_says_that_the_limit_is_that_of_rounding() {
    let learned = learned(related(&tep::training(), |value| value).view(), Limits::theory(0.999));
    let text = learned.report.text();
    assert!(text.contains("Columns follow each other exactly") && !text.contains("SPE 0.0000"), "{text}");
    assert!(!text.contains("NaN"), "{text}");
    assert!(learned.report.scores_svg(takt_models::baseline::Theme::Light).contains("SPE"));
}
