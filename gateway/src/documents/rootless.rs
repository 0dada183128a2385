//! Paths in applied documents: such a document has no folder, so a relative path in it leads nowhere.

use std::path::Path;
use takt_config::resolved::{Connection, ConnectionKind};
use takt_config::{Pem, Problem, Problems, Resolved};

/// Every relative path in documents of these names. The configuration file has a folder.
pub fn rootless(documents: &Resolved, names: &[&str]) -> Problems {
    let of = |connection: &Connection| -> Vec<Problem> {
        let relative = |path: &Path, at: Problem| path.is_relative().then_some(at);
        let what = "a document in the store has no folder from which this path could be seen";
        let hint = "write the whole path, beginning with /";
        match &connection.kind {
            ConnectionKind::Replay(replay) => {
                relative(&replay.file, replay.file.problem(what, hint)).into_iter().collect()
            }
            ConnectionKind::Mqtt(mqtt) => {
                let tls = mqtt.tls.iter();
                let pems = tls.flat_map(|tls| tls.ca.iter().chain(tls.identity.iter().flat_map(|(c, k)| [c, k])));
                let files = pems.filter_map(|pem| match &pem.value {
                    Pem::File(path) => relative(path, pem.problem(what, hint)),
                    Pem::Secret(_) => None,
                });
                files.collect()
            }
            ConnectionKind::ModbusTcp(_) => Vec::new(),
        }
    };
    let problems = documents.connections.iter().flat_map(of);
    problems.filter(|problem| names.contains(&&*problem.place.file)).collect()
}
