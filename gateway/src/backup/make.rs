//! Making a backup, beside a running gateway or without one.

use super::archive;
use super::error::BackupError;
use super::folder::Folder;
use super::manifest::{self, Manifest};
use super::{ENDING, models};
use crate::access;
use crate::documents::DocumentSource;
use crate::payload::time_text;
use crate::store::{db, snapshot};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use takt_config::form;
use takt_config::resolved::Gateway;
use takt_plant::WallTime;

/// A backup that is ready to be written. What it copied is gone with it.
#[derive(Debug)]
pub struct Made {
    manifest: Manifest,
    files: Vec<(String, PathBuf)>,
    _copies: Folder,
}

/// Copies what changes while the gateway runs, and takes the digests of everything.
///
/// # Errors
/// When something cannot be read, or the copies cannot be written.
pub async fn make(
    gateway: &Gateway,
    store_dir: &Path,
    source: &DocumentSource,
    with_history: bool,
    at: WallTime,
) -> Result<Made, BackupError> {
    let name = |text: &str| text.to_owned();
    let (gateway_name, site) = (name(gateway.name.as_str()), name(gateway.site.as_str()));
    let manifest = Manifest::new(time_text(at), gateway_name, site, with_history);
    let (data_dir, store_dir, source) = (gateway.data_dir.value.clone(), store_dir.to_path_buf(), source.clone());
    super::apart(move || async move { copied(manifest, &data_dir, &store_dir, &source).await }).await
}

async fn copied(
    mut manifest: Manifest,
    data_dir: &Path,
    store_dir: &Path,
    source: &DocumentSource,
) -> Result<Made, BackupError> {
    if !store_dir.join(db::FILE).exists() {
        return Err(BackupError::Nothing { folder: data_dir.to_path_buf() });
    }
    let copies = Folder::new(data_dir)?;
    let (store, users) = (copies.file(manifest::STORE)?, copies.file(manifest::ACCESS)?);
    snapshot::snapshot(store_dir, &store, manifest.with_history).await?;
    manifest.tokens = access::snapshot::snapshot(data_dir, &users).await?;
    let mut files = vec![(manifest::STORE.to_owned(), store), (manifest::ACCESS.to_owned(), users)];
    if let Some(text) = configuration(source) {
        let file = copies.file(manifest::CONFIGURATION)?;
        std::fs::write(&file, text).map_err(BackupError::disk("write", &file))?;
        files.push((manifest::CONFIGURATION.to_owned(), file));
    }
    files.extend(models::files(&data_dir.join(models::FOLDER))?);
    let entries: Result<Vec<_>, _> = files.iter().map(|(place, file)| archive::entry(place, file)).collect();
    manifest.files = entries?;
    Ok(Made { manifest, files, _copies: copies })
}

/// The text of the configuration file. One that cannot be read may hold a secret in clear, so only a good
/// one is taken.
pub(super) fn configuration(source: &DocumentSource) -> Option<String> {
    source.config.as_ref()?;
    let source = source.sources().ok()?.pop()?;
    form(&source).ok().map(|_| source.text.to_string())
}

impl Made {
    /// What it is called: the gateway and the day.
    pub fn file_name(&self) -> String {
        let day: String = self.manifest.made_at.chars().take(10).collect();
        format!("{}-{day}.{ENDING}", self.manifest.gateway)
    }

    /// Bytes of what is in it, before they are compressed.
    pub fn n_bytes(&self) -> u64 {
        self.manifest.n_bytes()
    }

    /// Writes it. Blocks until it is through.
    ///
    /// # Errors
    /// When it cannot be written, or a file cannot be read any more.
    pub fn write(&self, to: impl Write) -> io::Result<()> {
        archive::write(&self.manifest, &self.files, to)
    }
}
