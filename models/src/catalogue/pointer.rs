//! The pointer: which version of a model is active, what was before, and who changed it when.

use super::Release;
use super::error::CatalogueError;
use crate::package::{Digest, ModelVersion};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::Read;
use std::path::Path;
use takt_plant::{ModelId, WallTime};

/// The pointer's file in a model's folder.
pub(super) const FILE: &str = "active.toml";

/// Most activations that the history keeps; the oldest go first.
pub const HISTORY_MAX: usize = 200;

/// Most versions that one can go back to, one after the other.
const PREVIOUS_MAX: usize = 32;

/// Largest pointer: its history of 200 entries of 300 bytes, many times over.
const BYTES_MAX: u64 = 1 << 20;

const FORMAT: u32 = 1;

/// What changed the active version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// A version was activated.
    Activate,
    /// The version before was taken back.
    Rollback,
}

/// One change of the active version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activation {
    /// The version that became active.
    pub release: Release,
    /// How.
    pub action: Action,
    /// By whom.
    pub by: String,
    /// When.
    pub at: WallTime,
}

/// The pointer of one model.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Pointer {
    /// Active versions, the present one last; going back pops it.
    stack: Vec<Release>,
    pub history: Vec<Activation>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    format: u32,
    /// The present version last.
    stack: Vec<WrittenRelease>,
    history: Vec<WrittenActivation>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenRelease {
    version: String,
    digest: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenActivation {
    version: String,
    digest: String,
    action: Action,
    by: String,
    at_ns: i64,
}

impl Pointer {
    pub(super) fn active(&self) -> Option<&Release> {
        self.stack.last()
    }

    /// The digest under which a version was last active.
    pub(super) fn digest_of(&self, version: &ModelVersion) -> Option<Digest> {
        self.stack.iter().rfind(|r| r.version == *version).map(|r| r.digest)
    }

    pub(super) fn activate(&mut self, release: Release, by: &str, at: WallTime) {
        // Activating the active version again is no step that one could go back.
        if self.active() != Some(&release) {
            self.stack.push(release.clone());
        }
        keep_last(&mut self.stack, PREVIOUS_MAX + 1);
        self.record(release, Action::Activate, by, at);
    }

    /// Goes back to the newest earlier version that is still `there`. `None` changes nothing.
    pub(super) fn roll_back(&mut self, there: impl Fn(&Release) -> bool, by: &str, at: WallTime) -> Option<Release> {
        let present = self.active()?.clone();
        let earlier = self.stack.iter().rposition(|r| *r != present && there(r))?;
        self.stack.truncate(earlier + 1);
        let release = self.stack[earlier].clone();
        self.record(release.clone(), Action::Rollback, by, at);
        Some(release)
    }

    fn record(&mut self, release: Release, action: Action, by: &str, at: WallTime) {
        self.history.push(Activation { release, action, by: by.to_owned(), at });
        keep_last(&mut self.history, HISTORY_MAX);
    }

    /// Reads a pointer; the empty one where there is no file.
    pub(super) fn read(path: &Path, name: &ModelId) -> Result<Self, CatalogueError> {
        let mut text = String::new();
        let odd = |why: String| CatalogueError::Pointer { path: path.to_path_buf(), name: name.clone(), why };
        match File::open(path).and_then(|f| f.take(BYTES_MAX).read_to_string(&mut text)) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            read => read.map_err(|e| odd(e.to_string()))?,
        };
        let written: Written = toml::from_str(&text).map_err(|e| odd(e.message().to_owned()))?;
        if written.format != FORMAT {
            return Err(odd(format!("it has format {}, and this Takt reads {FORMAT}", written.format)));
        }
        let stack = written.stack.into_iter().map(|r| release(name, &r.version, &r.digest));
        let activation = |a: WrittenActivation| {
            let release = release(name, &a.version, &a.digest)?;
            Ok(Activation { release, action: a.action, by: a.by, at: WallTime::from_ns(a.at_ns) })
        };
        Ok(Self {
            stack: stack.collect::<Result<_, String>>().map_err(odd)?,
            history: written.history.into_iter().map(activation).collect::<Result<_, String>>().map_err(odd)?,
        })
    }

    pub(super) fn to_toml(&self) -> String {
        let release = |r: &Release| WrittenRelease { version: r.version.to_string(), digest: r.digest.to_string() };
        let activation = |a: &Activation| WrittenActivation {
            version: a.release.version.to_string(),
            digest: a.release.digest.to_string(),
            action: a.action,
            by: a.by.clone(),
            at_ns: a.at.as_ns(),
        };
        let written = Written {
            format: FORMAT,
            stack: self.stack.iter().map(release).collect(),
            history: self.history.iter().map(activation).collect(),
        };
        toml::to_string(&written).expect("texts and integers always have a form in TOML")
    }
}

fn keep_last<T>(list: &mut Vec<T>, n: usize) {
    list.drain(..list.len().saturating_sub(n));
}

fn release(name: &ModelId, version: &str, digest: &str) -> Result<Release, String> {
    let version: ModelVersion = version.parse().map_err(|e| format!("{e}"))?;
    let digest: Digest = digest.parse().map_err(|e| format!("{e}"))?;
    Ok(Release { name: name.clone(), version, digest })
}
