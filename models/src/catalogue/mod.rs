//! The catalogue: the packages on this box, and which version of each model is active.
//!
//! ```text
//! models/                      the catalogue's folder
//!   .lock                      held while something changes
//!   press-a/
//!     press-a-1.0.0.takt       packages, never changed once they are there
//!     press-a-1.1.0.takt
//!     active.toml              the pointer: active version, the ones before it, history
//! ```
//! Every change becomes visible by one rename, so a process that is killed between two steps leaves
//! the state before or the state after, and at most a `.new-…` file that the next opening removes.
//! Several processes may use one catalogue: the lock orders their changes.

mod disk;
mod error;
mod pointer;

use crate::package::{Digest, ModelVersion, Package, read_bounded};
use pointer::Pointer;
use std::path::{Path, PathBuf};
use takt_plant::{ModelId, WallTime};

pub use error::CatalogueError;
pub use pointer::{Action, Activation, HISTORY_MAX};

/// The packages on this box. Cheap to clone; it holds only the folder's path.
#[derive(Debug, Clone)]
pub struct Catalogue {
    dir: PathBuf,
}

/// A version of a model, by name and content.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Release {
    /// The model.
    pub name: ModelId,
    /// The version.
    pub version: ModelVersion,
    /// The package's digest.
    pub digest: Digest,
}

/// One package of the catalogue, as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The model, from the file's name.
    pub name: ModelId,
    /// The version, from the file's name.
    pub version: ModelVersion,
    /// Bytes of the package.
    pub n_bytes: u64,
    /// When its file was written here.
    pub installed_at: WallTime,
    /// Whether it is the active version of its model.
    pub active: bool,
    /// The digest, or why the package cannot be used.
    pub condition: Result<Digest, String>,
}

/// What an installation did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Installed {
    /// The package was added.
    Added(Release),
    /// The very same package was there already.
    AlreadyThere(Release),
    /// A damaged package was replaced by the whole one.
    Repaired(Release),
}

impl Installed {
    /// Which version it was.
    pub fn release(&self) -> &Release {
        match self {
            Self::Added(release) | Self::AlreadyThere(release) | Self::Repaired(release) => release,
        }
    }
}

impl Catalogue {
    /// Opens a catalogue, makes its folder where it is missing, and clears away what a killed
    /// process left half written.
    ///
    /// # Errors
    /// When the folder cannot be made, locked or read.
    pub fn open(dir: &Path) -> Result<Self, CatalogueError> {
        std::fs::create_dir_all(dir).map_err(CatalogueError::disk("make", dir))?;
        let catalogue = Self { dir: dir.to_path_buf() };
        let _lock = catalogue.lock()?;
        disk::clear_debris(dir)?;
        for name in catalogue.names()? {
            disk::clear_debris(&catalogue.folder(&name))?;
        }
        Ok(catalogue)
    }

    /// Adds a package: verifies it, copies it, and only then lets it be seen. The active version
    /// stays what it is.
    ///
    /// # Errors
    /// When the package is refused, when another package has its name and version, or on disk errors.
    pub fn install(&self, bytes: &[u8]) -> Result<Installed, CatalogueError> {
        let package = Package::open(bytes)?;
        let release = release_of(&package);
        let _lock = self.lock()?;
        let path = self.path(&release.name, &release.version);
        let installed = match self.kept(&release)? {
            Kept::Nothing => Installed::Added(release),
            Kept::Damaged => Installed::Repaired(release),
            Kept::As(found) if found == release.digest => return Ok(Installed::AlreadyThere(release)),
            Kept::As(found) => {
                let Release { name, version, .. } = release;
                return Err(CatalogueError::VersionTaken { name, version, found });
            }
        };
        disk::write_durably(&path, bytes)?;
        Ok(installed)
    }

    /// Adds a package from a file.
    ///
    /// # Errors
    /// As [`Catalogue::install`], and when the file cannot be read.
    pub fn install_file(&self, path: &Path) -> Result<Installed, CatalogueError> {
        self.install(&read_bounded(path)?)
    }

