//! The gateway's end of the control socket.

use super::command::WireCommand;
use super::{Actor, Command, Control, ControlError, LINE_BYTES_MAX, Line, Teller, socket_path};
use crate::telemetry::{Meters, Metric};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::unix::OwnedWriteHalf;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

/// Commands at once.
const CALLS_MAX: usize = 8;
/// How long the caller may take to say its command, or to take a line of the answer.
const LINE_TIMEOUT: Duration = Duration::from_secs(5);

/// Why the socket cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum SocketError {
    /// Another takt runs here.
    #[error("another takt runs on {path}; stop it first, or give this one another data_dir")]
    Running {
        /// The socket.
        path: PathBuf,
    },
    /// The file system refuses it.
    #[error("the control socket {path} cannot be made; data_dir must be writable by this user")]
    Refused {
        /// The socket.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// The bound control socket.
pub struct ControlServer {
    listener: UnixListener,
    path: PathBuf,
    control: Arc<dyn Control>,
    meters: Meters,
}

impl ControlServer {
    /// Binds `takt.sock` in the data directory, readable and writable by this user only. A socket
    /// that a killed gateway left is replaced; one that answers is another gateway's.
    pub fn bind(data_dir: &Path, control: Arc<dyn Control>, meters: Meters) -> Result<Self, SocketError> {
        let path = socket_path(data_dir);
        if std::os::unix::net::UnixStream::connect(&path).is_ok() {
            return Err(SocketError::Running { path });
        }
        match bind_private(&path) {
            Ok(listener) => Ok(Self { listener, path, control, meters }),
            Err(source) => Err(SocketError::Refused { path, source }),
        }
    }

    /// Answers until it is told to end, then removes the socket.
    pub async fn run(self, until: CancellationToken) {
        let free = Arc::new(Semaphore::new(CALLS_MAX));
        loop {
            let accepted = tokio::select! {
                () = until.cancelled() => break,
                accepted = self.listener.accept() => accepted,
            };
            let Ok((stream, _)) = accepted else {
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            };
            let Ok(permit) = Arc::clone(&free).try_acquire_owned() else {
                self.meters.warn(Metric::ControlCommands, "busy", "too many control commands at once");
                continue;
            };
            let (control, meters) = (Arc::clone(&self.control), self.meters.clone());
            tokio::spawn(async move {
                attend(stream, &*control, &meters).await;
                drop(permit);
            });
        }
        drop(std::fs::remove_file(&self.path));
    }
}

/// Binds under another name, sets the mode, then moves it into place: the socket is never open to
/// others, not even for a moment.
fn bind_private(path: &Path) -> io::Result<UnixListener> {
    let draft = path.with_extension("sock.new");
    match std::fs::remove_file(&draft) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(&draft)?;
    std::fs::set_permissions(&draft, std::fs::Permissions::from_mode(0o600))?;
    std::fs::rename(&draft, path)?;
    Ok(listener)
}

async fn attend(stream: UnixStream, control: &dyn Control, meters: &Meters) {
    let Ok(peer) = stream.peer_cred() else { return };
    let actor = Actor::of(peer.uid(), peer.pid());
    let (reading, mut writing) = stream.into_split();
    let mut first = Vec::new();
    let mut reading = BufReader::new(reading.take(LINE_BYTES_MAX as u64));
    let said = tokio::time::timeout(LINE_TIMEOUT, reading.read_until(b'\n', &mut first)).await;
    let answer = match said {
        Ok(Ok(_)) if first.ends_with(b"\n") => match parse(&first) {
            Ok(command) => carry_out(actor, command, control, meters, &mut writing).await,
            Err(why) => {
                meters.warn(Metric::ControlCommands, "unreadable", &why.error);
                Line::Error { error: why.error, hint: why.hint }
            }
        },
        _ => {
            meters.warn(Metric::ControlCommands, "unreadable", "a caller said no command in time");
            Line::Error {
                error: format!("no command of at most {LINE_BYTES_MAX} bytes came in time"),
                hint: "write one JSON line".to_owned(),
            }
        }
    };
    drop(tell(&mut writing, &answer).await);
}

fn parse(line: &[u8]) -> Result<Command, ControlError> {
    let hint = "use the `takt` program of the same version as the gateway";
    let wire: WireCommand = serde_json::from_slice(line)
        .map_err(|why| ControlError::new(format!("the command cannot be read: {why}"), hint))?;
    Command::try_from(wire).map_err(|why| ControlError::new(why.to_string(), "names stand in `takt line list`"))
}

async fn carry_out(
    actor: Actor,
    command: Command,
    control: &dyn Control,
    meters: &Meters,
    writing: &mut OwnedWriteHalf,
) -> Line {
    let said = format!("{} by {actor}", command.word());
    let (teller, mut told) = Teller::new();
    let mut run = control.run(actor, command, teller);
    let ended = loop {
        tokio::select! {
            ended = &mut run => break ended,
            // A caller that went away does not stop what it began.
            Some(progress) = told.recv() => drop(tell(writing, &Line::Progress { progress }).await),
        }
    };
    match ended {
        Ok(ok) => {
            meters.say(Metric::ControlCommands, "done", &said);
            Line::Ok { ok }
        }
        Err(why) => {
            meters.warn(Metric::ControlCommands, "refused", &format!("{said}: {}", why.error));
            Line::Error { error: why.error, hint: why.hint }
        }
    }
}

async fn tell(writing: &mut OwnedWriteHalf, line: &Line) -> io::Result<()> {
    let mut text = serde_json::to_vec(line).map_err(io::Error::other)?;
    text.push(b'\n');
    tokio::time::timeout(LINE_TIMEOUT, writing.write_all(&text)).await?
}
