//! `backup.json`: what a backup is, and what must be in it.

use super::error::BackupError;
use serde::{Deserialize, Serialize};
use takt_models::package::ModelVersion;
use takt_plant::ModelId;

/// Its name; the first file of the archive.
pub(super) const NAME: &str = "backup.json";
/// The store's copy. The folder is one that a store's reader opens.
pub(super) const STORE: &str = "store/takt.db";
/// The users' copy.
pub(super) const ACCESS: &str = "access.sqlite";
/// The configuration file.
pub(super) const CONFIGURATION: &str = "configuration/takt.toml";
/// Bytes of the manifest: 200 bytes a file, for more models than a box has.
pub(super) const BYTES_MAX: u64 = 4 << 20;
/// The format that this program writes, and the newest that it reads.
const FORMAT: u32 = 1;

/// What a backup is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Manifest {
    /// The format.
    format: u32,
    /// When it was made.
    pub(super) made_at: String,
    /// The program's version.
    pub(super) version: String,
    /// The gateway's name.
    pub(super) gateway: String,
    /// Its site.
    pub(super) site: String,
    /// Whether samples, verdicts and events are in it.
    pub(super) with_history: bool,
    /// The names of tokens, which are not in it.
    pub(super) tokens: Vec<String>,
    /// Every other file.
    pub(super) files: Vec<FileEntry>,
}

/// A file of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FileEntry {
    /// Its place in the archive.
    pub(super) path: String,
    /// Its size.
    pub(super) n_bytes: u64,
    /// Its BLAKE3, in hexadecimal.
    pub(super) blake3: String,
}

impl Manifest {
    pub(super) fn new(made_at: String, gateway: String, site: String, with_history: bool) -> Self {
        let version = env!("CARGO_PKG_VERSION").to_owned();
        let (tokens, files) = (Vec::new(), Vec::new());
        Self { format: FORMAT, made_at, version, gateway, site, with_history, tokens, files }
    }

    /// Reads it, and makes sure that every file has a place that a backup has.
    pub(super) fn read(text: &[u8]) -> Result<Self, BackupError> {
        let manifest: Self = serde_json::from_slice(text)
            .map_err(|why| BackupError::unfit(format!("its {NAME} cannot be read ({why})")))?;
        if manifest.format > FORMAT {
            let why = format!("takt {} wrote it, which is newer than this program", manifest.version);
            return Err(BackupError::unfit(why));
        }
        if let Some(odd) = manifest.files.iter().find(|file| !is_known(&file.path)) {
            let path: String = odd.path.chars().take(100).collect();
            return Err(BackupError::unfit(format!("no backup holds a file '{path}'")));
        }
        let has = |name: &str| manifest.files.iter().any(|file| file.path == name);
        match has(STORE) && has(ACCESS) {
            true => Ok(manifest),
            false => Err(BackupError::unfit("it holds no documents or no users")),
        }
    }

    /// Bytes of all files together.
    pub(super) fn n_bytes(&self) -> u64 {
        self.files.iter().fold(0, |sum, file| sum.saturating_add(file.n_bytes))
    }
}

/// Whether a place is one that a backup has. Nothing else is ever written.
fn is_known(path: &str) -> bool {
    if [STORE, ACCESS, CONFIGURATION].contains(&path) {
        return true;
    }
    let parts: Vec<&str> = path.split('/').collect();
    let [folder, name, file] = parts[..] else { return false };
    folder == super::models::FOLDER && name.parse::<ModelId>().is_ok() && is_of_model(name, file)
}

fn is_of_model(name: &str, file: &str) -> bool {
    let version = file.strip_prefix(name).and_then(|rest| rest.strip_prefix('-')?.strip_suffix(".takt"));
    file == super::models::POINTER || version.is_some_and(|version| version.parse::<ModelVersion>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_places_of_a_backup_are_known() {
        for (path, known) in [
            ("store/takt.db", true),
            ("models/press-a/active.toml", true),
            ("models/press-a/press-a-1.2.0.takt", true),
            ("models/press-a/press-b-1.2.0.takt", false),
            ("models/press-a/../../console.token", false),
            ("models/../active.toml", false),
            ("/etc/passwd", false),
            ("console.token", false),
            ("secrets/broker", false),
            ("models/press-a/press-a-1.2.0.takt/x", false),
        ] {
            assert_eq!(is_known(path), known, "{path}");
        }
    }
}
