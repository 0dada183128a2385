//! A backup that was unpacked and verified, before anything is changed.

use super::error::BackupError;
use super::folder::Folder;
use super::manifest::{self, Manifest};
use super::place::{self, Order};
use super::report::{
    Change, Configuration, Held, RestoreReport, RestoredDocument, RestoredModel, RestoredSecret, RestoredUser,
};
use super::{archive, database, make, models};
use crate::access::{self, Role};
use crate::documents::{AppliedDocument, KIND, Preview, preview, read_all};
use crate::secrets;
use crate::store::{DocumentVersion, Reader, snapshot};
use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;
use takt_models::catalogue::{Catalogue, Listed};

/// Room that is left on the disk: the store's log and a few models.
const FREE_BYTES_MIN: u64 = 200_000_000;

/// A backup whose every part was found whole. It is gone when it is dropped.
#[derive(Debug)]
pub struct Checked {
    folder: Folder,
    manifest: Manifest,
    documents: Vec<DocumentVersion>,
    models: Vec<Listed>,
    users: Vec<(String, Role)>,
    n_alarms: u64,
}

/// Unpacks a backup beside a gateway's data and verifies it. Changes nothing else.
///
/// # Errors
/// [`BackupError::Unfit`] says what is wrong with it; [`BackupError::Room`] when the disk is too small.
pub async fn unpack(data_dir: &Path, from: impl Read + Send + 'static) -> Result<Checked, BackupError> {
    let folder = Folder::new(data_dir)?;
    let reading = tokio::task::spawn_blocking(move || {
        let free = || free(folder.path()).saturating_sub(FREE_BYTES_MIN);
        let manifest = archive::read(from, &folder, free)?;
        let models = models_of(&folder)?;
        Ok::<_, BackupError>((folder, manifest, models))
    });
    let (folder, manifest, models) = reading.await.map_err(|error| BackupError::unfit(error.to_string()))??;
    super::apart(move || verified(folder, manifest, models)).await
}

async fn verified(folder: Folder, manifest: Manifest, models: Vec<Listed>) -> Result<Checked, BackupError> {
    let (store, users) = (folder.file(manifest::STORE)?, folder.file(manifest::ACCESS)?);
    database::verify(&store, &snapshot::migrator(), "store").await?;
    database::verify(&users, &access::migrator(), "users").await?;
    let reader = Reader::open(store.parent().unwrap_or(folder.path()));
    let documents = reader.documents(KIND).await?;
    reader.close().await;
    let users = access::snapshot::users(&users).await?;
    let n_alarms = snapshot::n_alarms(&store).await?;
    Ok(Checked { folder, manifest, documents, models, users, n_alarms })
}

fn free(folder: &Path) -> u64 {
    rustix::fs::statvfs(folder).map_or(u64::MAX, |room| room.f_bavail.saturating_mul(room.f_frsize))
}

/// Every package, each read through.
fn models_of(folder: &Folder) -> Result<Vec<Listed>, BackupError> {
    let catalogue = Catalogue::open(&folder.path().join(models::FOLDER))?;
    let listed = catalogue.list()?;
    for model in &listed {
        let odd = |why: &str| BackupError::unfit(format!("its model {} {}: {why}", model.name, model.version));
        model.condition.as_ref().map_err(|why| odd(why))?;
        catalogue.active(&model.name).map_err(|error| odd(&error.to_string()))?;
    }
    Ok(listed)
}

impl Checked {
    /// What it holds, and what restoring it would change.
    pub fn report(&self, held: &Held) -> RestoreReport {
        RestoreReport {
            dry_run: true,
            restored: false,
            made_at: self.manifest.made_at.clone(),
            gateway: self.manifest.gateway.clone(),
            site: self.manifest.site.clone(),
            version: self.manifest.version.clone(),
            with_history: self.manifest.with_history,
            n_bytes: self.manifest.n_bytes(),
            documents: self.documents(held),
            preview: self.preview(held),
            models: self.models(held),
            users: self.users(held),
            secrets: self.secrets(held),
            tokens: self.manifest.tokens.clone(),
            n_alarms: self.n_alarms,
            configuration: self.configuration(held),
        }
    }

