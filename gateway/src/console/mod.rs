//! The program on the command line: what is asked for, carried out, and said in words or in JSON.
//!
//! Each command has its file: arguments first, then what it does. It gives an [`Answer`] or an error;
//! only this module prints, and only [`exit`] knows exit codes. What changes a running gateway goes
//! through its control socket, so that the gateway does it and knows who asked; where none runs, the
//! command opens the folder itself.

mod answer;
mod backup;
mod check;
mod context;
mod doctor;
mod exit;
mod export;
mod field;
mod learn;
mod line;
mod live;
mod model;
mod output;
mod replay;
mod secret;
mod serve;
mod table;
mod user;
mod when;

use crate::telemetry::{self, LogForm};
use answer::Answer;
use clap::{Parser, Subcommand};
use context::Context;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

/// Takt judges every part, stroke or second of a production line with a quality model.
#[derive(Debug, Parser)]
#[command(name = "takt", version, about, arg_required_else_help = true, max_term_width = 110)]
#[command(after_help = "Exit codes: 0 clean, 1 failed, 64 wrong usage, 78 wrong configuration.")]
struct Arguments {
    /// The gateway's configuration, takt.toml; without it the built-in defaults count.
    #[arg(long, global = true, value_name = "FILE", env = "TAKT_CONFIG")]
    config: Option<PathBuf>,
    /// Answer in JSON, for programs.
    #[arg(long, global = true)]
    json: bool,
    /// What is logged to standard error, such as `info` or `warn,takt::run=debug`.
    #[arg(long, global = true, value_name = "FILTER", env = "TAKT_LOG")]
    log: Option<String>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the gateway until it is told to end.
    Run,
    /// Check documents without applying them; names every problem at once.
    Check(check::Arguments),
    /// Write samples or verdicts of any span as CSV or Parquet.
    #[command(subcommand)]
    Export(export::Command),
    /// Learn a baseline from good production and pack it as a model.
    Learn(Box<learn::Arguments>),
    /// Examine this box: library, devices, disk, clock, port, secrets, documents.
    Doctor,
    /// Show how the running gateway does.
    Status,
    /// Show the live values of a line's tags.
    Tags(live::Tags),
    /// Try a connection step by step: name, TCP, TLS, login, first read.
    Test(field::Test),
    /// Read a register of a Modbus device, in every type and order.
    Read(field::Read),
    /// Find out which registers a Modbus device has.
    Scan(field::Scan),
    /// Listen to a broker's topics.
    Topics(field::Topics),
    /// Run recorded files through the pipeline, in a folder of its own, and count the verdicts.
    Replay(replay::Arguments),
    /// Apply, export and roll back documents of connections and lines.
    #[command(subcommand)]
    Line(line::Command),
    /// Pack, inspect, install, list and activate models.
    #[command(subcommand)]
    Model(model::Command),
    /// Keep secrets, by name, outside of documents.
    #[command(subcommand)]
    Secret(secret::Command),
    /// Arm an output, so that its writes go out, or disarm it.
    #[command(subcommand)]
    Output(output::Command),
    /// Write documents, models, users and alarms into one file, without clear secrets.
    Backup(backup::Backup),
    /// Restore such a file, verified whole before anything changes.
    Restore(backup::Restore),
    /// Make, change and remove those who may sign in.
    #[command(subcommand)]
    User(user::Command),
}

/// Carries out a command line.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => return exit::of_usage(&error).into(),
    };
    let context = Context::new(arguments.config, arguments.json);
    let usual = if arguments.command.is_running() { "info" } else { "warn" };
    let log = telemetry::log(arguments.log.as_deref().unwrap_or(usual), LogForm::fitting());
    let ended = log.map_err(|error| exit::usage(error.to_string())).and_then(|()| {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        runtime.block_on(arguments.command.carry_out(&context))
    });
    let exit = match ended {
        Ok(answer) => answer.print(context.json),
        Err(error) => exit::of_error(&error, context.json),
    };
    exit.into()
}

impl Command {
    /// Whether it runs a gateway in this process.
    fn is_running(&self) -> bool {
        matches!(self, Self::Run)
    }

    async fn carry_out(self, context: &Context) -> anyhow::Result<Answer> {
        match self {
            Self::Run => serve::run(context).await,
            Self::Check(arguments) => check::run(&arguments, context),
            Self::Learn(arguments) => learn::run(*arguments, context).await,
            Self::Doctor => doctor::run(context).await,
            Self::Export(command) => export::run(command, context).await,
            Self::Status => live::status(context).await,
            Self::Tags(tags) => live::tags(&tags, context).await,
            Self::Test(test) => test.carry_out(context).await,
            Self::Read(read) => read.carry_out(context).await,
            Self::Scan(scan) => scan.carry_out(context).await,
            Self::Topics(topics) => topics.carry_out(context).await,
            Self::Replay(arguments) => replay::run(arguments, context).await,
            Self::Line(command) => line::run(command, context).await,
            Self::Model(command) => model::run(command, context).await,
            Self::Secret(command) => secret::run(command, context).await,
            Self::Output(command) => output::run(&command, context).await,
            Self::Backup(backup) => backup.carry_out(context).await,
            Self::Restore(restore) => restore.carry_out(context).await,
            Self::User(command) => user::run(command, context).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_arguments_do_not_contradict_each_other() {
        Arguments::command().debug_assert();
    }
}
