//! Logs: one line an event on standard error, where journald takes them.

use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogForm {
    /// With time and, on a terminal, colours.
    Text,
    /// Without time, because journald adds its own.
    Journal,
}

/// Why logging could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The filter is not one.
    #[error("'{filter}' is no log filter; write `info`, or `info,takt::api=debug`")]
    Filter {
        /// What was written.
        filter: String,
        /// What was wrong.
        source: tracing_subscriber::filter::ParseError,
    },
    /// Logging was set up before.
    #[error("logging is set up already")]
    Twice(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Sets up logging for the whole process. Once.
pub fn log(filter: &str, form: LogForm) -> Result<(), LogError> {
    let filter = EnvFilter::try_new(filter).map_err(|source| LogError::Filter { filter: filter.to_owned(), source })?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let set = match form {
        LogForm::Text => lines.with_ansi(std::io::stderr().is_terminal()).try_init(),
        LogForm::Journal => lines.with_ansi(false).without_time().try_init(),
    };
    set.map_err(LogError::Twice)
}

impl LogForm {
    /// Journal form where standard error is connected to journald, as systemd says.
    pub fn fitting() -> Self {
        if std::env::var_os("JOURNAL_STREAM").is_some() { Self::Journal } else { Self::Text }
    }
}