    /// Every package, by name and then by version. Reads each one through, so that damage shows.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn list(&self) -> Result<Vec<Listed>, CatalogueError> {
        let mut listed = Vec::new();
        for name in self.names()? {
            // A pointer that cannot be read hides no package; the model then has no active version.
            let active = self.pointer(&name).ok().and_then(|p| p.active().map(|r| r.version.clone()));
            for version in self.versions(&name)? {
                let path = self.path(&name, &version);
                let (n_bytes, installed_at) = disk::size_and_age(&path);
                let condition = self.release(&name, &version).map(|r| r.digest).map_err(|e| e.to_string());
                let active = active.as_ref() == Some(&version);
                listed.push(Listed { name: name.clone(), version, n_bytes, installed_at, active, condition });
            }
        }
        Ok(listed)
    }

    /// The active version of a model; `None` where none was activated.
    ///
    /// # Errors
    /// When the pointer cannot be read.
    pub fn active(&self, name: &ModelId) -> Result<Option<Release>, CatalogueError> {
        Ok(self.pointer(name)?.active().cloned())
    }

    /// What was activated and rolled back, oldest first, the last [`HISTORY_MAX`].
    ///
    /// # Errors
    /// When the pointer cannot be read.
    pub fn history(&self, name: &ModelId) -> Result<Vec<Activation>, CatalogueError> {
        Ok(self.pointer(name)?.history)
    }

    /// Reads a version.
    ///
    /// # Errors
    /// When it is not there, or damaged.
    pub fn load(&self, name: &ModelId, version: &ModelVersion) -> Result<Package, CatalogueError> {
        let path = self.path(name, version);
        if !path.exists() {
            return Err(CatalogueError::NotInstalled { name: name.clone(), version: version.clone() });
        }
        let damaged = |why: String| CatalogueError::Damaged { path: path.clone(), why };
        let package = Package::open_file(&path).map_err(|e| damaged(e.to_string()))?;
        let manifest = package.manifest();
        if manifest.name != *name || manifest.version != *version {
            return Err(damaged(format!("it holds {} {}", manifest.name, manifest.version)));
        }
        Ok(package)
    }

    /// Reads the active version, and makes sure that it is the one that was activated.
    ///
    /// # Errors
    /// When none is active, or it is missing, damaged or replaced.
    pub fn load_active(&self, name: &ModelId) -> Result<Package, CatalogueError> {
        let release = self.active(name)?.ok_or_else(|| CatalogueError::NoneActive { name: name.clone() })?;
        self.load_release(&release)
    }

    /// Makes a version the active one. Durable before it returns. Activate only what has passed
    /// [`Scorer::load`](crate::onnx::Scorer::load) on this box (B31).
    ///
    /// # Errors
    /// When the version is not there or damaged, or on disk errors; the active one then stays.
    pub fn activate(
        &self,
        name: &ModelId,
        version: &ModelVersion,
        by: &str,
        at: WallTime,
    ) -> Result<Release, CatalogueError> {
        let _lock = self.lock()?;
        let release = release_of(&self.load(name, version)?);
        // An unreadable pointer must not keep a good version from being activated: that is the way
        // out which its own error names.
        let mut pointer = self.pointer(name).unwrap_or_default();
        pointer.activate(release.clone(), by, at);
        self.write(name, &pointer)?;
        Ok(release)
    }

    /// Goes back to the version that was active before: one action, and the history keeps it. Going
    /// back again goes further back. Versions that were removed are passed over.
    ///
    /// # Errors
    /// When there is none to go back to, or it is damaged; the active one then stays.
    pub fn rollback(&self, name: &ModelId, by: &str, at: WallTime) -> Result<Release, CatalogueError> {
        let _lock = self.lock()?;
        let mut pointer = self.pointer(name)?;
        let there = |r: &Release| self.path(&r.name, &r.version).exists();
        let release =
            pointer.roll_back(there, by, at).ok_or_else(|| CatalogueError::NothingBefore { name: name.clone() })?;
        self.load_release(&release)?;
        self.write(name, &pointer)?;
        Ok(release)
    }

    /// Removes a version.
    ///
    /// # Errors
    /// When it is active or not there, or on disk errors.
    pub fn remove(&self, name: &ModelId, version: &ModelVersion) -> Result<(), CatalogueError> {
        let _lock = self.lock()?;
        let (name, version) = (name.clone(), version.clone());
        let path = self.path(&name, &version);
        if !path.exists() {
            return Err(CatalogueError::NotInstalled { name, version });
        }
        if self.pointer(&name)?.active().is_some_and(|r| r.version == version) {
            return Err(CatalogueError::Active { name, version });
        }
        std::fs::remove_file(&path).map_err(CatalogueError::disk("remove", &path))?;
        disk::sync_folder(&self.folder(&name))
    }

    fn release(&self, name: &ModelId, version: &ModelVersion) -> Result<Release, CatalogueError> {
        Ok(release_of(&self.load(name, version)?))
    }

    fn load_release(&self, release: &Release) -> Result<Package, CatalogueError> {
        let package = self.load(&release.name, &release.version)?;
        if package.digest() == release.digest {
            return Ok(package);
        }
        let path = self.path(&release.name, &release.version);
        let why = format!("its digest is {}, and {} was activated", package.digest(), release.digest);
        Err(CatalogueError::Damaged { path, why })
    }

    /// What is there under a release's name and version.
    fn kept(&self, release: &Release) -> Result<Kept, CatalogueError> {
        let path = self.path(&release.name, &release.version);
        if !path.exists() {
            return Ok(Kept::Nothing);
        }
        let found = self.release(&release.name, &release.version).map(|r| r.digest);
        // Once activated, a version's digest is known; without a readable pointer the file decides.
        let activated = self.pointer(&release.name).ok().and_then(|p| p.digest_of(&release.version));
        Ok(match (activated, found) {
            (Some(known), Ok(found)) if found == known => Kept::As(known),
            (Some(known), _) if known == release.digest => Kept::Damaged,
            (Some(known), _) => Kept::As(known),
            (None, Ok(found)) => Kept::As(found),
            (None, Err(_)) => Kept::Damaged,
        })
    }

    fn pointer(&self, name: &ModelId) -> Result<Pointer, CatalogueError> {
        Pointer::read(&self.folder(name).join(pointer::FILE), name)
    }

    fn write(&self, name: &ModelId, pointer: &Pointer) -> Result<(), CatalogueError> {
        disk::write_durably(&self.folder(name).join(pointer::FILE), pointer.to_toml().as_bytes())
    }

    fn lock(&self) -> Result<disk::Lock, CatalogueError> {
        disk::Lock::take(&self.dir.join(".lock"))
    }

    fn folder(&self, name: &ModelId) -> PathBuf {
        self.dir.join(name.as_str())
    }

    fn path(&self, name: &ModelId, version: &ModelVersion) -> PathBuf {
        self.folder(name).join(format!("{name}-{version}.takt"))
    }

    /// The models that have a folder, sorted. What is no model's name was not put there by us.
    fn names(&self) -> Result<Vec<ModelId>, CatalogueError> {
        let folders = disk::entries(&self.dir)?.into_iter().filter(|e| self.dir.join(e).is_dir());
        Ok(folders.filter_map(|e| ModelId::new(&e).ok()).collect())
    }

    /// The versions of a model, lowest first.
    fn versions(&self, name: &ModelId) -> Result<Vec<ModelVersion>, CatalogueError> {
        let prefix = format!("{name}-");
        let version = |file: String| file.strip_prefix(&prefix)?.strip_suffix(".takt")?.parse().ok();
        let mut versions: Vec<_> = disk::entries(&self.folder(name))?.into_iter().filter_map(version).collect();
        versions.sort();
        Ok(versions)
    }
}

/// What the catalogue holds of one version.
enum Kept {
    Nothing,
    As(Digest),
    /// A file that is not the package that belongs there.
    Damaged,
}

fn release_of(package: &Package) -> Release {
    let manifest = package.manifest();
    Release { name: manifest.name.clone(), version: manifest.version.clone(), digest: package.digest() }
}
