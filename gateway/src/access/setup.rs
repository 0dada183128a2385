//! The first administrator, made by whoever can see the console.

use super::error::AccessError;
use super::password::Password;
use super::random::{Digest, code, code_digest};
use super::role::Role;
use super::sessions::SignedIn;
use super::{Access, users};
use sqlx::SqlitePool;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

/// Its name in the gateway's folder.
const FILE: &str = "setup.code";
/// Under this name tries of the code are counted: no user can have it.
const TRIES: &str = "set-up code";

/// The code that makes the first administrator. New at each start, gone once used.
pub(super) struct SetUpCode {
    /// For the console.
    pub text: String,
    digest: Digest,
    file: PathBuf,
}

impl SetUpCode {
    /// A new code when no administrator can sign in; else no code, and no file of an old one.
    pub async fn renew(data_dir: &Path, pool: &SqlitePool) -> Result<Option<Self>, AccessError> {
        let file = data_dir.join(FILE);
        let unusable = |why: std::io::Error| AccessError::Unavailable { why: format!("{}: {why}", file.display()) };
        if users::has_administrator(pool).await? {
            return super::files::remove(&file).map_err(unusable).map(|()| None);
        }
        let text = code()?;
        super::files::write_private(&file, &format!("{text}\n")).map_err(unusable)?;
        Ok(Some(Self { digest: code_digest(&text), text, file }))
    }
}

impl Access {
    /// The code that the console shows, while it is of use.
    pub fn setup_code(&self) -> Option<&str> {
        self.setup.as_ref().map(|code| code.text.as_str())
    }

    /// Makes the first administrator and signs them in.
    ///
    /// # Errors
    /// A wrong code, too many tries, an unfit name or password, or there is one already.
    pub async fn set_up(
        &self,
        typed: &str,
        user: &str,
        password: &Password,
        from: IpAddr,
    ) -> Result<SignedIn, AccessError> {
        let Some(code) = &self.setup else { return Err(AccessError::SetUp) };
        let admitted = self.throttle().admit(TRIES, from, self.clock.mono());
        admitted.map_err(|wait| AccessError::Limited { retry_after_s: wait.as_secs() + 1 })?;
        if code_digest(typed) != code.digest {
            self.note(&format!("? ({from})"), "access.set_up_failed", "a wrong set-up code");
            return Err(AccessError::WrongCode);
        }
        self.throttle().passed(TRIES, from, self.clock.mono());
        self.add_first(user, password).await?;
        if let Err(why) = super::files::remove(&code.file) {
            tracing::warn!(%why, "setup.code is used and could not be removed; it is of no use to anybody");
        }
        self.begin_session(user.to_owned(), Role::Administrator, from).await
    }
}