    /// Makes it a fact: the next start puts it in place.
    ///
    /// # Errors
    /// When the disk refuses, or another one waits.
    pub fn order(self, data_dir: &Path, by: &str, text: String) -> Result<(), BackupError> {
        let order = Order { by: by.to_owned(), text, with_history: self.manifest.with_history };
        place::order(self.folder, data_dir, &order)
    }

    fn documents(&self, held: &Held) -> Vec<RestoredDocument> {
        let mut all = Vec::new();
        for document in &self.documents {
            let here = held.documents.iter().find(|here| here.name == document.name);
            let change = match here {
                None => Change::Added,
                Some(here) if here.text == document.text => Change::Same,
                Some(_) => Change::Changed,
            };
            all.push(RestoredDocument { name: document.name.clone(), version: document.version, change });
        }
        let gone = held.documents.iter().filter(|here| !self.documents.iter().any(|own| own.name == here.name));
        let removed = |here: &DocumentVersion| (here.name.clone(), here.version, Change::Removed);
        all.extend(gone.map(removed).map(|(name, version, change)| RestoredDocument { name, version, change }));
        all
    }

    /// Everything begins anew after a restore, so no line runs on.
    fn preview(&self, held: &Held) -> Preview {
        let own = self.documents.iter().map(|own| AppliedDocument { name: own.name.clone(), text: own.text.clone() });
        let gone = held.documents.iter().filter(|here| !self.documents.iter().any(|own| own.name == here.name));
        let gone = gone.map(|here| AppliedDocument { name: here.name.clone(), text: None });
        let new: Vec<AppliedDocument> = own.chain(gone).collect();
        let mut seen = preview(&held.source, &held.documents, &new, &held.whose, &held.running).preview;
        seen.lines_restarted.append(&mut seen.lines_untouched);
        seen.lines_restarted.sort();
        seen.lines_drawn_in.clear();
        seen
    }

    fn models(&self, held: &Held) -> Vec<RestoredModel> {
        let one = |model: &Listed| {
            let here = held.models.iter().find(|here| (&here.name, &here.version) == (&model.name, &model.version));
            let change = match here {
                None => Change::Added,
                Some(here) if here.condition == model.condition && here.active == model.active => Change::Same,
                Some(_) => Change::Changed,
            };
            let (name, version) = (model.name.to_string(), model.version.to_string());
            RestoredModel { name, version, active: model.active, change }
        };
        self.models.iter().map(one).collect()
    }

    fn users(&self, held: &Held) -> Vec<RestoredUser> {
        let here = |name: &str| held.users.iter().find(|user| user.name.eq_ignore_ascii_case(name));
        let mut all = Vec::new();
        for (name, role) in &self.users {
            let change = match here(name) {
                None => Change::Added,
                Some(user) if user.role == *role => Change::Same,
                Some(_) => Change::Changed,
            };
            all.push(RestoredUser { name: name.clone(), role: *role, change });
        }
        let stays = |user: &str| self.users.iter().any(|(name, _)| name.eq_ignore_ascii_case(user));
        for user in held.users.iter().filter(|user| !stays(&user.name)) {
            all.push(RestoredUser { name: user.name.clone(), role: user.role, change: Change::Removed });
        }
        all
    }

    fn secrets(&self, held: &Held) -> Vec<RestoredSecret> {
        // Documents that cannot be read name nothing; their problems stand in the preview.
        let connections = read_all(&held.source, &self.documents).map(|read| read.connections).unwrap_or_default();
        let mut all: BTreeMap<String, RestoredSecret> = BTreeMap::new();
        for connection in &connections {
            for secret in secrets::used_by(connection) {
                let resolves = secrets::reveal(&held.whose.data_dir, &secret).is_ok();
                let (name, used_by) = (secret.name().to_owned(), Vec::new());
                let entry = all.entry(name.clone()).or_insert(RestoredSecret { name, resolves, used_by });
                entry.used_by.push(connection.id.to_string());
            }
        }
        all.into_values().collect()
    }

    fn configuration(&self, held: &Held) -> Configuration {
        let own = std::fs::read_to_string(self.folder.path().join(manifest::CONFIGURATION)).ok();
        match own {
            None => Configuration::None,
            Some(own) if make::configuration(&held.source).as_ref() == Some(&own) => Configuration::Same,
            Some(_) => Configuration::Differs,
        }
    }
}
