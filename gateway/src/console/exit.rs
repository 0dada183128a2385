//! How a command ended: exit codes, and errors in words and in JSON.

use super::answer::say;
use crate::loader::sentence;
use clap::error::ErrorKind;
use serde_json::{Value, json};
use std::process::ExitCode;
use takt_config::{Problem, Problems};

/// How the program ended. The numbers are a promise; 64 and 78 are those of sysexits.h.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exit {
    /// It did what it was asked for.
    Clean = 0,
    /// It could not.
    Failed = 1,
    /// It was asked in a way that it does not understand.
    Usage = 64,
    /// The documents are wrong.
    Configuration = 78,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Wrong use that only shows after parsing.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Usage(String);

/// An error that says how the program wants to be asked.
pub(super) fn usage(what: impl Into<String>) -> anyhow::Error {
    Usage(what.into()).into()
}

/// Says what is wrong with a command line, or the help that was asked for.
pub(super) fn of_usage(error: &clap::Error) -> Exit {
    drop(error.print());
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Exit::Clean,
        _ => Exit::Usage,
    }
}

/// Says an error on standard error, and in JSON on standard output where that is wanted.
pub(super) fn of_error(error: &anyhow::Error, as_json: bool) -> Exit {
    let problems = error.downcast_ref::<Problems>();
    let text = sentence(error.as_ref());
    if as_json {
        let listed = problems.map(problems_json);
        say(&format!("{:#}", json!({ "error": text, "problems": listed })));
    }
    eprintln!("takt: {text}");
    match problems {
        Some(_) => Exit::Configuration,
        None if error.is::<Usage>() => Exit::Usage,
        None => Exit::Failed,
    }
}

/// Problems for programs, one by one.
pub(super) fn problems_json(problems: &Problems) -> Value {
    problems.iter().map(problem_json).collect()
}

fn problem_json(problem: &Problem) -> Value {
    json!({
        "file": &*problem.place.file,
        "line": problem.place.line,
        "column": problem.place.column,
        "key": &*problem.place.key,
        "kind": format!("{:?}", problem.kind),
        "what": problem.what,
        "hint": problem.hint,
    })
}
