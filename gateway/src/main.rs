//! The program `takt`: everything it does stands in [`takt::console`].

use std::process::ExitCode;

fn main() -> ExitCode {
    // Before anything else: two providers in one process would refuse each other.
    let first = rustls::crypto::ring::default_provider().install_default();
    first.expect("nothing has chosen a TLS provider before main");
    takt::console::main(std::env::args_os())
}
