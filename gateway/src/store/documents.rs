//! What stands beside the stream: document versions and arming records.

use takt_plant::WallTime;

/// A document version to keep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDocument {
    /// What kind of document, such as `line` or `connection`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its text; `None` removes the document and keeps its history.
    pub text: Option<String>,
    /// Who.
    pub by: String,
    /// When.
    pub at: WallTime,
    /// Why.
    pub note: String,
}

/// A document version that was kept (B40). The newest version of a name is the current one: going
/// back puts an older text again, as a new version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentVersion {
    /// What kind of document.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Rises by one per kind and name, from 1.
    pub version: u32,
    /// Its text; `None`: this version removed the document.
    pub text: Option<String>,
    /// Who.
    pub by: String,
    /// When.
    pub at: WallTime,
    /// Why.
    pub note: String,
}

/// An output that is armed. Belongs to this gateway: never exported, and gone after a restore.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArmingRecord {
    /// Line, check and output, as `line/check/output`.
    pub output: String,
    /// Who armed it.
    pub by: String,
    /// When.
    pub at: WallTime,
    /// Digest of address, mapping and model contract: when it differs, the arming no longer holds.
    pub digest: String,
}
