//! SKAB valve1 by the protocol of `data/skab/README.md`: the published T² row.

use crate::real;
use ndarray::{Array2, s};
use takt_models::baseline::{Column, Components, Divisor, LearnOptions, Limits, learn, t2_by_theory};

/// Rows of each file that are learned from.
const N_TRAINING: usize = 400;

/// One experiment: eight sensors, and whether each row is anomalous.
fn experiment(file: u32) -> (Vec<Column>, Array2<f64>, Vec<bool>) {
    let text = real::text(&format!("skab/valve1/{file}.csv.gz"));
    let mut lines = text.lines();
    let roles = lines.next().expect("a head line").split(';').skip(1).take(8);
    let columns = roles.map(|role| Column::new(role.replace(' ', "_"), "")).collect();
    let fields: Vec<Vec<f64>> =
        lines.map(|line| line.split(';').skip(1).map(|n| n.parse().expect("a number")).collect()).collect();
    let anomalous = fields.iter().map(|f| f[8] == 1.0).collect();
    let values: Vec<Vec<f64>> = fields.iter().map(|f| f[..8].to_vec()).collect();
    (columns, real::from_rows(&values), anomalous)
}

/// The median of each value and the four before it; 0 where there are not yet four.
fn trailing_median(values: &[f64]) -> Vec<f64> {
    let median = |i: usize| {
        let mut last = values[i - 4..=i].to_vec();
        last.sort_by(f64::total_cmp);
        last[2]
    };
    (0..values.len()).map(|i| if i < 4 { 0.0 } else { median(i) }).collect()
}

#[test]
fn the_published_row_is_reproduced() {
    let (mut hit, mut false_alarm, mut missed, mut quiet) = (0.0, 0.0, 0.0, 0.0);
    for file in 0..16 {
        let (columns, rows, anomalous) = experiment(file);
        let options = LearnOptions {
            divisor: Divisor::Population,
            components: Components::AllNonConstant,
            limits: Limits::theory(0.999),
            ..LearnOptions::new(columns)
        };
        let learned = learn(&options, rows.slice(s![..N_TRAINING, ..]), None).expect("rows of one experiment");
        let n_varying = learned.plane.varying.len();
        assert_eq!(learned.limits.t2, t2_by_theory(Default::default(), n_varying, N_TRAINING, 0.999));
        assert_eq!(learned.limits.spe, None, "nothing is left off the plane");
        let t2: Vec<f64> = learned.plane.score_all(rows.slice(s![N_TRAINING.., ..])).iter().map(|s| s.t2).collect();
        for (score, anomalous) in trailing_median(&t2).iter().zip(&anomalous[N_TRAINING..]) {
            let count = match (*score > 2.0 * learned.limits.t2, anomalous) {
                (true, true) => &mut hit,
                (true, false) => &mut false_alarm,
                (false, true) => &mut missed,
                (false, false) => &mut quiet,
            };
            *count += 1.0;
        }
    }
    let f1: f64 = hit / (hit + (false_alarm + missed) / 2.0);
    let far: f64 = 100.0 * false_alarm / (false_alarm + quiet);
    let mar: f64 = 100.0 * missed / (missed + hit);
    assert!((f1 - 0.6462).abs() <= 0.005, "F1 {f1}");
    assert!((far - 19.94).abs() <= 0.5 && (mar - 44.05).abs() <= 0.5, "false alarms {far} %, missed {mar} %");
}
