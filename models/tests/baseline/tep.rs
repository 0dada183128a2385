//! Tennessee Eastman by the reference protocol of `data/tep/README.md`: published limits and missed-detection rates.

use crate::peer::{ask, numbers, rows};
use crate::real;
use ndarray::{Array2, Axis, concatenate, s};
use serde_json::json;
use takt_models::baseline::{
    Batch, Column, Components, LearnOptions, Learned, Limits, Report, Scores, Theme, graph, learn,
};
use takt_models::package::Element;

/// Rows that carry the fault, in every test run.
const FAULTY_FROM: usize = 160;

pub fn columns() -> Vec<Column> {
    let measured = (1..=41).map(|i| Column::new(format!("xmeas_{i}"), ""));
    measured.chain((1..=11).map(|i| Column::new(format!("xmv_{i}"), ""))).collect()
}

/// The last 480 rows of d00, which is stored with its columns as rows.
pub fn training() -> Array2<f64> {
    let all = real::matrix(&real::text("tep/d00.dat.gz")).reversed_axes();
    all.slice(s![all.nrows() - 480.., ..]).to_owned()
}

pub fn learned(limits: Limits, components: Components) -> Learned {
    let training = training();
    let limit_set = run(0);
    let options = LearnOptions { components, limits, ..LearnOptions::new(columns()) };
    learn(&options, training.view(), Some(limit_set.view())).expect("the reference protocol")
}

pub fn run(fault: u32) -> Array2<f64> {
    real::matrix(&real::text(&format!("tep/d{fault:02}_te.dat.gz")))
}

/// Fault, and the published share of its rows that T² and SPE miss.
fn published() -> Vec<(u32, f64, f64)> {
    let path = real::folder().join("tep/faults_and_reference.csv");
    let text = std::fs::read_to_string(path).expect("the table of faults");
    let fields = text.lines().skip(1).map(|line| {
        // The description holds commas inside quotes; the figures are counted from the end.
        let last: Vec<&str> = line.rsplit(',').take(4).collect();
        let number = |text: &str| text.parse::<f64>().expect("a rate");
        (line.split(',').next().and_then(|f| f.parse().ok()).expect("a fault"), number(last[3]), number(last[2]))
    });
    let all: Vec<_> = fields.collect();
    assert_eq!(all.len(), 11, "public faults");
    all
}

/// Checks the missed rows of every fault, from the scores of their faulty rows one after another.
pub fn check_missed(way: &str, learned: &Learned, scores: &[Scores]) {
    let published = published();
    assert_eq!(scores.len(), 800 * published.len(), "{way}");
    for ((fault, t2_published, spe_published), scores) in published.into_iter().zip(scores.chunks(800)) {
        let missed = |within: &dyn Fn(&Scores) -> bool| scores.iter().filter(|s| within(s)).count() as f64 / 800.0;
        let t2 = missed(&|s| s.t2 <= learned.limits.t2);
        let spe = missed(&|s| s.spe.expect("an SPE") <= learned.limits.spe.expect("an SPE limit"));
        assert!((t2 - t2_published).abs() <= 0.005, "{way}, fault {fault}: T² misses {t2}, published {t2_published}");
        assert!(
            (spe - spe_published).abs() <= 0.005,
            "{way}, fault {fault}: SPE misses {spe}, published {spe_published}"
        );
    }
}

/// The faulty rows of every public fault, one after another.
pub fn faulty_rows() -> Array2<f64> {
    let runs: Vec<Array2<f64>> = published().iter().map(|(fault, ..)| run(*fault)).collect();
    let faulty: Vec<_> = runs.iter().map(|rows| rows.slice(s![FAULTY_FROM.., ..])).collect();
    concatenate(Axis(0), &faulty).expect("runs of 52 columns")
}

#[track_caller]
fn check_limits(learned: &Learned, t2: f64, spe: f64) {
    assert!((learned.limits.t2 - t2).abs() <= 0.001, "T² limit {} is not {t2}", learned.limits.t2);
    let found = learned.limits.spe.expect("an SPE limit");
    assert!((found - spe).abs() <= 0.001, "SPE limit {found} is not {spe}");
}

#[test]
fn the_plane_misses_as_much_as_published() {
    let learned = learned(Limits::Rank(10), Components::Fixed(11));
    check_limits(&learned, 28.907, 50.829);
    check_missed("plane", &learned, &learned.plane.score_all(faulty_rows().view()));
}

