//! Files that documents name: paths that lead nowhere, and files that are not there on this box.

use std::io::{Error, ErrorKind, Read, Result};
use std::path::Path;
use takt_config::resolved::{Connection, ConnectionKind, ListenTls};
use takt_config::{At, Pem, Problem, Problems, Resolved};

/// Largest certificate or key file: a bundle of every public authority has a quarter of it.
const PEM_BYTES_MAX: u64 = 1 << 20;

/// Reads a certificate or key file. What is no file is not opened, because it may have no end or nobody who
/// writes into it.
///
/// # Errors
/// It cannot be read, is no file, or is larger than 1 MiB.
pub fn read(path: &Path) -> Result<Vec<u8>> {
    let wrong = |what: &str| Error::new(ErrorKind::InvalidInput, what);
    if !std::fs::metadata(path)?.is_file() {
        return Err(wrong("it is no file"));
    }
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(PEM_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > PEM_BYTES_MAX {
        return Err(wrong("it is larger than 1 MiB, and no certificate"));
    }
    Ok(bytes)
}

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
/// on which they run, so this is a warning of a check.
pub fn absent(documents: &Resolved) -> Problems {
    let of_http = documents.gateway.as_ref().and_then(|gateway| match &gateway.http.tls {
        Some(ListenTls::Given { certificate, key }) => Some([certificate, key]),
        Some(ListenTls::Generated) | None => None,
    });
    let refuses = "put it there on the box that runs this; `takt run` refuses to start without it";
    let waits = "put it there on the box that runs this; the connection is down until it is there";
    let of_http = of_http.into_iter().flatten().map(|pem| (pem, refuses));
    let all = of_http.chain(documents.connections.iter().flat_map(pems).map(|pem| (pem, waits)));
    let absent = all.filter_map(|(pem, hint)| {
        let Pem::File(path) = &pem.value else { return None };
        let path = At::new(path.clone(), pem.place.clone()).beside_document();
        let why = read(&path).err()?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_file_of_bounded_size_is_read() {
        let dir = tempfile::tempdir().expect("a folder");
        let file = |name: &str, n: usize| {
            let path = dir.path().join(name);
            std::fs::write(&path, vec![b'x'; n]).expect("it can be written");
            path
        };
        assert_eq!(read(&file("small", 10)).expect("it is read").len(), 10);
        for wrong in [file("large", (1 << 20) + 1).as_path(), Path::new("/dev/zero"), dir.path()] {
            assert!(read(wrong).is_err(), "{}", wrong.display());
        }
    }
}
