//! Features allocate nothing once a window length is known. Alone in its process: it counts allocations.

#![expect(unsafe_code, reason = "counting allocations takes a global allocator")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};
use takt_models::features::{Feature, FeaturePlan};

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

#[test]
fn windows_of_known_lengths_allocate_nothing() {
    let band = Feature::BandEnergy { low_hz: 10.0, high_hz: 200.0 };
    let items = [Feature::Mean, Feature::Crest, Feature::Kurtosis, band].map(|feature| (0, feature)).to_vec();
    let mut plan = FeaturePlan::new(items, Some(1000.0)).expect("the plan is valid");
    let windows: Vec<Vec<Vec<f64>>> =
        [100, 1024, 97].map(|n| vec![(0..n).map(|i| f64::from(i % 7)).collect()]).to_vec();
    let mut out = [0.0f32; 4];
    let mut all = || windows.iter().for_each(|window| plan.compute(window, &mut out).expect("columns are there"));
    let before = N_ALLOCATIONS.load(Ordering::Relaxed);
    all();
    assert!(N_ALLOCATIONS.load(Ordering::Relaxed) > before, "the first time makes the FFT plans");
    assert_eq!(n_allocations_min(all), 0);
}
