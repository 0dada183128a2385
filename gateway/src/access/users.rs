//! Users: made, changed, removed; and the one that cannot be.

use super::error::AccessError;
use super::password::Password;
use super::role::Role;
use super::tables::{is_taken, ms, wall};
use super::{Access, tables};
use serde::{Deserialize, Serialize};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqlitePool};
use takt_plant::WallTime;

/// Users of one gateway: more than a plant has people at its lines.
const USERS_MAX: i64 = 1_000;
/// Characters of a user's or token's name.
const NAME_CHARS_MAX: usize = 64;
/// Names under which the gateway itself acts.
const RESERVED: [&str; 4] = ["console", "gateway", "loopback", "takt"];

/// A user, without the password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The name.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// Whether they may not sign in.
    pub disabled: bool,
    /// When they were made.
    pub created: WallTime,
    /// When the password was set.
    pub password_set: WallTime,
    /// When they last signed in.
    pub signed_in: Option<WallTime>,
}

/// What changes about a user. What is `None` stays.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserChange {
    /// Another role.
    pub role: Option<Role>,
    /// Another password.
    pub password: Option<Password>,
    /// Whether they may not sign in.
    pub disabled: Option<bool>,
}

impl Access {
    /// All users by name.
    ///
    /// # Errors
    /// [`AccessError::Unavailable`].
    pub async fn users(&self) -> Result<Vec<User>, AccessError> {
        let sql = "SELECT name, role, disabled, created_ms, changed_ms, signed_in_ms FROM user ORDER BY name";
        let rows = sqlx::query(sql).fetch_all(self.pool()?).await?;
        rows.iter().map(user).collect()
    }

    /// Makes a user.
    ///
    /// # Errors
    /// A name that is taken or cannot be, an unfit password, or the file.
    pub async fn add_user(&self, name: &str, role: Role, password: &Password) -> Result<(), AccessError> {
        fits(name)?;
        password.fits(name)?;
        let pool = self.pool()?;
        let n: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM user").fetch_one(pool).await?;
        if n >= USERS_MAX {
            return Err(unfit("there are as many users as there may be", "remove those who left"));
        }
        let hash = self.hasher.hash(password).await?;
        let now = ms(self.clock.wall());
        let sql = "INSERT INTO user (name, role, password, disabled, created_ms, changed_ms) VALUES (?, ?, ?, 0, ?, ?)";
        let query = sqlx::query(sql).bind(name).bind(role.word()).bind(hash).bind(now).bind(now);
        match query.execute(pool).await {
            Err(error) if is_taken(&error) => Err(AccessError::Taken { what: "user", name: name.to_owned() }),
            made => made.map(drop).map_err(AccessError::from),
        }
    }

    /// Makes the first administrator, and only the first: two at once cannot both.
    pub(super) async fn add_first(&self, name: &str, password: &Password) -> Result<(), AccessError> {
        fits(name)?;
        password.fits(name)?;
        let hash = self.hasher.hash(password).await?;
        let now = ms(self.clock.wall());
        let sql = "INSERT INTO user (name, role, password, disabled, created_ms, changed_ms) \
                   SELECT ?, 'administrator', ?, 0, ?, ? \
                   WHERE NOT EXISTS (SELECT 1 FROM user WHERE role = 'administrator' AND disabled = 0)";
        let query = sqlx::query(sql).bind(name).bind(hash).bind(now).bind(now);
        match query.execute(self.pool()?).await {
            Err(error) if is_taken(&error) => Err(AccessError::Taken { what: "user", name: name.to_owned() }),
            Err(error) => Err(error.into()),
            Ok(made) if made.rows_affected() == 0 => Err(AccessError::SetUp),
            Ok(_) => Ok(()),
        }
    }

    /// Changes a user. A new password or role, or being disabled, ends their sessions.
    ///
    /// # Errors
    /// There is no such user, an unfit password, the last administrator, or the file.
    pub async fn change_user(&self, name: &str, change: &UserChange) -> Result<(), AccessError> {
        if let Some(password) = &change.password {
            password.fits(name)?;
        }
        let hash = match &change.password {
            Some(password) => Some(self.hasher.hash(password).await?),
            None => None,
        };
        let now = hash.as_ref().map(|_| ms(self.clock.wall()));
        let stays = change.role.is_none_or(|role| role == Role::Administrator) && change.disabled != Some(true);
        let sql = "UPDATE user SET role = COALESCE(?2, role), password = COALESCE(?3, password), \
                   changed_ms = COALESCE(?4, changed_ms), disabled = COALESCE(?5, disabled) WHERE name = ?1 AND \
                   (?6 OR role <> 'administrator' OR disabled OR EXISTS (SELECT 1 FROM user WHERE \
                   role = 'administrator' AND NOT disabled AND name <> ?1))";
        let query = sqlx::query(sql).bind(name).bind(change.role.map(Role::word)).bind(hash).bind(now);
        let pool = self.pool()?;
        let changed = query.bind(change.disabled).bind(stays).execute(pool).await?.rows_affected();
        self.must_have(changed, name).await?;
        if change.disabled == Some(true) {
            self.revoke_tokens_of(name).await?;
        }
        if change.password.is_some() {
            self.throttle().forget(name);
        }
        self.end_sessions_of(name, None).await
    }

