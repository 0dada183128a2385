//! Files that documents name: paths that lead nowhere, and files that are not there on this box.

use std::path::Path;
use takt_config::resolved::{Connection, ConnectionKind, ListenTls};
use takt_config::{At, Pem, Problem, Problems, Resolved};

/// Every relative path in documents of these names: a document in the store has no folder, so such a path
/// leads nowhere. The configuration file has one.
pub fn rootless(documents: &Resolved, names: &[&str]) -> Problems {
    let what = "a document in the store has no folder from which this path could be seen";
    let hint = "write the whole path, beginning with /";
    let of = |connection: &Connection| -> Vec<Problem> {
        let relative = |path: &Path, at: Problem| path.is_relative().then_some(at);
        if let ConnectionKind::Replay(replay) = &connection.kind {
            return relative(&replay.file, replay.file.problem(what, hint)).into_iter().collect();
        }
        let files = pems(connection).filter_map(|pem| match &pem.value {
            Pem::File(path) => relative(path, pem.problem(what, hint)),
            Pem::Secret(_) => None,
        });
        files.collect()
    };
    let problems = documents.connections.iter().flat_map(of);
    problems.filter(|problem| names.contains(&&*problem.place.file)).collect()
}

/// Certificate and key files that cannot be read here. Documents may be checked on another box than the one
/// on which they run, so this is a warning of a check; the box that runs refuses them.
pub fn absent(documents: &Resolved) -> Problems {
    let of_http = documents.gateway.as_ref().and_then(|gateway| match &gateway.http.tls {
        Some(ListenTls::Given { certificate, key }) => Some([certificate, key]),
        Some(ListenTls::Generated) | None => None,
    });
    let all = of_http.into_iter().flatten().chain(documents.connections.iter().flat_map(pems));
    let absent = all.filter_map(|pem| {
        let Pem::File(path) = &pem.value else { return None };
        let path = At::new(path.clone(), pem.place.clone()).beside_document();
        let why = std::fs::File::open(&path).err()?;
        let hint = "put it there on the box that runs this; `takt run` refuses to start without it";
        Some(pem.problem(format!("{} cannot be read here: {why}", path.display()), hint))
    });
    absent.collect()
}

/// The certificates and keys of a connection.
fn pems(connection: &Connection) -> impl Iterator<Item = &At<Pem>> {
    let tls = match &connection.kind {
        ConnectionKind::Mqtt(mqtt) => mqtt.tls.as_ref(),
        ConnectionKind::ModbusTcp(_) | ConnectionKind::Replay(_) => None,
    };
    tls.into_iter().flat_map(|tls| tls.ca.iter().chain(tls.identity.iter().flat_map(|(c, k)| [c, k])))
}
