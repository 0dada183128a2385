//! What a process has used, as the kernel keeps it under `/proc`.

use std::fs;
use std::time::Duration;

/// CPU time of a process, all its living threads, from the scheduler's account in nanoseconds. The
/// 10 ms steps of `/proc/PID/stat` would be a tenth of a short round.
///
/// # Panics
/// When the process has ended.
pub(crate) fn cpu(pid: u32) -> Duration {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).expect("the process runs");
    let on_cpu = |thread: fs::DirEntry| -> Option<u64> {
        let text = fs::read_to_string(thread.path().join("schedstat")).ok()?;
        text.split(' ').next()?.parse().ok()
    };
    Duration::from_nanos(threads.filter_map(|thread| on_cpu(thread.ok()?)).sum())
}

/// CPU time of each living thread of a process by its name, largest first.
pub(crate) fn threads(pid: u32) -> Vec<(String, Duration)> {
    let mut found = Vec::new();
    for thread in fs::read_dir(format!("/proc/{pid}/task")).expect("the process runs").flatten() {
        let read = |name: &str| fs::read_to_string(thread.path().join(name)).unwrap_or_default();
        let ns = read("schedstat").split(' ').next().and_then(|ns| ns.parse().ok()).unwrap_or_default();
        found.push((read("comm").trim().to_owned(), Duration::from_nanos(ns)));
    }
    found.sort_by_key(|(_, cpu)| std::cmp::Reverse(*cpu));
    found
}

/// Resident memory of a process in MB: now, and at its highest.
///
/// # Panics
/// When the process has ended.
pub(crate) fn resident_mb(pid: u32) -> (f64, f64) {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).expect("the process runs");
    let field = |name: &str| -> f64 {
        let line = text.lines().find_map(|line| line.strip_prefix(name)).expect("the kernel says it");
        let kib: f64 = line.trim().trim_end_matches(" kB").trim().parse().expect("a number of kB");
        kib * 1024.0 / 1e6
    };
    (field("VmRSS:"), field("VmHWM:"))
}