    /// Sets somebody's own password, who shows the old one. The session that asks goes on, all others end.
    ///
    /// # Errors
    /// The old one is wrong, the new one is unfit, too many tries, or the file.
    pub async fn change_own_password(
        &self,
        who: &super::Who,
        session: Option<&super::SessionId>,
        old: &Password,
        new: &Password,
    ) -> Result<(), AccessError> {
        self.check_password(&who.name, who.address, old).await?;
        new.fits(&who.name)?;
        let hash = self.hasher.hash(new).await?;
        let sql = "UPDATE user SET password = ?, changed_ms = ? WHERE name = ?";
        let query = sqlx::query(sql).bind(hash).bind(ms(self.clock.wall())).bind(&who.name);
        let changed = query.execute(self.pool()?).await?.rows_affected();
        self.must_have(changed, &who.name).await?;
        self.end_sessions_of(&who.name, session).await
    }

    /// Removes a user and ends their sessions.
    ///
    /// # Errors
    /// There is no such user, the last administrator, or the file.
    pub async fn remove_user(&self, name: &str) -> Result<(), AccessError> {
        let sql = "DELETE FROM user WHERE name = ?1 AND (role <> 'administrator' OR disabled OR EXISTS \
                   (SELECT 1 FROM user WHERE role = 'administrator' AND NOT disabled AND name <> ?1))";
        let removed = sqlx::query(sql).bind(name).execute(self.pool()?).await?.rows_affected();
        self.must_have(removed, name).await?;
        self.revoke_tokens_of(name).await?;
        self.throttle().forget(name);
        self.changed();
        Ok(())
    }

    /// Whoever is gone must not come back by a token made before.
    async fn revoke_tokens_of(&self, name: &str) -> Result<(), AccessError> {
        sqlx::query("DELETE FROM token WHERE created_by = ?").bind(name).execute(self.pool()?).await?;
        Ok(())
    }

    /// Whether an administrator can sign in.
    ///
    /// # Errors
    /// [`AccessError::Unavailable`].
    pub async fn has_administrator(&self) -> Result<bool, AccessError> {
        has_administrator(self.pool()?).await
    }

    /// Nothing was changed: either there is no such user, or it is the last administrator.
    async fn must_have(&self, n_changed: u64, name: &str) -> Result<(), AccessError> {
        if n_changed > 0 {
            return Ok(());
        }
        let sql = "SELECT 1 FROM user WHERE name = ?";
        let there = sqlx::query(sql).bind(name).fetch_optional(self.pool()?).await?;
        let name = name.to_owned();
        Err(if there.is_some() { AccessError::Last { name } } else { AccessError::Unknown { what: "user", name } })
    }
}

pub(super) async fn has_administrator(pool: &SqlitePool) -> Result<bool, AccessError> {
    let sql = "SELECT 1 FROM user WHERE role = 'administrator' AND NOT disabled LIMIT 1";
    Ok(sqlx::query(sql).fetch_optional(pool).await?.is_some())
}

/// That a name will do for a user or a token.
pub(super) fn fits(name: &str) -> Result<(), AccessError> {
    let hint = "write 1 to 64 letters, digits, '.', '_', '-' or '@', beginning with a letter or digit";
    let good = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '@');
    let first = name.chars().next().is_some_and(char::is_alphanumeric);
    if !first || name.chars().count() > NAME_CHARS_MAX || !name.chars().all(good) {
        return Err(unfit("this is no name", hint));
    }
    if RESERVED.iter().any(|reserved| reserved.eq_ignore_ascii_case(name)) {
        return Err(unfit("the gateway itself acts under this name", "choose another name"));
    }
    Ok(())
}

pub(super) fn unfit(what: &str, hint: &'static str) -> AccessError {
    AccessError::Unfit { what: what.to_owned(), hint }
}

fn user(row: &SqliteRow) -> Result<User, AccessError> {
    let signed_in: Option<i64> = row.try_get("signed_in_ms")?;
    Ok(User {
        name: row.try_get("name")?,
        role: tables::role(row, "role")?,
        disabled: row.try_get("disabled")?,
        created: wall(row.try_get("created_ms")?),
        password_set: wall(row.try_get("changed_ms")?),
        signed_in: signed_in.map(wall),
    })
}
