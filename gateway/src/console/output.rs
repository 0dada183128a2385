//! `takt output`: arming and disarming, only through the running gateway, which writes down who did it.

use super::answer::Answer;
use super::context::Context;
use crate::api::control::Command as Order;
use anyhow::{Context as _, Result};
use std::str::FromStr;
use takt_plant::{CheckId, LineId, OutputId};

/// What is done with an output.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// From now on its writes go out to the PLC.
    Arm {
        /// The output, as LINE/CHECK/OUTPUT.
        #[arg(value_name = "LINE/CHECK/OUTPUT")]
        output: Place,
    },
    /// Back to dry run, at once: writes are only logged.
    Disarm {
        /// The output, as LINE/CHECK/OUTPUT.
        #[arg(value_name = "LINE/CHECK/OUTPUT")]
        output: Place,
    },
}

/// An output by its full name.
#[derive(Debug, Clone)]
pub(super) struct Place {
    line: LineId,
    check: CheckId,
    output: OutputId,
}

pub(super) async fn run(command: &Command, context: &Context) -> Result<Answer> {
    let (arm, place) = match command {
        Command::Arm { output } => (true, output),
        Command::Disarm { output } => (false, output),
    };
    let Place { line, check, output } = place.clone();
    let order = if arm { Order::Arm { line, check, output } } else { Order::Disarm { line, check, output } };
    let answer = context.ask(order).await?;
    let answer =
        answer.context("no gateway runs with this configuration; arming is state of a running one: `takt run`")?;
    let by = answer["by"].as_str().unwrap_or_default();
    let name = answer["output"].as_str().unwrap_or_default();
    let text = match arm {
        true => format!("{name} is armed by {by}: its writes go out to the PLC"),
        false => format!("{name} is in dry run again, by {by}: its writes are only logged"),
    };
    Ok(Answer::new(text, answer.clone()))
}

impl FromStr for Place {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts: Vec<&str> = text.split('/').collect();
        let [line, check, output] = parts[..] else {
            return Err("write LINE/CHECK/OUTPUT, such as press-3/stroke/reject; `takt status` lists them".into());
        };
        let wrong = |error: takt_plant::InvalidId| error.to_string();
        let (line, check) = (line.parse().map_err(wrong)?, check.parse().map_err(wrong)?);
        Ok(Self { line, check, output: output.parse().map_err(wrong)? })
    }
}
