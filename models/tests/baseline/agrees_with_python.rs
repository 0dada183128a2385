//! Scores, limits and contributions equal those of numpy and scipy, and the graph equals the plane.

use crate::peer::{ask, check_close, numbers, rows};
use ndarray::{Array2, ArrayView2, s};
use serde_json::json;
use takt_models::baseline::{
    Batch, Column, Components, Divisor, LearnError, LearnOptions, Learned, Limits, RowSet, SpeTheory, T2Theory, graph,
    learn,
};
use takt_models::package::Element;

/// Rows of `d` columns with `n_sources` common causes, a large offset, and column 2 constant.
fn plant(n: usize, d: usize, n_sources: usize) -> Array2<f64> {
    let mut x = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = || {
        let mut sum = 0.0;
        for _ in 0..12 {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
            sum += (x >> 11) as f64 / (1_u64 << 53) as f64;
        }
        sum - 6.0
    };
    let mix = Array2::from_shape_fn((n_sources, d), |_| next());
    let noise = Array2::from_shape_fn((n, d), |_| next());
    let mut all = Array2::from_shape_fn((n, n_sources), |_| next()).dot(&mix) + 0.3 * noise;
    for (j, mut column) in all.columns_mut().into_iter().enumerate() {
        column.mapv_inplace(|v| if j == 2 { 0.1 } else { 1_000.0 * j as f64 + v * (j + 1) as f64 });
    }
    all
}

fn columns(d: usize) -> Vec<Column> {
    (0..d).map(|j| Column::new(format!("tag_{j}"), "bar")).collect()
}

fn learned(training: ArrayView2<'_, f64>, components: Components, divisor: Divisor) -> Learned {
    let limits = Limits::theory(0.995);
    let options = LearnOptions { components, divisor, limits, ..LearnOptions::new(columns(training.ncols())) };
    learn(&options, training, None).expect("good rows")
}

fn check(components: Components, divisor: Divisor) {
    let all = plant(230, 9, 3);
    let (training, probe) = (all.slice(s![..200, ..]), all.slice(s![200.., ..]).mapv(|v| v * 1.01));
    let own = learned(training, components, divisor);
    let n_components = matches!(components, Components::AllNonConstant).then_some(0).unwrap_or(own.plane.n_components);
    let answer = ask(&json!({
        "ask": "baseline", "rows": rows(training), "probe": rows(probe.view()), "components": n_components,
        "ddof": if divisor == Divisor::Sample { 1 } else { 0 }, "confidence": 0.995,
    }));
    let explained: Vec<_> = probe.rows().into_iter().map(|row| own.plane.explain(row)).collect();
    let flat =
        |pick: fn(&takt_models::baseline::Explained) -> Vec<f64>| explained.iter().flat_map(pick).collect::<Vec<_>>();
    let t2_limits = [T2Theory::NewRow, T2Theory::KnownMean]
        .map(|form| takt_models::baseline::t2_by_theory(form, own.plane.n_components, 200, 0.995));
    check_close("mean", &own.plane.mean.to_vec(), &numbers(&answer["mean"]), 1e-12, 0.0);
    check_close("scale", &own.plane.scale.to_vec(), &numbers(&answer["scale"]), 1e-12, 1e-12);
    check_close("eigenvalues", &own.report.eigenvalues, &numbers(&answer["eigenvalues"]), 1e-9, 1e-12);
    check_close("T² limits", &t2_limits, &numbers(&answer["t2_limits"]), 1e-9, 0.0);
    check_close("T²", &flat(|e| vec![e.scores.t2]), &numbers(&answer["t2"]), 1e-9, 1e-12);
    check_close("T² parts", &flat(|e| e.t2_contributions.to_vec()), &numbers(&answer["t2_contributions"]), 1e-8, 1e-8);
    check_close(
        "SPE parts",
        &flat(|e| e.spe_contributions.to_vec()),
        &numbers(&answer["spe_contributions"]),
        1e-8,
        1e-8,
    );
    if own.limits.spe.is_some() {
        let residual = own.plane.residual_eigenvalues();
        let spe_limits = [SpeTheory::JacksonMudholkar, SpeTheory::Box]
            .map(|form| takt_models::baseline::spe_by_theory(form, residual, 0.995).expect("a limit"));
        check_close("SPE limits", &spe_limits, &numbers(&answer["spe_limits"]), 1e-9, 0.0);
        check_close("SPE", &flat(|e| vec![e.scores.spe.expect("an SPE")]), &numbers(&answer["spe"]), 1e-9, 1e-12);
    }
    for e in &explained {
        check_close("sum", &[e.t2_contributions.sum()], &[e.scores.t2], 1e-9, 0.0);
    }
}

