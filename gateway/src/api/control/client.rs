//! The console's end of the control socket.

use super::command::WireCommand;
use super::{Command, ControlError, LINE_BYTES_MAX, Line, Progress, socket_path};
use std::io;
use std::path::{Path, PathBuf};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;

/// Why a command was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// Nobody listens.
    #[error("no gateway runs on {path}; start it with `takt run`, or name its data_dir")]
    NotRunning {
        /// The socket.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another user's gateway.
    #[error("{path} belongs to another user; run this as the gateway's user, for example with `sudo -u takt`")]
    NotAllowed {
        /// The socket.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The gateway ended or hung up before it answered.
    #[error("the gateway went away before it answered; whether it was done shows `takt status`")]
    Cut(#[source] io::Error),
    /// The gateway refused.
    #[error("{}; {}", .0.error, .0.hint)]
    Refused(ControlError),
}

/// Asks the gateway of this data directory to carry out a command, and waits for its end.
pub async fn call(
    data_dir: &Path,
    command: Command,
    mut progress: impl FnMut(Progress),
) -> Result<serde_json::Value, CallError> {
    let stream = connect(&socket_path(data_dir)).await?;
    let (reading, mut writing) = stream.into_split();
    let mut text = serde_json::to_vec(&WireCommand::from(command)).map_err(|why| CallError::Cut(why.into()))?;
    text.push(b'\n');
    writing.write_all(&text).await.map_err(CallError::Cut)?;
    let mut reading = BufReader::new(reading);
    loop {
        let mut line = Vec::new();
        let n =
            (&mut reading).take(LINE_BYTES_MAX as u64).read_until(b'\n', &mut line).await.map_err(CallError::Cut)?;
        if n == 0 {
            return Err(CallError::Cut(io::ErrorKind::UnexpectedEof.into()));
        }
        match serde_json::from_slice(&line).map_err(|why| CallError::Cut(why.into()))? {
            Line::Progress { progress: told } => progress(told),
            Line::Ok { ok } => return Ok(ok),
            Line::Error { error, hint } => return Err(CallError::Refused(ControlError::new(error, hint))),
        }
    }
}

async fn connect(path: &Path) -> Result<UnixStream, CallError> {
    let path = path.to_path_buf();
    UnixStream::connect(&path).await.map_err(|source| match source.kind() {
        io::ErrorKind::PermissionDenied => CallError::NotAllowed { path, source },
        _ => CallError::NotRunning { path, source },
    })
}
