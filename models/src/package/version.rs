//! Versions of models, as semantic versions.

use std::fmt;
use std::str::FromStr;

/// A model's version: `MAJOR.MINOR.PATCH`, with `-PRERELEASE` where wanted (semver.org 2.0).
///
/// Build metadata (`+…`) is refused: two versions must never compare equal and differ.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModelVersion(semver::Version);

/// Longest version in characters: it becomes part of a file name.
const VERSION_CHARS_MAX: usize = 64;

/// A text that is no version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{found}' is no version; write three numbers such as 1.0.0, or 1.1.0-trial.2 for a prerelease")]
pub struct InvalidVersion {
    /// What was written.
    pub found: String,
}

impl ModelVersion {
    /// A released version.
    pub fn new(major: u64, minor: u64, patch: u64) -> Self {
        Self(semver::Version::new(major, minor, patch))
    }
}

impl FromStr for ModelVersion {
    type Err = InvalidVersion;

    fn from_str(text: &str) -> Result<Self, InvalidVersion> {
        let refuse = || InvalidVersion { found: text.chars().take(VERSION_CHARS_MAX).collect() };
        if text.len() > VERSION_CHARS_MAX {
            return Err(refuse());
        }
        let version = semver::Version::parse(text).map_err(|_| refuse())?;
        if version.build.is_empty() { Ok(Self(version)) } else { Err(refuse()) }
    }
}

impl fmt::Display for ModelVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_by_number() {
        let v = |text: &str| text.parse::<ModelVersion>().expect("a version");
        assert!(v("1.10.0") > v("1.9.0"));
        assert!(v("1.0.0-trial.1") < v("1.0.0"));
        assert_eq!(v("1.2.3"), ModelVersion::new(1, 2, 3));
        for bad in ["", "1", "1.0", "1.0.0+build", "01.0.0", "1.0.0/../x", &"1".repeat(80)] {
            assert!(bad.parse::<ModelVersion>().is_err(), "{bad}");
        }
    }
}
