//! What a command answers: the same in words and in JSON.

use super::exit::Exit;
use serde_json::Value;
use std::io::Write;

/// An answer, before anybody knows in which form it is wanted.
#[derive(Debug)]
pub(super) struct Answer {
    /// For people; empty says nothing.
    pub text: String,
    /// For programs.
    pub json: Value,
    /// How the command ended.
    pub exit: Exit,
}

impl Answer {
    /// The answer of a command that did what it was asked for.
    pub fn new(text: impl Into<String>, json: Value) -> Self {
        Self { text: text.into(), json, exit: Exit::Clean }
    }

    /// The same with another exit code.
    pub fn with_exit(self, exit: Exit) -> Self {
        Self { exit, ..self }
    }

    /// Prints it on standard output.
    pub fn print(self, as_json: bool) -> Exit {
        if as_json {
            say(&format!("{:#}", self.json));
        } else if !self.text.is_empty() {
            say(self.text.trim_end());
        }
        self.exit
    }
}

/// Prints a text. A reader that went away (`takt … | head`) is no error.
pub(super) fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    drop(writeln!(out, "{text}").and_then(|()| out.flush()));
}
