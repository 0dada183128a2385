//! What every command may reach: the configuration, the folder, the running gateway, who asks.

use crate::api::control::{Actor, CallError, Command, call};
use crate::documents::{self, DocumentSource, KIND};
use crate::run;
use crate::store::{DocumentVersion, Reader, db};
use anyhow::Result;
use serde_json::Value;
use std::path::PathBuf;
use takt_adapters::Clock;
use takt_config::Resolved;
use takt_config::resolved::Gateway;
use takt_models::catalogue::Catalogue;

/// The ground that commands stand on.
pub(super) struct Context {
    /// Where the documents come from.
    pub source: DocumentSource,
    /// The process's clock.
    pub clock: Clock,
    /// Whether a program reads the answer.
    pub json: bool,
}

impl Context {
    pub fn new(config: Option<PathBuf>, json: bool) -> Self {
        Self { source: DocumentSource { config }, clock: Clock::new(), json }
    }

    /// The gateway document.
    pub fn gateway(&self) -> Result<Gateway> {
        documents::gateway(&self.source)
    }

    /// The gateway's folder.
    pub fn data_dir(&self) -> Result<PathBuf> {
        Ok(self.gateway()?.data_dir.value.clone())
    }

    /// The installed models.
    pub fn catalogue(&self) -> Result<Catalogue> {
        Ok(Catalogue::open(&self.data_dir()?.join("models"))?)
    }

    /// The reading side of the store; `None` before the gateway has run for the first time.
    pub fn reader(&self) -> Result<Option<Reader>> {
        let dir = run::store_dir(&self.gateway()?);
        Ok(dir.join(db::FILE).exists().then(|| Reader::open(&dir)))
    }

    /// The documents that were applied, newest version each.
    pub async fn applied(&self) -> Result<Vec<DocumentVersion>> {
        match self.reader()? {
            Some(reader) => Ok(reader.documents(KIND).await?),
            None => Ok(Vec::new()),
        }
    }

    /// The configuration with everything that was applied.
    pub async fn documents(&self) -> Result<Resolved> {
        Ok(documents::read_all(&self.source, &self.applied().await?)?)
    }

    /// Asks the running gateway; `None` where none runs.
    pub async fn ask(&self, command: Command) -> Result<Option<Value>> {
        let tell =
            |progress: crate::api::control::Progress| eprintln!("{:3.0} % {}", progress.done * 100.0, progress.text);
        match call(&self.data_dir()?, command, tell).await {
            Ok(answer) => Ok(Some(answer)),
            Err(CallError::NotRunning { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Who asks, as the system says.
    pub fn who(&self) -> String {
        Actor::of_this_process().to_string()
    }
}
