//! The local control socket: what moves something goes through here, and the kernel says who asks.
//!
//! A Unix socket in the data directory (0600), one command a connection: the caller writes a JSON
//! line, the gateway answers with JSON lines, of which the last says how it ended. Between them a
//! long command (learning) may tell its progress. The caller's user id comes from the kernel
//! (`SO_PEERCRED`), never from the message, and is the actor of the audit event.
//!
//! ```text
//! → {"command":"arm","line":"press-3","check":"stroke","output":"reject"}
//! ← {"progress":{"done":0.4,"text":"…"}}          (any number, for long commands)
//! ← {"ok":{…}}   or   {"error":"…","hint":"…"}
//! ```

mod actor;
mod client;
mod command;
mod server;

pub use actor::Actor;
pub use client::{CallError, call};
pub use command::{Command, Control, ControlError, Progress, Teller, Why};
pub use server::{ControlServer, SocketError};

use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// A line of either side: the largest document, with room for JSON's escapes. Only the gateway's own
/// user reaches the socket, and memory is taken as bytes come.
pub const LINE_BYTES_MAX: usize = 2 * takt_config::DOCUMENT_BYTES_MAX;

/// Where the socket lies.
pub fn socket_path(data_dir: &Path) -> PathBuf {
    data_dir.join("takt.sock")
}

/// A line that the gateway writes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", untagged)]
enum Line {
    Progress { progress: Progress },
    Ok { ok: serde_json::Value },
    Error { error: String, hint: String },
}
