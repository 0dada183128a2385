//! The limit of everything that judges: one bare `Session::run` of the same model.

use std::path::Path;
use std::time::{Duration, Instant};
use takt_models::onnx::{BareRun, Pack, Runtime};
use takt_models::package::{Package, Provider};

/// A model's bare run.
pub(crate) struct Bare(BareRun);

/// Loads the model of a package file.
pub(crate) fn of_package(path: &Path) -> Bare {
    let package = Package::open_file(path).expect("the package opens");
    Bare(BareRun::new(&runtime(), &package, Provider::Cpu).expect("the model loads"))
}

/// ONNX Runtime as the gateway loads it.
pub(crate) fn runtime() -> Runtime {
    let library = std::env::var_os("TAKT_ORT_LIB").expect("TAKT_ORT_LIB is set by `cargo xtask bench`");
    Runtime::load(library.as_ref(), Pack::Cpu).expect("the library loads")
}

impl Bare {
    /// Runs once each `every`, as the messages come: a hot loop would keep the caches warm that a
    /// gateway finds cold.
    pub(crate) fn paced(&mut self, n: usize, every: Duration) -> Vec<Duration> {
        let begun = Instant::now();
        let mut spans = Vec::with_capacity(n);
        for i in 0..n {
            let due = begun + every * u32::try_from(i).expect("a round is short");
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            spans.push(self.once());
        }
        spans
    }

    /// Runs once.
    pub(crate) fn once(&mut self) -> Duration {
        let begun = Instant::now();
        self.0.run().expect("the model runs");
        begun.elapsed()
    }
}
