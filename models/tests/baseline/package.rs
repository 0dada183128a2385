//! A learned baseline as a package: ordinary, deterministic, without a row of the training set.

use crate::peer::{ask, numbers};
use crate::{real, tep};
use serde_json::json;
use takt_models::baseline::{
    Column, Components, LearnError, LearnOptions, Learned, Limits, Packing, RowsQuality, Source, learn, made_up_windows,
};
use takt_models::features::{Feature, FeaturePlan};
use takt_models::package::{
    Element, FeatureKind, FeatureSpec, Input, ModelKind, ModelVersion, Package, Preprocessing, WindowContract,
};
use takt_plant::{ModelId, WallTime};

pub fn packing(source: Source, element: Element) -> Packing {
    Packing {
        name: ModelId::new("reactor").expect("a name"),
        version: ModelVersion::new(1, 0, 0),
        source,
        element,
        who: "a test".to_owned(),
        when: WallTime::from_ns(1_700_000_000_000_000_000),
        from: "d00".to_owned(),
    }
}

/// Packs, opens, and runs the test vectors in onnxruntime.
fn check_vectors(learned: &Learned, packing: &Packing, rows: Option<Vec<Vec<f64>>>) -> Package {
    let bytes = learned.pack(packing).expect("a package");
    assert_eq!(bytes, learned.pack(packing).expect("again"), "the same baseline makes the same package");
    let package = Package::open(&bytes).expect("what was packed opens");
    let manifest = package.manifest();
    assert_eq!(manifest.kind, ModelKind::Baseline);
    let rows =
        rows.unwrap_or_else(|| package.vectors().iter().map(|v| v.columns.iter().map(|c| c[0]).collect()).collect());
    let model: String = package.model().iter().map(|byte| format!("{byte:02x}")).collect();
    let answer = ask(&json!({"ask": "graph", "model": model, "rows": rows}));
    let found = numbers(&answer[&manifest.scores[0].tensor]);
    let expected: Vec<f64> = package.vectors().iter().flat_map(|v| v.scores.clone()).collect();
    assert_eq!(found.len(), expected.len());
    for (f, e) in found.iter().zip(&expected) {
        assert!(manifest.tolerances.default.allows(*f, *e), "{f} is not {e} within {:?}", manifest.tolerances.default);
    }
    for spec in &manifest.contributions {
        assert_eq!(numbers(&answer[&spec.tensor]).len(), rows.len() * learned.options.columns.len(), "{}", spec.tensor);
    }
    package
}

#[test]
fn a_frame_baseline_is_an_ordinary_package() {
    let learned = tep::learned(Limits::Rank(10), Components::Fixed(11));
    for (element, relative) in [(Element::F64, 1e-8), (Element::F32, 0.05)] {
        let package = check_vectors(&learned, &packing(Source::Frame, element), None);
        let manifest = package.manifest();
        assert!(manifest.tolerances.default.relative < relative, "{element:?}: {:?}", manifest.tolerances);
        assert_eq!(manifest.inputs.len(), 52);
        assert_eq!(manifest.window, WindowContract::Frame);
        let limits: Vec<(&str, f64)> = manifest.scores.iter().map(|s| (s.name.as_str(), s.limit)).collect();
        assert_eq!(limits, [("t2", learned.limits.t2), ("spe", learned.limits.spe.expect("an SPE"))]);
        assert_eq!(manifest.scores[0].false_alarm_rate, Some(9.0 / 960.0));
    }
}

#[test]
fn test_vectors_are_no_training_rows_and_lie_on_both_sides_of_the_limits() {
    let learned = tep::learned(Limits::Rank(10), Components::Fixed(11));
    let package = Package::open(&learned.pack(&packing(Source::Frame, Element::F64)).expect("packs")).expect("opens");
    let beyond: Vec<bool> = package.vectors().iter().map(|v| v.scores[0] > learned.limits.t2).collect();
    assert!(beyond.contains(&true) && beyond.contains(&false), "{beyond:?}");
    let training = tep::training();
    for vector in package.vectors() {
        let values: Vec<f64> = vector.columns.iter().map(|c| c[0]).collect();
        assert!(training.rows().into_iter().all(|row| row.to_vec() != values));
    }
}

