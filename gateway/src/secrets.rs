//! Secrets: what a document calls `secret:NAME`, found when it is used and never shown (B49).
//!
//! Looked for in this order, and the first that exists counts: a file `secrets/NAME` in the data
//! folder, readable by its owner alone; systemd's credentials (`$CREDENTIALS_DIRECTORY/NAME`); the
//! environment (`TAKT_SECRET_NAME`, in capitals, every other character as `_`).

use std::path::{Path, PathBuf};
use std::sync::Arc;
use takt_config::SecretRef;

/// Longest secret in bytes: room for a certificate chain with its key.
const SECRET_BYTES_MAX: u64 = 64 << 10;

/// A secret text. Neither `Debug` nor anything else shows it; only [`Secret::expose`] gives it out.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Arc<str>);

impl Secret {
    /// Takes a text that must not be shown.
    pub fn new(text: &str) -> Self {
        Self(Arc::from(text))
    }

    /// The text itself, for the one call that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(***)")
    }
}

impl std::fmt::Display for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

/// Why a secret cannot be had. The messages name the secret, never its text.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// It is nowhere.
    #[error(
        "there is no secret '{name}'; put it into {file} (mode 0600), a systemd credential, or the variable {variable}"
    )]
    Missing {
        /// Its name.
        name: String,
        /// Where its file would be.
        file: PathBuf,
        /// How its variable would be called.
        variable: String,
    },
    /// Others than the owner may read its file.
    #[error("the file {file} of a secret can be read by others (mode {mode:04o}); run: chmod 600 {file}")]
    Open {
        /// The file.
        file: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// Its file or credential cannot be read.
    #[error("the secret in {file} cannot be read; check its owner, and that it is a text of at most 64 KiB")]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

/// Where secrets are looked for.
#[derive(Debug, Clone)]
pub struct Secrets {
    folder: PathBuf,
    credentials: Option<PathBuf>,
    environment: fn(&str) -> Option<String>,
}

impl Secrets {
    /// The gateway's own places.
    pub fn new(data_dir: &Path) -> Self {
        Self {
            folder: data_dir.join("secrets"),
            credentials: std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from),
            environment: |name| std::env::var(name).ok(),
        }
    }

    /// Finds a secret.
    ///
    /// # Errors
    /// [`SecretError`] says where the secret may be put.
    pub fn resolve(&self, secret: &SecretRef) -> Result<Secret, SecretError> {
        let name = secret.name();
        let file = self.folder.join(name);
        if let Some(text) = read(&file, true)? {
            return Ok(Secret::new(&text));
        }
        if let Some(folder) = &self.credentials
            && let Some(text) = read(&folder.join(name), false)?
        {
            return Ok(Secret::new(&text));
        }
        let variable = variable(name);
        match (self.environment)(&variable) {
            Some(text) => Ok(Secret::new(trim(&text))),
            None => Err(SecretError::Missing { name: name.to_string(), file, variable }),
        }
    }
}

/// The bytes of a secret of a gateway whose data lie in `data_dir`; the error is for an operator.
///
/// # Errors
/// The words of [`SecretError`], with what lies behind them.
pub fn reveal(data_dir: &Path, secret: &SecretRef) -> Result<Vec<u8>, String> {
    let found = Secrets::new(data_dir).resolve(secret);
    found.map(|s| s.expose().as_bytes().to_vec()).map_err(|error| match std::error::Error::source(&error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    })
}

fn variable(name: &str) -> String {
    let capital = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
    format!("TAKT_SECRET_{}", name.chars().map(capital).collect::<String>())
}

/// Reads a file, if it exists. One line feed at its end is not part of the secret.
fn read(file: &Path, private: bool) -> Result<Option<String>, SecretError> {
    let unreadable = |source| SecretError::Unreadable { file: file.to_path_buf(), source };
    let metadata = match std::fs::metadata(file) {
        Ok(metadata) => metadata,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(unreadable(source)),
    };
    if private {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = metadata.permissions().mode() & 0o7777;
        if mode & 0o077 != 0 {
            return Err(SecretError::Open { file: file.to_path_buf(), mode });
        }
    }
    if !metadata.is_file() || metadata.len() > SECRET_BYTES_MAX {
        return Err(unreadable(std::io::ErrorKind::InvalidInput.into()));
    }
    let text = std::fs::read_to_string(file).map_err(unreadable)?;
    Ok(Some(trim(&text).to_string()))
}

fn trim(text: &str) -> &str {
    let text = text.strip_suffix('\n').unwrap_or(text);
    text.strip_suffix('\r').unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    fn put(folder: &Path, name: &str, text: &str, mode: u32) {
        std::fs::create_dir_all(folder).unwrap();
        let file = folder.join(name);
        std::fs::write(&file, text).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
    }

    fn secret(name: &str) -> SecretRef {
        SecretRef::parse(&format!("secret:{name}")).unwrap()
    }

    fn places(dir: &Path) -> Secrets {
        let environment = |name: &str| (name == "TAKT_SECRET_MY_BROKER").then(|| "from the environment".to_string());
        Secrets { folder: dir.join("secrets"), credentials: Some(dir.join("credentials")), environment }
    }

    #[test]
    fn the_first_place_that_has_it_counts() {
        let dir = tempfile::tempdir().unwrap();
        let secrets = places(dir.path());
        let found = |name: &str| secrets.resolve(&secret(name)).unwrap().expose().to_string();
        assert_eq!(found("my-broker"), "from the environment");
        put(&dir.path().join("credentials"), "my-broker", "from systemd\n", 0o644);
        assert_eq!(found("my-broker"), "from systemd");
        put(&dir.path().join("secrets"), "my-broker", " from a file \r\n", 0o600);
        assert_eq!(found("my-broker"), " from a file ", "one line end goes, blanks stay");
    }

    #[test]
    fn a_file_that_others_can_read_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        for mode in [0o640, 0o604, 0o660] {
            put(&dir.path().join("secrets"), "a", "hush", mode);
            let error = places(dir.path()).resolve(&secret("a")).unwrap_err();
            assert!(matches!(error, SecretError::Open { .. }), "{error}");
            assert!(error.to_string().contains("chmod 600") && !error.to_string().contains("hush"));
        }
    }

    #[test]
    fn what_is_nowhere_says_where_it_may_be_put() {
        let dir = tempfile::tempdir().unwrap();
        let error = places(dir.path()).resolve(&secret("absent")).unwrap_err().to_string();
        assert!(error.contains("TAKT_SECRET_ABSENT") && error.contains("secrets/absent"), "{error}");
        put(&dir.path().join("secrets"), "binary", "x", 0o600);
        std::fs::write(dir.path().join("secrets/binary"), [0xff, 0xfe]).unwrap();
        assert!(reveal(dir.path(), &secret("binary")).is_err());
    }

    #[test]
    fn a_secret_shows_nothing() {
        let secret = Secret::new("hunter2");
        assert!(!format!("{secret:?} {secret} {:?}", Some(&secret)).contains("hunter2"));
    }
}
