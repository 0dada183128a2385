//! The gateway document's part: one box, so every key stands once over all documents.

use super::http::http_of;
use super::report::Report;
use crate::place::At;
use crate::resolved::{Gateway, History, Otlp, Pack, Runtime, Threads, WhenUnwritable};
use crate::written::document::{self as written, Document};
use crate::written::scalar::Whole;
use std::path::PathBuf;
use std::time::Duration;
use takt_plant::ExportClass;

const DATA_DIR: &str = "/var/lib/takt";
const HISTORY_BYTES_MAX: u64 = 10_000_000_000;
/// Below this the store's own pages leave no room for samples.
const HISTORY_BYTES_MIN: u64 = 10_000_000;
const RETENTION: Duration = Duration::from_hours(30 * 24);
const JOURNAL_LINGER: Duration = Duration::from_millis(2);
const TELEMETRY_EVERY: Duration = Duration::from_secs(10);

/// The box, when any document speaks of it.
pub(crate) fn gateway(documents: &[At<Document>], report: &mut Report) -> Option<Gateway> {
    let first = documents.iter().find(|d| speaks_of_the_box(d))?;
    let name = only(documents, "name", report, |d| d.name.as_ref());
    let site = only(documents, "site", report, |d| d.site.as_ref());
    let data_dir = only(documents, "data_dir", report, |d| d.data_dir.as_ref());
    let http = only(documents, "http", report, |d| d.http.as_ref());
    let runtime = only(documents, "runtime", report, |d| d.runtime.as_ref());
    let history = only(documents, "history", report, |d| d.history.as_ref());
    let mesh = only(documents, "mesh", report, |d| d.mesh.as_ref());
    let telemetry = only(documents, "telemetry", report, |d| d.telemetry.as_ref());
    if name.is_none() {
        report.missing(&first.place, "name", "write name = \"press-hall-1\": the name of this box, part of its topics");
    }
    if site.is_none() {
        report.missing(&first.place, "site", "write site = \"ulm\": the plant location at which this box stands");
    }
    no_mesh(mesh, report);
    let parts = (
        http_of(http, report),
        runtime_of(runtime),
        history_of(history, report),
        telemetry.and_then(|t| otlp_of(t, report)),
    );
    let (http, runtime, history, otlp) = parts;
    // Wherever a command is typed, it means the folder beside the document.
    let data_dir = data_dir.map(|dir| At::new(dir.beside_document(), dir.place.clone()));
    let data_dir = data_dir.unwrap_or_else(|| At::built_in(PathBuf::from(DATA_DIR), "data_dir"));
    Some(Gateway { name: name?.clone(), site: site?.clone(), data_dir, http, runtime, history, otlp })
}

fn speaks_of_the_box(d: &Document) -> bool {
    let tables = d.http.is_some() || d.runtime.is_some() || d.history.is_some() || d.telemetry.is_some();
    d.name.is_some() || d.site.is_some() || d.data_dir.is_some() || d.mesh.is_some() || tables
}

/// The value of a key that may stand in one document only.
fn only<'d, T>(
    documents: &'d [At<Document>],
    key: &str,
    report: &mut Report,
    pick: impl Fn(&'d Document) -> Option<&'d At<T>>,
) -> Option<&'d At<T>> {
    let mut written = documents.iter().filter_map(|d| pick(&d.value));
    let first = written.next()?;
    for again in written {
        report.reference(
            &again.place,
            format!("`{key}` stands already at {}", first.place),
            "keep one of the two: a box is described once",
        );
    }
    Some(first)
}

fn no_mesh(mesh: Option<&At<written::Mesh>>, report: &mut Report) {
    if let Some(enabled) = mesh.and_then(|m| m.enabled.as_ref())
        && enabled.value
    {
        report.wrong(
            &enabled.place,
            "the mesh comes with a later version",
            "write enabled = false, or leave the table out",
        );
    }
}

fn runtime_of(runtime: Option<&At<written::Runtime>>) -> Runtime {
    let threads = |written: Option<&At<Whole<1, 256>>>| written.map_or(Threads::Auto, |n| Threads::Exactly(n.value.0));
    Runtime {
        library: runtime.and_then(|r| r.library.clone()),
        pack: runtime.and_then(|r| r.pack.clone()).unwrap_or_else(|| At::built_in(Pack::Cpu, "runtime.pack")),
        shards: threads(runtime.and_then(|r| r.shards.as_ref())),
        executor_threads: threads(runtime.and_then(|r| r.executor_threads.as_ref())),
    }
}

fn history_of(history: Option<&At<written::History>>, report: &mut Report) -> History {
    let bytes_max = history.and_then(|h| h.bytes_max.as_ref());
    if let Some(bytes) = bytes_max
        && bytes.value.0 < HISTORY_BYTES_MIN
    {
        report.wrong(&bytes.place, format!("{} bytes hold no history", bytes.value.0), "write at least \"10MB\"");
    }
    let retention = history.and_then(|h| h.retention.as_ref());
    let linger = history.and_then(|h| h.journal_linger.as_ref());
    let (minute, century) = (Duration::from_mins(1), Duration::from_hours(100 * 366 * 24));
    History {
        bytes_max: bytes_max.map_or(HISTORY_BYTES_MAX, |b| b.value.0),
        retention: report.duration(retention, RETENTION, minute, century),
        journal_linger: report.duration(linger, JOURNAL_LINGER, Duration::ZERO, Duration::from_secs(1)),
        when_unwritable: history.and_then(|h| h.when_unwritable.as_deref().copied()).unwrap_or(WhenUnwritable::Judge),
    }
}

fn otlp_of(telemetry: &At<written::Telemetry>, report: &mut Report) -> Option<Otlp> {
    let every =
        report.duration(telemetry.every.as_ref(), TELEMETRY_EVERY, Duration::from_millis(100), Duration::from_hours(1));
    let url = telemetry.otlp.clone()?;
    if !url.starts_with("http://") && !url.starts_with("https://") {
        report.wrong(&url.place, "this is not the address of a collector", "write \"http://127.0.0.1:4318\"");
    } else if url.contains('@') {
        report.wrong(&url.place, "a user or password must not stand in an address", "leave out what stands before '@'");
    }
    Some(Otlp { url, reach: telemetry.site.as_ref().map_or(ExportClass::SameSite, |s| s.value.0), every })
}
