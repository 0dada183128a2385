//! Sessions: what a sign-in gives, how it is found again, and what ends it.
//!
//! A session's id is new at each sign-in and known only to the browser; the table has its digest.
//! It ends by signing out, without use, after its longest time, when the user's password or role
//! changes, when the user is disabled or removed, and when the user has too many.

use super::error::AccessError;
use super::password::Password;
use super::random::{Digest, digest, secret};
use super::role::{Role, Who};
use super::tables::{self, ms};
use super::{Access, Admitted};
use sqlx::Row;
use std::net::IpAddr;
use std::time::Duration;

/// Sessions of one user: browsers and panels at once. The one unused for longest makes room.
const SESSIONS_OF_USER_MAX: i64 = 100;
/// How exactly the last use is kept: each note is a write.
const USE_NOTED_EVERY: Duration = Duration::from_secs(60);

/// Names a session without giving it away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionId(Digest);

impl SessionId {
    pub(super) fn of(secret: &str) -> Self {
        Self(digest(secret))
    }
}

/// A session as its browser gets it.
#[derive(Clone)]
pub struct SignedIn {
    /// For the cookie.
    pub secret: String,
    /// For the header of each change.
    pub csrf: String,
    /// Who.
    pub who: Who,
}

impl Access {
    /// Signs somebody in.
    ///
    /// # Errors
    /// Wrong user or password, too many tries, or the file.
    pub async fn sign_in(&self, user: &str, password: &Password, from: IpAddr) -> Result<SignedIn, AccessError> {
        let (name, role) = self.check_password(user, from, password).await?;
        self.begin_session(name, role, from).await
    }

    /// That a password is the user's; gives the name as it was made, and the role.
    pub(super) async fn check_password(
        &self,
        user: &str,
        from: IpAddr,
        password: &Password,
    ) -> Result<(String, Role), AccessError> {
        // Longer than any name: not even remembered.
        if user.chars().count() > 64 {
            return Err(AccessError::Wrong);
        }
        let admitted = self.admit(user, from)?;
        let sql = "SELECT name, role, password, disabled FROM user WHERE name = ?";
        let row = sqlx::query(sql).bind(user).fetch_optional(self.pool()?).await?;
        let kept: Option<String> = row.as_ref().map(|row| row.try_get("password")).transpose()?;
        let compared = self.hasher.is_right(password, kept.as_deref(), admitted.known).await;
        if matches!(compared, Err(AccessError::Limited { .. })) {
            self.throttle().withdrawn(user, from, self.clock.mono());
        }
        match (compared?, row) {
            (true, Some(row)) if !row.try_get::<bool, _>("disabled")? => {
                self.throttle().passed(user, from, self.clock.mono());
                Ok((row.try_get("name")?, tables::role(&row, "role")?))
            }
            _ => {
                self.note_failure(user, from, admitted);
                Err(AccessError::Wrong)
            }
        }
    }

    pub(super) async fn begin_session(&self, name: String, role: Role, from: IpAddr) -> Result<SignedIn, AccessError> {
        let (secret, now) = (secret()?, ms(self.clock.wall()));
        let pool = self.pool()?;
        let sql = "INSERT INTO session (digest, user, began_ms, used_ms, address) VALUES (?, ?, ?, ?, ?)";
        let query = sqlx::query(sql).bind(digest(&secret).as_bytes().to_vec()).bind(&name).bind(now).bind(now);
        query.bind(from.to_string()).execute(pool).await?;
        sqlx::query("UPDATE user SET signed_in_ms = ? WHERE name = ?").bind(now).bind(&name).execute(pool).await?;
        let sql = "DELETE FROM session WHERE used_ms < ? OR began_ms < ? OR (user = ? AND digest NOT IN \
                   (SELECT digest FROM session WHERE user = ? ORDER BY used_ms DESC, rowid DESC LIMIT ?))";
        let (idle, longest) = self.oldest_allowed();
        let query = sqlx::query(sql).bind(idle).bind(longest).bind(&name).bind(&name);
        query.bind(SESSIONS_OF_USER_MAX).execute(pool).await?;
        let who = Who { name, role, address: from };
        Ok(SignedIn { csrf: csrf_of(&secret), secret, who })
    }

