//! Putting a verified backup in place, while nothing runs.

use super::error::BackupError;
use super::folder::{self, Folder};
use super::{manifest, models};
use crate::access;
use crate::store::snapshot;
use serde::{Deserialize, Serialize};
use std::io::Write as _;
use std::path::Path;

/// The order's name, in the folder of what was verified.
const FILE: &str = "order.json";

/// That a restore shall be put in place, and who said so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// Who.
    pub by: String,
    /// What it is, for the audit log.
    pub text: String,
    /// Whether the history is replaced, too.
    pub with_history: bool,
}

/// Makes a restore a fact: from here on it is put in place by the next start, whatever happens.
pub(super) fn order(verified: Folder, data_dir: &Path, order: &Order) -> Result<(), BackupError> {
    let to = folder::ordered(data_dir);
    if to.exists() {
        return Err(BackupError::Waiting);
    }
    let file = verified.file(FILE)?;
    let text = serde_json::to_vec(order).map_err(|why| BackupError::unfit(why.to_string()))?;
    let written = std::fs::File::create(&file).and_then(|mut file| {
        file.write_all(&text)?;
        file.sync_all()
    });
    written.map_err(BackupError::disk("write", &file))?;
    verified.keep_as(&to).map_err(BackupError::disk("rename into", &to))
}

/// Puts an ordered restore in place; `None` where none was ordered. Every step can be done again. Also clears
/// away what ended processes left.
///
/// # Errors
/// [`crate::store::StoreError::InUse`] while a gateway runs; what the disk refuses. The order stays then.
pub async fn complete(data_dir: &Path, store_dir: &Path) -> Result<Option<Order>, BackupError> {
    let (data_dir, store_dir) = (data_dir.to_path_buf(), store_dir.to_path_buf());
    super::apart(move || async move { put(&data_dir, &store_dir).await }).await
}

async fn put(data_dir: &Path, store_dir: &Path) -> Result<Option<Order>, BackupError> {
    let from = folder::ordered(data_dir);
    if !from.exists() {
        drop(std::fs::remove_dir_all(folder::of(data_dir)));
        return Ok(None);
    }
    let file = from.join(FILE);
    let text = std::fs::read(&file).map_err(BackupError::disk("read", &file))?;
    let order: Order = serde_json::from_slice(&text).map_err(|why| BackupError::unfit(why.to_string()))?;
    let (store, users) = (from.join(manifest::STORE), from.join(manifest::ACCESS));
    if store.exists() {
        if order.with_history {
            snapshot::replace(store_dir, &store)?;
        } else {
            snapshot::take_over(store_dir, &store).await?;
            std::fs::remove_file(&store).map_err(BackupError::disk("remove", &store))?;
        }
    }
    if users.exists() {
        access::snapshot::replace(data_dir, &users).map_err(BackupError::disk("replace the users in", data_dir))?;
    }
    models::put(&from.join(models::FOLDER), &data_dir.join(models::FOLDER))?;
    std::fs::remove_dir_all(folder::of(data_dir)).map_err(BackupError::disk("remove", &from))?;
    Ok(Some(order))
}
