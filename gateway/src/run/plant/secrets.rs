//! Secrets for HTTP: names, and whether each can be had. No text goes out.

use crate::api::SecretEntry;
use crate::api::control::{ControlError, Why};
use crate::documents;
use crate::run::Shared;
use crate::secrets::{self, SECRET_BYTES_MAX};
use std::collections::BTreeMap;
use takt_config::SecretRef;

impl Shared {
    pub(super) async fn list_secrets(&self) -> Result<Vec<SecretEntry>, ControlError> {
        let mut all: BTreeMap<String, (SecretRef, Vec<String>)> = BTreeMap::new();
        for secret in secrets::kept(&self.gateway.data_dir) {
            all.entry(secret.name().to_owned()).or_insert((secret, Vec::new()));
        }
        let applied = self.in_force().await?;
        // Documents that cannot be read name nothing; they are told about elsewhere.
        let connections = documents::read_all(&self.source, &applied).map(|read| read.connections).unwrap_or_default();
        for connection in &connections {
            for secret in secrets::used_by(connection) {
                let (_, used_by) = all.entry(secret.name().to_owned()).or_insert((secret, Vec::new()));
                used_by.push(connection.id.to_string());
            }
        }
        Ok(all.into_values().map(|(secret, used_by)| self.secret_entry(&secret, used_by)).collect())
    }

    pub(super) async fn put_secret(&self, who: &str, name: &str, text: &str) -> Result<SecretEntry, ControlError> {
        let shown: String = name.chars().take(100).collect();
        let secret = SecretRef::parse(&format!("secret:{name}")).ok_or_else(|| {
            let hint = "use letters, digits, '_', '-' and '.', beginning with a letter or digit, at most 64";
            ControlError::new(format!("a secret cannot be called '{shown}'"), hint)
        })?;
        if text.is_empty() || text.len() as u64 > SECRET_BYTES_MAX {
            let error = format!("a secret has 1 to {SECRET_BYTES_MAX} bytes, and this has {}", text.len());
            return Err(ControlError::new(error, "send the password or the key alone"));
        }
        let dir = self.gateway.data_dir.value.clone();
        secrets::keep(&dir, &secret, text).map_err(|error| {
            let error = format!("the secret '{name}' cannot be kept: {error}");
            ControlError::new(error, "see `takt doctor` for the disk").because(Why::Unavailable)
        })?;
        self.note(who, "secret.put", None, &format!("{name} has a new text")).await;
        let listed = self.list_secrets().await?.into_iter().find(|entry| entry.name == name);
        Ok(listed.unwrap_or_else(|| self.secret_entry(&secret, Vec::new())))
    }

    fn secret_entry(&self, secret: &SecretRef, used_by: Vec<String>) -> SecretEntry {
        let why = secrets::reveal(&self.gateway.data_dir, secret).err();
        SecretEntry { name: secret.name().to_owned(), resolves: why.is_none(), why, used_by }
    }
}
