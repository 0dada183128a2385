//! `takt read`, `scan` and `topics`: what the field devices really say, over connections of their own.

mod registers;
mod topics;
mod trial;

use super::context::Context;
use crate::field::FieldError;
use anyhow::{Context as _, Result, anyhow};
use takt_config::resolved::Connection;
use takt_config::{Source, read};

pub(super) use registers::{Read, Scan};
pub(super) use topics::Topics;
pub(super) use trial::Test;

/// A connection by its name in the documents, or by its address alone.
async fn connection(name: &str, kind: &str, context: &Context) -> Result<Connection> {
    if name.contains(':') {
        return bare(name, kind);
    }
    let documents = context.documents().await?;
    let found = documents.connections.iter().find(|connection| connection.id.as_str() == name);
    let known: Vec<&str> = documents.connections.iter().map(|connection| connection.id.as_str()).collect();
    let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
    let found = found.with_context(|| {
        format!("there is no connection '{name}', the documents have {known}; an address such as 10.0.0.10:502 or mqtt://broker:1883 will do as well")
    })?;
    Ok(found.clone())
}

/// A connection that stands in no document.
fn bare(address: &str, kind: &str) -> Result<Connection> {
    let key = if kind == "mqtt" { "url" } else { "address" };
    let text = format!("[[connections]]\nid = \"asked\"\nkind = {kind:?}\n{key} = {address:?}\n");
    let mut documents = read(&[Source::new("the command line", text)])?;
    documents.connections.pop().context("the address was read, so its connection is there")
}

/// What the field said instead of an answer, with what to do; problems of documents stay problems.
fn said(why: FieldError) -> anyhow::Error {
    match why {
        FieldError::Documents(problems) => problems.into(),
        FieldError::Wrong { error, hint }
        | FieldError::NotFound { error, hint }
        | FieldError::Silent { error, hint } => {
            anyhow!("{error}; {hint}")
        }
    }
}
