//! A score allocates no more than the bare run beside it. Alone in its process: it counts allocations.
//!
//! Counted are Rust's allocations, `ort`'s included; ONNX Runtime's own memory is its arena's.

#![expect(unsafe_code, reason = "counting allocations takes a global allocator")]

#[path = "onnx/kit.rs"]
#[allow(dead_code, reason = "other test programs use other parts of the kit")]
mod kit;

use kit::*;
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};
use takt_models::onnx::{BareRun, Scorer};
use takt_models::package::*;

static N_ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

struct Counting;

// SAFETY: every call goes to the system allocator unchanged; counting touches no memory of it.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        N_ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller keeps the contract of `GlobalAlloc::alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the contract of `GlobalAlloc::dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// A harness prints from other threads, so the least of several rounds counts.
fn n_allocations_min(mut work: impl FnMut()) -> usize {
    let rounds = (0..20).map(|_| {
        let before = N_ALLOCATIONS.load(Ordering::Relaxed);
        work();
        N_ALLOCATIONS.load(Ordering::Relaxed) - before
    });
    rounds.min().expect("there are rounds")
}

fn check(name: &str, manifest: &Manifest, graph: &[u8], reference: TestVector) {
    let w = window(reference.columns.clone());
    let package = package(manifest, graph, &[reference]);
    let mut scorer = Scorer::load(&runtime(), &package, &on_cpu()).expect(name);
    let mut bare = BareRun::new(&runtime(), &package, Provider::Cpu).expect(name);
    assert!(N_ALLOCATIONS.load(Ordering::Relaxed) > 0, "loading allocates, or nothing is counted");
    let run = n_allocations_min(|| bare.run().expect("runs"));
    let score = n_allocations_min(|| {
        scorer.score(&w, &now).expect("scores");
    });
    println!("{name}: {score} allocations a score, {run} a bare run");
    assert!(score <= run, "{name}: {score} allocations a score, {run} a bare run");
}

#[test]
fn a_score_allocates_no_more_than_a_bare_run() {
    check("t2spe", &t2spe::manifest(), t2spe::GRAPH, t2spe::reference());
    check("cnn", &cnn::manifest(), cnn::GRAPH, cnn::reference());
    check("affine", &affine::manifest(), affine::GRAPH, affine::vectors().remove(0));
}
