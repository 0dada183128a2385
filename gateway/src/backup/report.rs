//! What a backup holds, and what a restore of it would change here.

use crate::access::{Role, User};
use crate::assemble::Whose;
use crate::documents::{CellDocuments, DocumentSource, Preview};
use crate::store::DocumentVersion;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use takt_models::catalogue::Listed;
use utoipa::ToSchema;

/// What is here now, to be compared.
pub struct Held {
    /// Where the documents come from.
    pub source: DocumentSource,
    /// The applied documents in force.
    pub documents: Vec<DocumentVersion>,
    /// The installed models.
    pub models: Vec<Listed>,
    /// The users.
    pub users: Vec<User>,
    /// Whose documents they are.
    pub whose: Whose,
    /// The cells that run.
    pub running: BTreeMap<String, CellDocuments>,
}

/// What a backup holds, and what restoring it changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RestoreReport {
    /// Whether it was only looked at.
    pub dry_run: bool,
    /// Whether it comes into force: the gateway starts again by itself within seconds, and every session is over.
    pub restored: bool,
    /// When the backup was made.
    pub made_at: String,
    /// The gateway that it is of.
    pub gateway: String,
    /// The site of that gateway.
    pub site: String,
    /// The version of the program that made it.
    pub version: String,
    /// Whether it holds samples, verdicts and events. Then those here are replaced; else they stay.
    pub with_history: bool,
    /// Bytes of what is in it, uncompressed.
    pub n_bytes: u64,
    /// The documents in force in it, and those here that would be taken out of force.
    pub documents: Vec<RestoredDocument>,
    /// What the documents would do here. With a problem nothing is restored.
    pub preview: Preview,
    /// The models in it. Others that are installed here stay.
    pub models: Vec<RestoredModel>,
    /// The users in it, and those here that would be removed.
    pub users: Vec<RestoredUser>,
    /// The secrets that its documents name. Those that do not resolve must be put again.
    pub secrets: Vec<RestoredSecret>,
    /// The tokens that there were. None is in a backup: make those anew that are needed.
    pub tokens: Vec<String>,
    /// Alarms that are not simply normal: acknowledged, shelved, out of service.
    pub n_alarms: u64,
    /// Whether the configuration file in it is the one here, which stays in any case.
    pub configuration: Configuration,
}

/// What a restore does to something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// It is not here now.
    Added,
    /// It is here, and differs.
    Changed,
    /// It is here as it is in the backup.
    Same,
    /// It is here, and not in the backup.
    Removed,
}

/// Whether two configuration files are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Configuration {
    /// They are.
    Same,
    /// They differ: unpack `configuration/takt.toml` from the backup to compare them.
    Differs,
    /// The backup holds none.
    None,
}

/// A document of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RestoredDocument {
    /// Its name.
    pub name: String,
    /// Its version in the backup; for one that is removed, here.
    pub version: u32,
    /// What becomes of it.
    pub change: Change,
}

/// A version of a model in a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RestoredModel {
    /// The model.
    pub name: String,
    /// The version.
    pub version: String,
    /// Whether it is the active one.
    pub active: bool,
    /// What becomes of it.
    pub change: Change,
}

/// A user of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RestoredUser {
    /// The name.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// What becomes of them. The password is the one of the backup, whatever is said here.
    pub change: Change,
}

/// A secret that documents of a backup name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RestoredSecret {
    /// Its name.
    pub name: String,
    /// Whether it can be had here.
    pub resolves: bool,
    /// The connections that use it.
    pub used_by: Vec<String>,
}

impl RestoreReport {
    /// Whether its documents can run here.
    pub fn is_possible(&self) -> bool {
        self.preview.problems.is_empty()
    }

    /// What it is, in one line for the audit log.
    pub fn in_words(&self) -> String {
        let history = if self.with_history { ", with its history" } else { "" };
        format!("the backup of {} at {} from {}{history}", self.gateway, self.site, self.made_at)
    }
}
