//! `takt test`: a connection tried step by step.

use super::{connection, said};
use crate::console::answer::Answer;
use crate::console::context::Context;
use crate::console::exit::Exit;
use crate::console::table::table;
use crate::{documents, field};
use anyhow::Result;

/// What is tried.
#[derive(Debug, clap::Args)]
pub(in crate::console) struct Test {
    /// A connection of the documents, or an address such as 10.0.0.10:502 or mqtt://broker:1883.
    connection: String,
    /// What is read first: a register, or a topic filter [default: holding:0, or #].
    #[arg(long)]
    at: Option<String>,
}

impl Test {
    pub async fn carry_out(self, context: &Context) -> Result<Answer> {
        let kind = if self.connection.starts_with("mqtt") { "mqtt" } else { "modbus-tcp" };
        let connection = connection(&self.connection, kind, context).await?;
        let whose = documents::whose(&context.gateway()?);
        let tried = field::try_connection(&connection, self.at.as_deref(), &whose, None, context.clock).await;
        let report = tried.map_err(said)?;
        let row = |step: &field::TrialStep| {
            let mark = if step.ok { "ok" } else { "FAILED" };
            [step.name.clone(), mark.to_owned(), format!("{:.1}", step.ms), step.text.clone()]
        };
        let rows: Vec<_> = report.steps.iter().map(row).collect();
        let exit = if report.ok { Exit::Clean } else { Exit::Failed };
        let text = table(["STEP", "", "MS", "WHAT"], &rows);
        Ok(Answer::new(text, serde_json::to_value(&report)?).with_exit(exit))
    }
}
