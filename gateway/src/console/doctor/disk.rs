//! The data folder: whether it can be written, and how much room there is.

use super::finding::{Finding, Grade};
use crate::console::table::bytes;
use crate::run;
use std::path::Path;
use takt_config::resolved::Gateway;

/// Room without which nothing works: the store's write-ahead log and a few models.
const FREE_BYTES_MIN: u64 = 200_000_000;

pub(super) fn examine(gateway: &Gateway, findings: &mut Vec<Finding>) {
    let dir = &*gateway.data_dir;
    // What is not there yet will be made in the nearest folder that is.
    let there = dir.ancestors().find(|folder| folder.exists()).unwrap_or(Path::new("/"));
    let there = if there.as_os_str().is_empty() { Path::new(".") } else { there };
    let trial = there.join(format!(".takt-doctor-{}", std::process::id()));
    // Where nothing can be written, it is no matter how much room there is.
    let written = std::fs::write(&trial, b"trial").and_then(|()| std::fs::remove_file(&trial));
    findings.push(match written {
        Ok(()) if there == dir => Finding::good("data_dir", format!("{} can be written", dir.display())),
        Ok(()) => Finding::good("data_dir", format!("{} will be made", dir.display())),
        Err(error) => {
            let text = format!("{} cannot be written ({error}); give it to this user, or set data_dir", shown(there));
            Finding::broken("data_dir", text)
        }
    });
    if findings.last().is_some_and(|finding| finding.grade == Grade::Broken) {
        return;
    }
    match rustix::fs::statvfs(there) {
        Ok(room) => findings.push(space(room.f_bavail.saturating_mul(room.f_frsize), gateway)),
        Err(error) => findings.push(Finding::note("disk", format!("the system does not tell how full it is: {error}"))),
    }
}

/// The folder's whole path, so that it can be given to somebody.
fn shown(folder: &Path) -> String {
    std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned()).display().to_string()
}

fn space(free: u64, gateway: &Gateway) -> Finding {
    let bytes_max = gateway.history.bytes_max;
    let files = std::fs::read_dir(run::store_dir(gateway)).into_iter().flatten().flatten();
    let used: u64 = files.filter_map(|file| file.metadata().ok()).map(|file| file.len()).sum();
    let text = format!("{} free, the store has {} and may have {}", bytes(free), bytes(used), bytes(bytes_max));
    if free < FREE_BYTES_MIN {
        Finding::broken("disk", format!("{text}; free at least {}", bytes(FREE_BYTES_MIN)))
    } else if free.saturating_add(used) < bytes_max {
        Finding::note("disk", format!("{text}: it will be full before; lower history.bytes_max"))
    } else {
        Finding::good("disk", text)
    }
}