#[test]
fn scores_limits_and_contributions_agree() {
    for divisor in [Divisor::Sample, Divisor::Population] {
        for components in [Components::Fixed(3), Components::VarianceShare(0.6), Components::AllNonConstant] {
            check(components, divisor);
        }
    }
}

/// Runs the graph in onnxruntime and compares it with the plane.
fn check_graph(components: Components, element: Element, batch: Batch, relative: f64) {
    let all = plant(160, 9, 3);
    let own = learned(all.slice(s![..150, ..]), components, Divisor::Sample);
    let probe = all.slice(s![150.., ..]);
    let model: String = graph(&own.plane, element, batch).iter().map(|byte| format!("{byte:02x}")).collect();
    let answer = ask(&json!({"ask": "graph", "model": model, "rows": rows(probe), "at_once": batch == Batch::Any}));
    let explained: Vec<_> = probe.rows().into_iter().map(|row| own.plane.explain(row)).collect();
    let scores: Vec<f64> = explained.iter().flat_map(|e| [Some(e.scores.t2), e.scores.spe]).flatten().collect();
    let parts: Vec<f64> = explained.iter().flat_map(|e| e.t2_contributions.to_vec()).collect();
    check_close("scores", &numbers(&answer["scores"]), &scores, relative, relative);
    check_close("T² parts", &numbers(&answer["t2_contributions"]), &parts, relative, relative);
    assert_eq!(answer.get("spe_contributions").is_some(), own.limits.spe.is_some());
    if own.limits.spe.is_some() {
        let parts: Vec<f64> = explained.iter().flat_map(|e| e.spe_contributions.to_vec()).collect();
        check_close("SPE parts", &numbers(&answer["spe_contributions"]), &parts, relative, relative);
    }
}

#[test]
fn the_graph_equals_the_plane() {
    for components in [Components::Fixed(3), Components::AllNonConstant] {
        check_graph(components, Element::F64, Batch::One, 1e-9);
        check_graph(components, Element::F64, Batch::Any, 1e-9);
        check_graph(components, Element::F32, Batch::One, 2e-2);
    }
}

fn check_refused(name: &str, change: impl FnOnce(&mut LearnOptions, &mut Array2<f64>), said: &[&str]) {
    let mut training = plant(60, 5, 2);
    let mut options = LearnOptions::new(columns(5));
    change(&mut options, &mut training);
    let limit_set = Array2::zeros((10, 4));
    let limit_set = (name == "limit columns").then_some(limit_set.view());
    let error = learn(&options, training.view(), limit_set).expect_err(name).to_string();
    for text in said {
        assert!(error.contains(text), "{name}: '{error}' does not say '{text}'");
    }
}

#[test]
fn refusals_say_what_to_do() {
    check_refused("columns", |o, _| o.columns.truncate(4), &["5 columns in the training rows", "4 are named"]);
    check_refused("limit columns", |_, _| {}, &["4 columns in the limit set", "5 are named"]);
    check_refused("names", |o, _| o.columns[1].role = "tag_0".into(), &["'tag_0'", "own role"]);
    check_refused("rows", |_, t| *t = t.slice(s![..5, ..]).to_owned(), &["5 training rows", "collect 1 more"]);
    check_refused("cells", |_, t| t[[7, 3]] = f64::NAN, &["1 in all", "row 7 of 'tag_3'", "leave those rows out"]);
    check_refused("constant", |_, t| t.fill(3.5), &["every column is constant"]);
    check_refused("rank", |o, _| o.limits = Limits::Rank(10), &["need a limit set"]);
    check_refused("components", |o, _| o.components = Components::Fixed(5), &["components = 5", "1 to 4"]);
    check_refused("confidence", |o, _| o.limits = Limits::theory(1.0), &["confidence = 1", "0.99"]);
    let collinear = |o: &mut LearnOptions, t: &mut Array2<f64>| {
        let sum = &t.column(0) + &t.column(1);
        t.column_mut(4).assign(&sum);
        o.components = Components::AllNonConstant;
    };
    check_refused("collinear", collinear, &["'tag_0', 'tag_1', 'tag_4'", "at most 3 components"]);
}

#[test]
fn a_reduced_baseline_bears_collinear_columns() {
    let mut training = plant(60, 5, 2);
    let sum = &training.column(0) + &training.column(1);
    training.column_mut(4).assign(&sum);
    let own = learned(training.view(), Components::VarianceShare(0.8), Divisor::Sample);
    assert!(own.limits.spe.is_some());
    let all = learned(training.view(), Components::Fixed(3), Divisor::Sample);
    let limit = all.limits.spe.expect("what breaks the relation leaves this plane");
    assert!(all.plane.is_exact() && limit < 1e-6, "nothing but rounding lies off it in training: {limit}");
    let cells = LearnError::BadCells { set: RowSet::Limit, n_cells: 0, first: vec![] };
    assert!(cells.to_string().contains("limit set"));
}
