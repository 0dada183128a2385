//! `takt learn`: a baseline from good production, packed as an ordinary model.
//!
//! Rows come from a CSV file ([`rows`]) or from the gateway's own history ([`history`]); learning
//! itself is [`crate::learn`].

mod history;
mod method;
mod rows;
mod save;

use super::answer::Answer;
use super::context::Context;
use super::exit;
use crate::learn::WrongAsk;
use anyhow::{Context as _, Result};
use history::FromHistory;
use method::Method;
use rows::FromCsv;
use save::Save;

/// From what, how, and where to.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    csv: FromCsv,
    #[command(flatten)]
    history: FromHistory,
    #[command(flatten)]
    method: Method,
    #[command(flatten)]
    save: Save,
}

pub(super) async fn run(arguments: Arguments, context: &Context) -> Result<Answer> {
    let Arguments { csv, history, method, save } = arguments;
    let taken = match (csv.is_asked(), history.is_asked()) {
        (true, false) => csv.take()?,
        (false, true) => history.take(context).await.map_err(asked)?,
        _ => {
            let how = "say what to learn from: --csv FILE, or --line LINE --check CHECK for the gateway's history";
            return Err(exit::usage(how));
        }
    };
    if let Some(left_out) = &taken.left_out {
        eprintln!("takt: {left_out}");
    }
    let learned = taken.learn(&method.plain()).with_context(|| format!("nothing was learned from {}", taken.from))?;
    save.keep(&learned, &taken, context).await
}

/// What cannot be asked for like this is a wrong use of the command.
fn asked(error: anyhow::Error) -> anyhow::Error {
    match error.downcast::<WrongAsk>() {
        Ok(WrongAsk(what)) => exit::usage(what),
        Err(error) => error,
    }
}
