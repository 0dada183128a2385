//! `takt secret`: secrets by name. Their texts go in and never come out (B49).

use super::answer::Answer;
use super::context::Context;
use super::exit;
use super::table::table;
use crate::secrets;
use anyhow::{Context as _, Result};
use serde_json::json;
use std::collections::BTreeSet;
use std::io::Read as _;
use takt_config::SecretRef;

/// What is done with secrets.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Keep a secret; its text is read from standard input.
    Put {
        /// Its name: documents write secret:NAME.
        name: String,
    },
    /// List the secrets that are kept or that documents name, and whether each can be had.
    List,
}

pub(super) async fn run(command: Command, context: &Context) -> Result<Answer> {
    match command {
        Command::Put { name } => put(&name, context),
        Command::List => list(context).await,
    }
}

fn put(name: &str, context: &Context) -> Result<Answer> {
    let wrong = || exit::usage(format!("a secret cannot be called '{name}'; use letters, digits, '_', '-' and '.'"));
    let secret = SecretRef::parse(&format!("secret:{name}")).ok_or_else(wrong)?;
    let mut text = String::new();
    let read = std::io::stdin().lock().take(secrets::SECRET_BYTES_MAX + 1).read_to_string(&mut text);
    read.context("the secret is no text; write it as UTF-8 or PEM")?;
    if text.trim().is_empty() || text.len() as u64 > secrets::SECRET_BYTES_MAX {
        return Err(exit::usage("give the secret on standard input, at most 64 KiB: takt secret put NAME < FILE"));
    }
    let dir = context.data_dir()?;
    secrets::keep(&dir, &secret, &text).with_context(|| format!("{} cannot be written", dir.display()))?;
    Ok(Answer::new(format!("{name} is kept; documents write secret:{name}"), json!({ "name": name })))
}

async fn list(context: &Context) -> Result<Answer> {
    let dir = context.data_dir()?;
    let documents = context.documents().await?;
    let named = documents.connections.iter().flat_map(secrets::used_by);
    let all: BTreeSet<String> = secrets::kept(&dir).into_iter().chain(named).map(|s| s.name().to_owned()).collect();
    let (mut rows, mut listed) = (Vec::new(), Vec::new());
    for name in all {
        let Some(secret) = SecretRef::parse(&format!("secret:{name}")) else { continue };
        let why = secrets::reveal(&dir, &secret).err();
        rows.push([name.clone(), why.clone().unwrap_or_else(|| "there".to_owned())]);
        listed.push(json!({ "name": name, "resolves": why.is_none(), "why": why }));
    }
    Ok(Answer::new(table(["SECRET", ""], &rows), json!({ "secrets": listed })))
}
