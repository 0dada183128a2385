//! `takt check`: documents as they would be applied, with every problem at once.

use super::answer::Answer;
use super::context::Context;
use super::exit;
use super::table::bytes;
use crate::documents::Checked;
use anyhow::Result;
use serde_json::json;
use std::path::PathBuf;

/// What is checked.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Documents in TOML or JSON; they are checked together, and with --config where it is given.
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
}

pub(super) fn run(arguments: &Arguments, context: &Context) -> Result<Answer> {
    let mut files = arguments.files.clone();
    files.extend(context.source.config.iter().filter(|config| !arguments.files.contains(config)).cloned());
    if files.is_empty() {
        return Err(exit::usage("name at least one document: takt check FILE…"));
    }
    let Checked { documents, warnings, memory } = crate::documents::check(&files)?;
    let (lines, connections) = (documents.lines.len(), documents.connections.len());
    let checks: usize = documents.lines.iter().map(|line| line.checks.len()).sum();
    let tags: usize = documents.lines.iter().map(|line| line.tags.len()).sum();
    let mut text = format!("valid: {connections} connections, {lines} lines, {tags} tags, {checks} checks");
    text.push_str(&format!(
        "\nmemory at most, without models: windows {}, connections {}, queues behind a slow disk {}",
        bytes(memory.windows),
        bytes(memory.connections),
        bytes(memory.queues)
    ));
    for warning in &warnings {
        text.push_str(&format!("\nwarning: {warning}"));
    }
    Ok(Answer::new(
        text,
        json!({
            "problems": [], "warnings": exit::problems_json(&warnings), "connections": connections, "lines": lines,
            "tags": tags, "checks": checks,
            "memory": {
                "windows_bytes": memory.windows, "connections_bytes": memory.connections, "queues_bytes": memory.queues,
            },
        }),
    ))
}
