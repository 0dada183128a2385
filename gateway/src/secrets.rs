//! Secrets: what a document calls `secret:NAME`, found when it is used and never shown (B49).
//!
//! Looked for in this order, and the first that exists counts: a file `secrets/NAME` in the data
//! folder, readable by its owner alone; systemd's credentials (`$CREDENTIALS_DIRECTORY/NAME`); the
//! environment (`TAKT_SECRET_NAME`, in capitals, every other character as `_`).

use std::path::{Path, PathBuf};
use std::sync::Arc;
use takt_config::resolved::{Connection, ConnectionKind};
use takt_config::{At, Pem, SecretRef};

/// Longest secret in bytes: room for a certificate chain with its key.
pub const SECRET_BYTES_MAX: u64 = 64 << 10;

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

/// Keeps a secret in the gateway's folder, readable by its owner alone. It is there whole or not at all.
///
/// # Errors
/// That the folder cannot be written.
pub fn keep(data_dir: &Path, secret: &SecretRef, text: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
    let folder = data_dir.join("secrets");
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
    // A dot cannot begin a secret's name, so the draft is nobody's secret.
    let draft = folder.join(format!(".{}.new", secret.name()));
    drop(std::fs::remove_file(&draft));
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&draft, folder.join(secret.name()))
}

/// The names of the secrets that are kept in the gateway's folder.
pub fn kept(data_dir: &Path) -> Vec<SecretRef> {
    let entries = std::fs::read_dir(data_dir.join("secrets")).into_iter().flatten().flatten();
    let named = entries.filter_map(|entry| SecretRef::parse(&format!("secret:{}", entry.file_name().to_str()?)));
    named.collect()
}

/// The names of the secrets that a connection uses.
pub fn used_by(connection: &Connection) -> Vec<SecretRef> {
    let ConnectionKind::Mqtt(broker) = &connection.kind else { return Vec::new() };
    let of = |pem: &At<Pem>| match &pem.value {
        Pem::Secret(name) => Some(name.clone()),
        Pem::File(_) => None,
    };
    let tls = broker.tls.iter();
    let pems = tls.flat_map(|tls| tls.ca.iter().chain(tls.identity.iter().flat_map(|(c, k)| [c, k])));
    broker.password.iter().map(|name| name.value.clone()).chain(pems.filter_map(of)).collect()
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
    fn a_kept_secret_is_its_owners_alone_and_comes_back() {
        let dir = tempfile::tempdir().unwrap();
        for text in ["first", "second"] {
            keep(dir.path(), &secret("broker"), text).unwrap();
            assert_eq!(reveal(dir.path(), &secret("broker")).unwrap(), text.as_bytes());
        }
        let mode = |path: &str| std::fs::metadata(dir.path().join(path)).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode("secrets"), mode("secrets/broker")), (0o700, 0o600));
        assert_eq!(kept(dir.path()), [secret("broker")]);
    }

    #[test]
    fn a_secret_shows_nothing() {
        let secret = Secret::new("hunter2");
        assert!(!format!("{secret:?} {secret} {:?}", Some(&secret)).contains("hunter2"));
    }
}
