//! The program `takt`: everything it does stands in [`takt::console`].

use std::process::ExitCode;

fn main() -> ExitCode {
    one_arena();
    // Before anything else: two providers in one process would refuse each other.
    let first = rustls::crypto::ring::default_provider().install_default();
    first.expect("nothing has chosen a TLS provider before main");
    takt::console::main(std::env::args_os())
}

/// Lets all threads share one heap. Entries are made on a line's thread and freed on the store's; with
/// a heap for each thread 100 lines of 100 tags keep 35 MB more that nobody uses, and are no faster.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn one_arena() {
    #[expect(unsafe_code, reason = "the C library has no other way to be told")]
    // SAFETY: no other thread runs yet, and the option takes any number.
    unsafe {
        libc::mallopt(libc::M_ARENA_MAX, 1);
    }
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn one_arena() {}
