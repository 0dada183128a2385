//! Parts of a press: what good ones measure, the baseline learned from them, and the document that
//! judges them through a PLC.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use takt_tests::gateway::Gateway;

/// A part's force, power and oil.
pub(crate) type Part = [f64; 3];

/// A part in the middle of all good ones.
pub(crate) const GOOD: Part = [100.0, 20.0, 5.0];
/// A part whose oil is far off.
pub(crate) const FAULTY: Part = [100.0, 20.0, 9.5];

/// Good parts whose columns hang together; the same ones each time.
pub(crate) fn training(n: usize) -> Vec<Part> {
    let mut seed = 7_u64;
    let mut noise = || {
        // xorshift64 (G. Marsaglia, J. Stat. Software 8, 2003); four of them are near enough to a normal number.
        let mut sum = 0.0;
        for _ in 0..4 {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            sum += (seed % 1_000_000) as f64 / 1e6 - 0.5;
        }
        sum
    };
    let part = |_| {
        let (load, heat) = (noise(), noise());
        [GOOD[0] + load, GOOD[1] + load + heat, GOOD[2] + heat + 0.1 * noise()]
    };
    (0..n).map(part).collect()
}

/// Parts as rows of a CSV file without names.
pub(crate) fn rows(parts: &[Part]) -> String {
    let mut text = String::new();
    for [force, power, oil] in parts {
        writeln!(text, "{force},{power},{oil}").expect("a string");
    }
    text
}

/// Learns the baseline `press` from good parts, as a user does, and activates it.
pub(crate) fn learn(gateway: &Gateway) {
    let csv = path(gateway, "good.csv");
    std::fs::write(&csv, format!("force,power,oil\n{}", rows(&training(300)))).expect("the folder can be written");
    gateway.run_ok(&["learn", "--csv", text(&csv), "--name", "press", "--activate"]);
}

/// A file in a gateway's folder.
pub(crate) fn path(gateway: &Gateway, name: &str) -> PathBuf {
    gateway.folder().join(name)
}

/// A path as an argument.
pub(crate) fn text(path: &Path) -> &str {
    path.to_str().expect("a path of the tests is text")
}
