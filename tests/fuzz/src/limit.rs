//! A bound on what a decoder may ask for at once: bytes that claim to be long must not cost memory.

use std::alloc::{GlobalAlloc, Layout, System};

/// Largest piece of memory. Targets get inputs of some kilobytes, and the largest table that one may
/// rightly cause (262,144 readings of a message) is below 16 MiB.
const BYTES_MAX: usize = 64 << 20;

struct Bounded;

#[global_allocator]
static ALLOCATOR: Bounded = Bounded;

fn check(n_bytes: usize) {
    if n_bytes > BYTES_MAX {
        // No panic: unwinding out of an allocator is not allowed, and the fuzzer keeps the input at an abort.
        eprintln!("one piece of {n_bytes} bytes was asked for");
        std::process::abort();
    }
}

// SAFETY: every call goes on to the system's allocator as it came.
unsafe impl GlobalAlloc for Bounded {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        check(layout.size());
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        check(layout.size());
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, n_bytes: usize) -> *mut u8 {
        check(n_bytes);
        unsafe { System.realloc(pointer, layout, n_bytes) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        unsafe { System.dealloc(pointer, layout) }
    }
}
