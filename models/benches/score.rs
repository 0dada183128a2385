//! What a score costs beside the bare run of the same graph, interleaved in one process.
//!
//! `cargo bench --workspace --bench score`, or with `-- cuda` on that device, by the library that
//! `TAKT_ORT_LIB_CUDA` names. Both sides alternate call by call, so that whatever
//! else the machine does hits both.

#[path = "../tests/onnx/kit.rs"]
#[allow(dead_code, reason = "other programs use other parts of the kit")]
mod kit;

use kit::*;
use std::time::Duration;
use takt_models::onnx::*;
use takt_models::package::*;

const N_CALLS: usize = 40_000;
/// Of a model of some tens of milliseconds on a processor.
const N_CALLS_SLOW: usize = 400;
/// One call of so many more comes before those that count.
const WARM_UP_SHARE: usize = 20;

/// The value below which this share of the calls lies, in microseconds.
fn percentile(sorted: &[Duration], percent: f64) -> f64 {
    let rank = (sorted.len() as f64 * percent / 100.0).ceil() as usize;
    sorted[rank.clamp(1, sorted.len()) - 1].as_secs_f64() * 1e6
}

fn compare(
    on: &(Runtime, Provider),
    (name, n_calls): (&str, usize),
    manifest: &Manifest,
    graph: &[u8],
    reference: TestVector,
) {
    let (runtime, provider) = on;
    let n_warm_up = n_calls / WARM_UP_SHARE;
    let w = window(reference.columns.clone());
    let mut manifest = manifest.clone();
    if *provider != Provider::Cpu {
        // Other silicon rounds otherwise.
        let tolerance = Tolerance { absolute: 1e-3, relative: 1e-2 };
        manifest.tolerances.pairs = vec![PairTolerance { between: [Provider::Cpu, *provider], tolerance }];
    }
    let package = package(&manifest, graph, &[reference]);
    let mut scorer = Scorer::load(runtime, &package, &options(Device::On(*provider))).expect("loads");
    let mut bare = BareRun::new(runtime, &package, *provider).expect("loads");
    let (mut scored, mut run, mut features, mut inference) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for call in 0..n_warm_up + n_calls {
        let start = now();
        bare.run().expect("runs");
        let between = now();
        let parts = scorer.score(&w, &now).map(|s| (s.features, s.inference)).expect("scores");
        let end = now();
        if call >= n_warm_up {
            run.push(between.since(start));
            scored.push(end.since(between));
            features.push(parts.0);
            inference.push(parts.1);
        }
    }
    println!("{name}: {n_calls} calls each");
    let mut rows = [("bare run", run), ("score", scored), ("  features", features), ("  inference", inference)];
    for (row, times) in &mut rows {
        times.sort_unstable();
        let p = |percent| percentile(times, percent);
        println!("  {row:<12} p50 {:8.2} µs   p99 {:8.2} µs   p99.9 {:8.2} µs", p(50.0), p(99.0), p(99.9));
    }
    let ratio = |percent| percentile(&rows[1].1, percent) / percentile(&rows[0].1, percent);
    println!("  score / bare run: p50 {:.3}, p99 {:.3}", ratio(50.0), ratio(99.0));
}

/// Where the first argument says, else the CPU.
fn silicon() -> (Runtime, Provider) {
    let asked = std::env::args().skip(1).find_map(|argument| argument.parse::<Provider>().ok());
    match asked {
        Some(provider @ (Provider::Cuda | Provider::TensorRt)) => {
            let library = std::env::var_os("TAKT_ORT_LIB_CUDA").expect("TAKT_ORT_LIB_CUDA names the library");
            (Runtime::load(library.as_ref(), Pack::Cuda).expect("loads"), provider)
        }
        _ => (runtime(), Provider::Cpu),
    }
}

fn main() {
    let on = silicon();
    println!("on {}", on.1);
    compare(
        &on,
        ("t2spe, 52 inputs, with contributions", N_CALLS),
        &t2spe::manifest(),
        t2spe::GRAPH,
        t2spe::reference(),
    );
    compare(&on, ("cnn, 1024 × 3", N_CALLS), &cnn::manifest(), cnn::GRAPH, cnn::reference());
    compare(&on, ("slow, matrices", N_CALLS_SLOW), &slow::manifest(), slow::GRAPH, slow::vectors().remove(0));
    if on.1 == Provider::Cpu {
        compare(
            &on,
            ("affine, f64, 2 inputs", N_CALLS),
            &affine::manifest(),
            affine::GRAPH,
            affine::vectors().remove(0),
        );
    }
}
