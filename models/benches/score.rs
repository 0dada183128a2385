//! What a score costs beside the bare run of the same graph, interleaved in one process.
//!
//! `cargo bench -p takt-models --bench score`. Both sides alternate call by call, so that whatever
//! else the machine does hits both.

#[path = "../tests/onnx/kit.rs"]
#[allow(dead_code, reason = "other programs use other parts of the kit")]
mod kit;

use kit::*;
use std::time::Duration;
use takt_models::onnx::{BareRun, Scorer};
use takt_models::package::*;

const N_CALLS: usize = 40_000;
const N_WARM_UP: usize = 2_000;

/// The value below which this share of the calls lies, in microseconds.
fn percentile(sorted: &[Duration], percent: f64) -> f64 {
    let rank = (sorted.len() as f64 * percent / 100.0).ceil() as usize;
    sorted[rank.clamp(1, sorted.len()) - 1].as_secs_f64() * 1e6
}

fn compare(name: &str, manifest: &Manifest, graph: &[u8], reference: TestVector) {
    let w = window(reference.columns.clone());
    let package = package(manifest, graph, &[reference]);
    let mut scorer = Scorer::load(&runtime(), &package, &on_cpu()).expect("loads");
    let mut bare = BareRun::new(&runtime(), &package).expect("loads");
    let (mut scored, mut run, mut features, mut inference) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for call in 0..N_WARM_UP + N_CALLS {
        let start = now();
        bare.run().expect("runs");
        let between = now();
        let parts = scorer.score(&w, &now).map(|s| (s.features, s.inference)).expect("scores");
        let end = now();
        if call >= N_WARM_UP {
            run.push(between.since(start));
            scored.push(end.since(between));
            features.push(parts.0);
            inference.push(parts.1);
        }
    }
    println!("{name}: {N_CALLS} calls each");
    let mut rows = [("bare run", run), ("score", scored), ("  features", features), ("  inference", inference)];
    for (row, times) in &mut rows {
        times.sort_unstable();
        let p = |percent| percentile(times, percent);
        println!("  {row:<12} p50 {:8.2} µs   p99 {:8.2} µs   p99.9 {:8.2} µs", p(50.0), p(99.0), p(99.9));
    }
    let ratio = |percent| percentile(&rows[1].1, percent) / percentile(&rows[0].1, percent);
    println!("  score / bare run: p50 {:.3}, p99 {:.3}", ratio(50.0), ratio(99.0));
}

fn main() {
    compare("t2spe, 52 inputs, with contributions", &t2spe::manifest(), t2spe::GRAPH, t2spe::reference());
    compare("cnn, 1024 × 3", &cnn::manifest(), cnn::GRAPH, cnn::reference());
    compare("affine, f64, 2 inputs", &affine::manifest(), affine::GRAPH, affine::vectors().remove(0));
}