    /// Who a session is, if it still holds. Its use is noted.
    pub(super) async fn session(&self, id: SessionId, from: IpAddr) -> Result<Option<Who>, AccessError> {
        let sql = "SELECT user.name AS name, role, used_ms FROM session JOIN user ON user.name = session.user \
                   WHERE digest = ? AND used_ms >= ? AND began_ms >= ? AND NOT disabled";
        let (idle, longest) = self.oldest_allowed();
        let key = id.0.as_bytes().to_vec();
        let pool = self.pool()?;
        let found = sqlx::query(sql).bind(&key).bind(idle).bind(longest).fetch_optional(pool).await?;
        let Some(row) = found else { return Ok(None) };
        let now = ms(self.clock.wall());
        let every = USE_NOTED_EVERY.min(self.limits.idle / 4);
        if now.saturating_sub(row.try_get("used_ms")?) >= i64::try_from(every.as_millis()).unwrap_or(i64::MAX) {
            sqlx::query("UPDATE session SET used_ms = ? WHERE digest = ?").bind(now).bind(&key).execute(pool).await?;
        }
        Ok(Some(Who { name: row.try_get("name")?, role: tables::role(&row, "role")?, address: from }))
    }

    /// Ends a session.
    ///
    /// # Errors
    /// [`AccessError::Unavailable`].
    pub async fn sign_out(&self, id: SessionId) -> Result<(), AccessError> {
        let sql = "DELETE FROM session WHERE digest = ?";
        sqlx::query(sql).bind(id.0.as_bytes().to_vec()).execute(self.pool()?).await?;
        self.changed();
        Ok(())
    }

    /// Ends a user's sessions, but for one.
    pub(super) async fn end_sessions_of(&self, user: &str, but: Option<&SessionId>) -> Result<(), AccessError> {
        let stays = but.map(|id| id.0.as_bytes().to_vec()).unwrap_or_default();
        let sql = "DELETE FROM session WHERE user = ? AND digest <> ?";
        sqlx::query(sql).bind(user).bind(stays).execute(self.pool()?).await?;
        self.changed();
        Ok(())
    }

    fn admit(&self, user: &str, from: IpAddr) -> Result<Admitted, AccessError> {
        let admitted = self.throttle().admit(user, from, self.clock.mono());
        admitted.map_err(|wait| AccessError::Limited { retry_after_s: wait.as_secs() + 1 })
    }

    fn note_failure(&self, user: &str, from: IpAddr, admitted: Admitted) {
        // Whoever types the password into the field of the name must not find it in the log.
        let named = if super::users::fits(user).is_ok() { user } else { "?" };
        let who = format!("{named} ({from})");
        match admitted.locks_for {
            None => self.note(&who, "access.sign_in_failed", "a wrong user or password"),
            Some(wait) => {
                let text = format!("a wrong user or password again; tries from there wait {} s", wait.as_secs());
                self.note(&who, "access.locked", &text);
            }
        }
    }

    /// The earliest last use and the earliest begin that still hold, in milliseconds.
    fn oldest_allowed(&self) -> (i64, i64) {
        let now = self.clock.wall();
        (ms(now.minus(self.limits.idle)), ms(now.minus(self.limits.longest)))
    }
}

/// The token against forged requests that belongs to a session's secret: derived, so nothing is kept.
pub fn csrf_of(secret: &str) -> String {
    blake3::Hasher::new_derive_key("takt 2026 session csrf").update(secret.as_bytes()).finalize().to_hex().to_string()
}

/// Whether a request carries its session's token; takes the same time wherever they differ.
pub fn csrf_matches(secret: &str, said: &str) -> bool {
    digest(&csrf_of(secret)) == digest(said)
}