/// Means and peaks of two inputs, by the plan that the model will run with.
fn features(columns: &[Vec<f64>]) -> Vec<f64> {
    let items = [0, 1].into_iter().flat_map(|input| [(input, Feature::Mean), (input, Feature::Peak)]).collect();
    let mut plan = FeaturePlan::new(items, None).expect("no bands");
    let mut row = vec![0.0; 4];
    plan.compute_f64(columns, &mut row).expect("two columns");
    row
}

/// A window of 32 values of two inputs.
fn window(k: usize) -> Vec<Vec<f64>> {
    let column = |c: usize| (0..32).map(|i| ((i * (c + 3) + k * k * 7 + k) % 17) as f64 + c as f64).collect();
    vec![column(0), column(1)]
}

#[test]
fn a_baseline_over_features_names_them_in_its_manifest() {
    let rows = real::from_rows(&(0..80).map(|k| features(&window(k))).collect::<Vec<_>>());
    let examples = made_up_windows(&[(8.0, 4.0), (9.0, 4.0)], 32);
    let examples: Vec<_> = examples.into_iter().map(|columns| (columns.clone(), features(&columns))).collect();
    let kinds = [
        ("force", FeatureKind::Mean),
        ("force", FeatureKind::Peak),
        ("speed", FeatureKind::Mean),
        ("speed", FeatureKind::Peak),
    ];
    let list: Vec<FeatureSpec> = kinds.map(|(input, kind)| FeatureSpec { input: input.to_owned(), kind }).to_vec();
    let columns = kinds.map(|(input, kind)| Column::new(format!("{input}.{kind:?}"), "")).to_vec();
    let options =
        LearnOptions { components: Components::Fixed(1), limits: Limits::Quantile(0.99), ..LearnOptions::new(columns) };
    let learned = learn(&options, rows.view(), None).expect("good rows");
    let input = |role: &str| Input { role: role.to_owned(), unit: Some("kN".to_owned()), range: None, cadence: None };
    let source = |list: Vec<FeatureSpec>| Source::Features {
        list,
        inputs: vec![input("force"), input("speed")],
        window: WindowContract::Count { size: 32 },
        examples: examples.clone(),
    };
    let given = examples.iter().map(|(_, row)| row.clone()).collect();
    let package = check_vectors(&learned, &packing(source(list.clone()), Element::F64), Some(given));
    assert_eq!(package.manifest().tensor.preprocessing, Preprocessing::Features { list: list.clone() });
    assert_eq!(package.manifest().inputs.len(), 2);
    let short = packing(source(list[..3].to_vec()), Element::F64);
    let error = learned.pack(&short).expect_err("three features for four columns").to_string();
    assert!(error.contains("3 are named, but the baseline was learned from 4"), "{error}");
}

#[test]
fn a_look_at_the_rows_comes_before_learning() {
    let mut rows = tep::training();
    rows[[3, 5]] = f64::NAN;
    let quality = RowsQuality::of(&tep::columns(), rows.view());
    assert_eq!(quality.columns[5].n_missing, 1);
    let options = LearnOptions::new(tep::columns());
    let error = learn(&options, rows.view(), None).expect_err("a missing cell");
    assert!(matches!(error, LearnError::BadCells { n_cells: 1, .. }), "{error}");
}

#[test]
fn a_value_whose_square_is_no_number_is_named_by_its_column() {
    let mut rows = tep::training();
    rows[[3, 5]] = 1e200;
    let options = LearnOptions::new(tep::columns());
    let error = learn(&options, rows.view(), None).expect_err("a fault value");
    let wanted = &tep::columns()[5].role;
    assert!(matches!(&error, LearnError::TooLarge { column } if column == wanted), "{error}");
}
