//! The commands of the control socket, and what carries them out.

use super::Actor;
use crate::access::UserOrder;
use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use takt_plant::{CheckId, InvalidId, LineId, OutputId};
use tokio::sync::mpsc;

/// Something that the console user wants done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Writes of this output go out from now on.
    Arm {
        /// The line.
        line: LineId,
        /// The check.
        check: CheckId,
        /// The output.
        output: OutputId,
    },
    /// Back to dry run, at once.
    Disarm {
        /// The line.
        line: LineId,
        /// The check.
        check: CheckId,
        /// The output.
        output: OutputId,
    },
    /// Reads the documents again and applies what changed.
    Reload,
    /// Keeps new versions of documents and brings them into force, all of them or none.
    Apply {
        /// The documents.
        documents: Vec<AppliedDocument>,
        /// Why, for their history.
        note: String,
    },
    /// Ends the program cleanly.
    Stop,
    /// Changes users: the way back in for whoever may use the console.
    User(UserOrder),
    /// Installs a package from a file that the gateway can read.
    ModelInstall {
        /// The file.
        path: PathBuf,
    },
    /// This version judges from the next window on, wherever the model is used.
    ModelActivate {
        /// The model.
        model: String,
        /// Its version.
        version: String,
    },
    /// Back to the version before.
    ModelRollback {
        /// The model.
        model: String,
    },
    /// Learns a baseline from what was recorded or comes.
    Learn {
        /// The line.
        line: LineId,
        /// The check.
        check: CheckId,
        /// How, in the learner's own words.
        options: serde_json::Value,
    },
}

/// A new version of a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AppliedDocument {
    /// Its name.
    pub name: String,
    /// Its text; `None` takes the document out of force and keeps its history.
    pub text: Option<String>,
}

/// How far a long command is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// Between 0 and 1.
    pub done: f64,
    /// What it is at, in words.
    pub text: String,
}

/// Tells progress to the caller. A caller that reads too slowly misses some, never delays.
#[derive(Debug, Clone)]
pub struct Teller(mpsc::Sender<Progress>);

/// Why a command was not carried out: what is wrong and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{error}")]
pub struct ControlError {
    /// What is wrong.
    pub error: String,
    /// What to do.
    pub hint: String,
}

/// Carries out commands. Implemented by the gateway's console; it writes the audit event.
pub trait Control: Send + Sync + 'static {
    /// Carries out a command for this actor.
    fn run(
        &self,
        actor: Actor,
        command: Command,
        teller: Teller,
    ) -> BoxFuture<'_, Result<serde_json::Value, ControlError>>;
}

impl Teller {
    pub(super) fn new() -> (Self, mpsc::Receiver<Progress>) {
        let (tell, told) = mpsc::channel(16);
        (Self(tell), told)
    }

    /// Tells how far it is.
    pub fn tell(&self, done: f64, text: impl Into<String>) {
        drop(self.0.try_send(Progress { done, text: text.into() }));
    }
}

impl ControlError {
    /// What is wrong and what to do.
    pub fn new(error: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { error: error.into(), hint: hint.into() }
    }
}

impl Command {
    /// Its word, for counters and events.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Arm { .. } => "arm",
            Self::Disarm { .. } => "disarm",
            Self::Reload => "reload",
            Self::Apply { .. } => "apply",
            Self::Stop => "stop",
            Self::User(_) => "user",
            Self::ModelInstall { .. } => "model_install",
            Self::ModelActivate { .. } => "model_activate",
            Self::ModelRollback { .. } => "model_rollback",
            Self::Learn { .. } => "learn",
        }
    }
}

/// A command as it goes over the socket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "command", deny_unknown_fields)]
pub(super) enum WireCommand {
    Arm { line: String, check: String, output: String },
    Disarm { line: String, check: String, output: String },
    Reload {},
    Apply { documents: Vec<AppliedDocument>, note: String },
    Stop {},
    User { order: UserOrder },
    ModelInstall { path: PathBuf },
    ModelActivate { model: String, version: String },
    ModelRollback { model: String },
    Learn { line: String, check: String, options: serde_json::Value },
}

impl From<Command> for WireCommand {
    fn from(command: Command) -> Self {
        let place = |line: LineId, check: CheckId| (line.to_string(), check.to_string());
        match command {
            Command::Arm { line, check, output } => {
                let (line, check) = place(line, check);
                Self::Arm { line, check, output: output.to_string() }
            }
            Command::Disarm { line, check, output } => {
                let (line, check) = place(line, check);
                Self::Disarm { line, check, output: output.to_string() }
            }
            Command::Reload => Self::Reload {},
            Command::Apply { documents, note } => Self::Apply { documents, note },
            Command::Stop => Self::Stop {},
            Command::User(order) => Self::User { order },
            Command::ModelInstall { path } => Self::ModelInstall { path },
            Command::ModelActivate { model, version } => Self::ModelActivate { model, version },
            Command::ModelRollback { model } => Self::ModelRollback { model },
            Command::Learn { line, check, options } => {
                let (line, check) = place(line, check);
                Self::Learn { line, check, options }
            }
        }
    }
}

impl TryFrom<WireCommand> for Command {
    type Error = InvalidId;

    fn try_from(wire: WireCommand) -> Result<Self, InvalidId> {
        Ok(match wire {
            WireCommand::Arm { line, check, output } => {
                Self::Arm { line: line.parse()?, check: check.parse()?, output: output.parse()? }
            }
            WireCommand::Disarm { line, check, output } => {
                Self::Disarm { line: line.parse()?, check: check.parse()?, output: output.parse()? }
            }
            WireCommand::Reload {} => Self::Reload,
            WireCommand::Apply { documents, note } => Self::Apply { documents, note },
            WireCommand::Stop {} => Self::Stop,
            WireCommand::User { order } => Self::User(order),
            WireCommand::ModelInstall { path } => Self::ModelInstall { path },
            WireCommand::ModelActivate { model, version } => Self::ModelActivate { model, version },
            WireCommand::ModelRollback { model } => Self::ModelRollback { model },
            WireCommand::Learn { line, check, options } => {
                Self::Learn { line: line.parse()?, check: check.parse()?, options }
            }
        })
    }
}
