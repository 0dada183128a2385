//! Loading and unloading again and again leaves the memory where it was (B32).
//!
//! A program of its own: other tests in the same process would move the figure.

#[path = "onnx/kit.rs"]
#[allow(dead_code, reason = "other test programs use other parts of the kit")]
mod kit;

use kit::*;
use takt_models::onnx::Scorer;

/// Resident memory of this process in bytes.
fn resident() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux says it");
    let line = status.lines().find(|l| l.starts_with("VmRSS:")).expect("a line VmRSS");
    let kib: f64 = line.split_whitespace().nth(1).and_then(|n| n.parse().ok()).expect("a number");
    kib * 1024.0
}

#[test]
fn load_and_unload_cycles_do_not_grow_the_memory() {
    let long = std::env::var_os("TAKT_LONG").is_some_and(|v| v == "1");
    let n_cycles = if long { 1_000 } else { 100 };
    let reference = t2spe::reference();
    let package = package(&t2spe::manifest(), t2spe::GRAPH, std::slice::from_ref(&reference));
    let cycle = || {
        let mut scorer = Scorer::load(&runtime(), &package, &on_cpu()).expect("loads");
        scorer.score(&window(reference.columns.clone()), &now).expect("scores");
    };
    (0..50).for_each(|_| cycle());
    let before = resident();
    (0..n_cycles).for_each(|_| cycle());
    let growth = resident() / before - 1.0;
    println!("{n_cycles} cycles: {:.1} MiB, {:+.2} %", before / 1048576.0, growth * 100.0);
    assert!(growth < 0.05, "{n_cycles} cycles grew the memory by {:.1} %", growth * 100.0);
}
