//! API tokens: for programs. Shown once, kept as digests.

use super::Access;
use super::error::AccessError;
use super::random::{Digest, digest, secret};
use super::role::{Role, Who};
use super::tables::{self, is_taken, ms, wall};
use super::users::{fits, unfit};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use std::net::IpAddr;
use takt_plant::WallTime;

/// Tokens of one gateway.
const TOKENS_MAX: i64 = 1_000;
/// What a token begins with, so that a scan for leaked secrets finds it.
const PREFIX: &str = "takt_";
/// How exactly the last use is kept, in milliseconds: each note is a write.
const USE_NOTED_EVERY_MS: i64 = 60_000;

/// A token, without its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Its name.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// Who made it.
    pub created_by: String,
    /// When.
    pub created: WallTime,
    /// Until when it holds; `None`: until it is revoked.
    pub expires: Option<WallTime>,
    /// When it was last used, to the minute.
    pub used: Option<WallTime>,
}

/// Names a token without giving it away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenId(Digest);

impl TokenId {
    pub(super) fn of(text: &str) -> Self {
        Self(digest(text))
    }
}

impl Access {
    /// All tokens by name.
    ///
    /// # Errors
    /// [`AccessError::Unavailable`].
    pub async fn tokens(&self) -> Result<Vec<Token>, AccessError> {
        let sql = "SELECT name, role, created_by, created_ms, expires_ms, used_ms FROM token ORDER BY name";
        let rows = sqlx::query(sql).fetch_all(self.pool()?).await?;
        rows.iter().map(token).collect()
    }

    /// Makes a token; gives its text, which nobody can see again.
    ///
    /// # Errors
    /// A name that is taken or cannot be, an end that has passed, or the file.
    pub async fn add_token(
        &self,
        name: &str,
        role: Role,
        expires: Option<WallTime>,
        by: &Who,
    ) -> Result<String, AccessError> {
        fits(name)?;
        let now = self.clock.wall();
        if expires.is_some_and(|expires| expires <= now) {
            return Err(unfit("the token would have expired already", "write a time to come, or none"));
        }
        let pool = self.pool()?;
        let n: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM token").fetch_one(pool).await?;
        if n >= TOKENS_MAX {
            return Err(unfit("there are as many tokens as there may be", "revoke those that nobody uses"));
        }
        let text = format!("{PREFIX}{}", secret()?);
        let sql =
            "INSERT INTO token (name, digest, role, created_by, created_ms, expires_ms) VALUES (?, ?, ?, ?, ?, ?)";
        let query = sqlx::query(sql).bind(name).bind(digest(&text).as_bytes().to_vec()).bind(role.word());
        let query = query.bind(&by.name).bind(ms(now)).bind(expires.map(ms));
        match query.execute(pool).await {
            Err(error) if is_taken(&error) => Err(AccessError::Taken { what: "token", name: name.to_owned() }),
            made => {
                made?;
                self.note(&by.to_string(), "access.token_add", &format!("token {name} is made, as {role}"));
                Ok(text)
            }
        }
    }

    /// Revokes a token: from now on it is nobody's.
    ///
    /// # Errors
    /// There is no such token, or the file.
    pub async fn revoke_token(&self, name: &str, by: &Who) -> Result<(), AccessError> {
        let removed = sqlx::query("DELETE FROM token WHERE name = ?").bind(name).execute(self.pool()?).await?;
        if removed.rows_affected() == 0 {
            return Err(AccessError::Unknown { what: "token", name: name.to_owned() });
        }
        self.changed();
        self.note(&by.to_string(), "access.token_revoke", &format!("token {name} is revoked"));
        Ok(())
    }

    /// Who a token is, if it holds. Its use is noted.
    pub(super) async fn token(&self, id: TokenId, from: IpAddr) -> Result<Option<Who>, AccessError> {
        let TokenId(digest) = id;
        if digest == self.console {
            return Ok(Some(Who { name: "console".to_owned(), role: Role::Administrator, address: from }));
        }
        let (now, key) = (ms(self.clock.wall()), digest.as_bytes().to_vec());
        let sql = "SELECT name, role, used_ms FROM token WHERE digest = ? AND (expires_ms IS NULL OR expires_ms > ?)";
        let pool = self.pool()?;
        let Some(row) = sqlx::query(sql).bind(&key).bind(now).fetch_optional(pool).await? else { return Ok(None) };
        let used: Option<i64> = row.try_get("used_ms")?;
        if used.is_none_or(|used| now.saturating_sub(used) >= USE_NOTED_EVERY_MS) {
            sqlx::query("UPDATE token SET used_ms = ? WHERE digest = ?").bind(now).bind(&key).execute(pool).await?;
        }
        // No user's name has a blank: a token can never pass for a user.
        let name = format!("token {}", row.try_get::<String, _>("name")?);
        Ok(Some(Who { name, role: tables::role(&row, "role")?, address: from }))
    }
}

fn token(row: &SqliteRow) -> Result<Token, AccessError> {
    let (expires, used): (Option<i64>, Option<i64>) = (row.try_get("expires_ms")?, row.try_get("used_ms")?);
    Ok(Token {
        name: row.try_get("name")?,
        role: tables::role(row, "role")?,
        created_by: row.try_get("created_by")?,
        created: wall(row.try_get("created_ms")?),
        expires: expires.map(wall),
        used: used.map(wall),
    })
}
