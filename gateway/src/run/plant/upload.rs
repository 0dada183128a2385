//! Packages that come over HTTP: streamed into a file beside the catalogue, then verified and installed.

use crate::api::ModelView;
use crate::api::control::{ControlError, Why};
use crate::loader::card::ModelCard;
use crate::loader::sentence;
use crate::payload::time_text;
use crate::run::Shared;
use crate::run::models::refused;
use bytes::Bytes;
use futures::StreamExt;
use futures::stream::BoxStream;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use takt_models::catalogue::{Action, Activation};
use takt_models::package::{ModelVersion, PACKAGE_BYTES_MAX};
use takt_plant::ModelId;
use tokio::fs::File;
use tokio::io::AsyncWriteExt;

/// Uploads at once: each may fill the disk with one package.
pub(crate) const UPLOADS_MAX: usize = 2;

/// A file that is filled, and gone when nobody holds it any more.
struct Incoming {
    path: PathBuf,
}

impl Drop for Incoming {
    fn drop(&mut self) {
        drop(std::fs::remove_file(&self.path));
    }
}

impl Shared {
    /// Takes a package as it comes; gives the file in which it lies.
    pub(super) async fn take_upload(
        self: &Arc<Self>,
        who: String,
        mut body: BoxStream<'static, Result<Bytes, String>>,
    ) -> Result<ModelView, ControlError> {
        let _one_of_few = self.uploads.try_acquire().map_err(|_| {
            ControlError::conflict("others are uploading at the moment", "try again when they are through")
        })?;
        let folder = incoming(&self.gateway.data_dir);
        let incoming = Incoming { path: folder.join(format!("{}.takt", self.clock.mono().as_ns())) };
        let unwritable = |error: io::Error| {
            let error = format!("{} cannot be written: {error}", incoming.path.display());
            ControlError::new(error, "see `takt doctor` for the disk").because(Why::Unavailable)
        };
        std::fs::create_dir_all(&folder).map_err(unwritable)?;
        let mut file = File::create(&incoming.path).await.map_err(unwritable)?;
        let mut n_bytes = 0_u64;
        while let Some(part) = body.next().await {
            let part = part.map_err(|why| {
                ControlError::new(format!("the upload broke off after {n_bytes} bytes: {why}"), "send it again")
            })?;
            n_bytes += part.len() as u64;
            if n_bytes > PACKAGE_BYTES_MAX {
                let error = format!("the package has more than {PACKAGE_BYTES_MAX} bytes");
                return Err(ControlError::new(error, "a package holds one model; shrink its graph"));
            }
            file.write_all(&part).await.map_err(unwritable)?;
        }
        file.flush().await.map_err(unwritable)?;
        drop(file);
        // From here on it is ended, also when the caller goes away.
        let shared = Arc::clone(self);
        let installing = tokio::spawn(async move {
            let release = shared.install(&who, &incoming.path).await?;
            shared.model(release.name, release.version).await
        });
        installing.await.unwrap_or_else(|error| {
            Err(ControlError::new(error.to_string(), "see the gateway's log").because(Why::Unavailable))
        })
    }

    /// An installed version with its manifest.
    pub(super) async fn model(&self, name: ModelId, version: ModelVersion) -> Result<ModelView, ControlError> {
        let loader = Arc::clone(&self.loader);
        let looked = tokio::task::spawn_blocking(move || {
            let catalogue = loader.catalogue();
            let package = catalogue.load(&name, &version)?;
            let active = catalogue.active(&name)?.is_some_and(|release| release.version == version);
            let history = catalogue.history(&name)?;
            Ok(ModelView {
                card: ModelCard::of(&package.inspection()),
                active,
                history: history.iter().map(shown).collect(),
            })
        });
        match looked.await {
            Ok(found) => found.map_err(refused),
            Err(error) => Err(ControlError::new(sentence(&error), "see the gateway's log").because(Why::Unavailable)),
        }
    }
}

/// Clears away what a killed gateway left half uploaded.
pub(super) fn clear(data_dir: &Path) {
    drop(std::fs::remove_dir_all(incoming(data_dir)));
}

fn incoming(data_dir: &Path) -> PathBuf {
    data_dir.join("incoming")
}

fn shown(activation: &Activation) -> crate::api::ModelActivation {
    crate::api::ModelActivation {
        version: activation.release.version.to_string(),
        action: match activation.action {
            Action::Activate => "activated",
            Action::Rollback => "rolled_back",
        }
        .to_owned(),
        by: activation.by.clone(),
        at: time_text(activation.at),
    }
}
