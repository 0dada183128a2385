//! What a process has used, as the kernel keeps it under `/proc`.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::time::Duration;

/// CPU time of each living thread of a process, by thread id.
pub(crate) struct Account(BTreeMap<OsString, u64>);

/// Reads the account of a process, from the scheduler's figures in nanoseconds: the 10 ms steps of
/// `/proc/PID/stat` would be a tenth of a short round.
///
/// # Panics
/// When the process has ended.
pub(crate) fn cpu(pid: u32) -> Account {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).expect("the process runs");
    let on_cpu = |thread: fs::DirEntry| -> Option<(OsString, u64)> {
        let text = fs::read_to_string(thread.path().join("schedstat")).ok()?;
        Some((thread.file_name(), text.split(' ').next()?.parse().ok()?))
    };
    Account(threads.filter_map(|thread| on_cpu(thread.ok()?)).collect())
}

impl Account {
    /// What was used since an earlier account. What a thread used that ended in between is not in
    /// it: those are idle helpers of a thread pool.
    pub(crate) fn since(&self, before: &Self) -> Duration {
        let used =
            |(thread, ns): (&OsString, &u64)| ns.saturating_sub(before.0.get(thread).copied().unwrap_or_default());
        Duration::from_nanos(self.0.iter().map(used).sum())
    }
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