#[test]
fn the_graph_misses_as_much_as_published() {
    let learned = learned(Limits::Rank(10), Components::Fixed(11));
    let faulty = faulty_rows();
    for element in [Element::F64, Element::F32] {
        let bytes = graph(&learned.plane, element, Batch::Any);
        let model: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let answer = ask(&json!({"ask": "graph", "model": model, "rows": rows(faulty.view()), "at_once": true}));
        let scores = numbers(&answer["scores"]);
        let scores: Vec<Scores> = scores.chunks(2).map(|s| Scores { t2: s[0], spe: Some(s[1]) }).collect();
        check_missed(&format!("graph {element:?}"), &learned, &scores);
    }
}

#[test]
fn theory_limits_are_the_published_ones() {
    let learned = learned(Limits::theory(0.99), Components::Fixed(11));
    check_limits(&learned, 25.732, 41.452);
    let alarms = learned.report.limit_beyond.expect("a limit set");
    assert!(
        (alarms.t2 - 0.0135).abs() <= 0.0005 && (alarms.spe.expect("an SPE") - 0.0677).abs() <= 0.0005,
        "{alarms:?}"
    );
    assert!(
        learned.report.notes.iter().any(|n| n.contains("limits by rank or quantile")),
        "{:?}",
        learned.report.notes
    );
}

#[test]
fn parallel_analysis_keeps_eleven() {
    for seed in [1, 2, 3] {
        let learned = learned(Limits::Rank(10), Components::ParallelAnalysis { n_sets: 40, seed });
        assert_eq!(learned.plane.n_components, 11, "seed {seed}");
    }
}

#[test]
fn contributions_name_the_tags_of_a_fault() {
    // Fault 4, a step of the reactor's cooling water inlet temperature, shows in the reactor's temperature
    // (XMEAS 9) and in the valve that answers it (XMV 10).
    let learned = learned(Limits::Rank(10), Components::Fixed(11));
    let mut shares = [0.0; 52];
    for row in run(4).slice(s![FAULTY_FROM.., ..]).rows() {
        let parts = learned.plane.explain(row).spe_contributions;
        let total = parts.sum();
        shares.iter_mut().zip(parts).for_each(|(share, part)| *share += part / total);
    }
    let mut order: Vec<usize> = (0..52).collect();
    order.sort_by(|a, b| shares[*b].total_cmp(&shares[*a]));
    assert_eq!(columns()[order[0]].role, "xmv_10", "{:?}", &order[..3]);
}

#[test]
fn the_report_says_what_an_engineer_asks() {
    let learned = learned(Limits::theory(0.99), Components::ParallelAnalysis { n_sets: 40, seed: 1 });
    let text = learned.report.text();
    for expected in [
        "480 rows of 52 columns, 960 rows in the limit set",
        "11 of 52, 54.5 % of the variance (parallel analysis, 40 sets, seed 1)",
        "T² 25.7319, SPE 41.4525 (theory at 99 %: F for a new row, Jackson-Mudholkar)",
        "limit set T² 1.35 %, SPE 6.77 %, either 8.12 %",
        "6.77 % of the limit set lie beyond a limit that theory sets for 1.00 %",
    ] {
        assert!(text.contains(expected), "'{expected}' is missing in\n{text}");
    }
}

#[test]
fn figures_are_whole_and_follow_the_theme() {
    let learned = learned(Limits::Rank(10), Components::ParallelAnalysis { n_sets: 40, seed: 1 });
    let report = &learned.report;
    type Figure = fn(&Report, Theme) -> String;
    let figures: [(Figure, usize, &str); 3] = [
        (Report::scores_svg, 20, "<circle"),
        (Report::eigenvalues_svg, 52, "<rect"),
        (Report::contributions_svg, 24, "<rect"),
    ];
    for (figure, n_marks_min, mark) in figures {
        let [light, dark, auto] = [Theme::Light, Theme::Dark, Theme::Auto].map(|theme| figure(report, theme));
        let n_marks = light.matches(mark).count();
        assert!(n_marks >= n_marks_min && n_marks <= n_marks_min + 4, "{n_marks} of {mark}");
        assert!(light.contains("#FDFDFC") && !dark.contains("#FDFDFC") && dark.contains("#1B1C1E"));
        assert!(auto.contains("prefers-color-scheme:dark") && auto.len() > light.len());
        for svg in [light, dark, auto] {
            assert!(svg.contains("<title>") && svg.trim_end().ends_with("</svg>"), "{}", &svg[..200]);
            assert_eq!(svg.matches("<text").count(), svg.matches("</text>").count());
        }
    }
}
