//! Secrets: in documents they are only names.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

/// Longest name of a secret in bytes: it becomes a file name and a part of an environment variable's name.
pub const SECRET_NAME_BYTES_MAX: usize = 64;

/// The name of a secret. The secret itself is resolved at the moment of its use and stands in no document.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SecretRef(Arc<str>);

impl SecretRef {
    /// Takes a text of the form `secret:NAME`; `None` for anything else.
    ///
    /// NAME has letters, digits, `_`, `-` and `.`, beginning with a letter or digit.
    pub fn parse(text: &str) -> Option<Self> {
        let name = text.strip_prefix("secret:")?;
        let first = name.bytes().next()?;
        let rest = name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'));
        (first.is_ascii_alphanumeric() && rest && name.len() <= SECRET_NAME_BYTES_MAX).then(|| Self(Arc::from(name)))
    }

    /// NAME, without the prefix.
    pub fn name(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SecretRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "secret:{}", self.0)
    }
}

/// Where a certificate or key in PEM form comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pem {
    /// A file.
    File(PathBuf),
    /// A secret.
    Secret(SecretRef),
}
