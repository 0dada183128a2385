//! A wall clock that a test sets while the program runs (Debian's libfaketime).

use crate::gateway::Gateway;
use std::path::{Path, PathBuf};

/// The wall clock of one gateway; its monotonic clock stays the machine's.
pub struct FakeClock {
    file: PathBuf,
}

impl FakeClock {
    /// Gives a gateway a wall clock of its own from its next start on, at first the right one.
    ///
    /// # Panics
    /// When libfaketime is not installed.
    pub fn of(gateway: &mut Gateway) -> Self {
        let clock = Self { file: gateway.folder().join("faketime") };
        clock.shift("+0");
        gateway.set("LD_PRELOAD", &library().display().to_string());
        gateway.set("FAKETIME_TIMESTAMP_FILE", &clock.file.display().to_string());
        // Read at every call, and nothing but the wall clock is shifted.
        gateway.set("FAKETIME_NO_CACHE", "1");
        gateway.set("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        clock
    }

    /// Sets it so far from the right time, such as `+1h`, `-1h` or `+10y`.
    pub fn shift(&self, by: &str) {
        let beside = self.file.with_extension("new");
        std::fs::write(&beside, format!("{by}\n")).expect("the folder can be written");
        std::fs::rename(&beside, &self.file).expect("the folder can be written");
    }
}

fn library() -> PathBuf {
    let folders = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib"];
    let found = folders.iter().map(|folder| Path::new(folder).join("faketime/libfaketime.so.1"));
    let found = found.into_iter().find(|path| path.exists());
    found.expect("libfaketime is there: `cargo xtask setup` installs it")
}
