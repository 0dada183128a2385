//! Users and tokens, for administrators.

use super::Api;
use super::answer::{OfAccess, OfBody, OfPassword, ProblemAnswer, Refusal, Told};
use super::kept::time;
use super::who::{Role, Who};
use crate::access::{Password, Token, User, UserChange, UserOrder};
use crate::payload::time_text;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The users.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct Users {
    users: Vec<UserView>,
}

/// A user, without the password.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct UserView {
    /// The name.
    name: String,
    /// What they may do.
    role: Role,
    /// Whether they may not sign in.
    disabled: bool,
    /// When they were made.
    created_at: String,
    /// When the password was set.
    password_set_at: String,
    /// When they last signed in.
    signed_in_at: Option<String>,
}

/// A user to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewUser {
    /// The name.
    name: String,
    /// What they may do.
    role: Role,
    /// The first password; they can set another.
    password: Password,
}

/// What changes about a user. What is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ChangedUser {
    /// Another role.
    role: Option<Role>,
    /// Another password.
    password: Option<Password>,
    /// Whether they may not sign in.
    disabled: Option<bool>,
}

/// The tokens.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct Tokens {
    tokens: Vec<TokenView>,
}

/// A token, without its text.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct TokenView {
    /// Its name.
    name: String,
    /// What it may do.
    role: Role,
    /// Who made it.
    created_by: String,
    /// When it was made.
    created_at: String,
    /// Until when it holds; null: until it is revoked.
    expires: Option<String>,
    /// When it was last used, to the minute.
    used_at: Option<String>,
}

/// A token to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewToken {
    /// Its name.
    name: String,
    /// What it may do.
    role: Role,
    /// Until when it holds (RFC 3339); without it until it is revoked.
    expires: Option<String>,
}

/// A token that was made. It is never shown again.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct MadeToken {
    /// Its name.
    name: String,
    /// What it may do.
    role: Role,
    /// Send it as `Authorization: Bearer TOKEN`.
    token: String,
}

/// All users by name.
#[utoipa::path(get, path = "/api/v1/users", tag = "access", responses(
    OfAccess,
    (status = 200, body = Users),
))]
pub(super) async fn users(State(api): State<Api>) -> Result<Json<Users>, Refusal> {
    let users = api.access.users().await?;
    Ok(Json(Users { users: users.into_iter().map(user_view).collect() }))
}

/// Makes a user.
#[utoipa::path(post, path = "/api/v1/users", tag = "access", request_body = NewUser, responses(
    OfPassword,
    (status = 201, body = Users, description = "All users"),
    (status = 400, body = ProblemAnswer, description = "The name or the password will not do"),
    (status = 409, body = ProblemAnswer, description = "The name is taken"),
))]
pub(super) async fn add_user(
    State(api): State<Api>,
    who: Who,
    Told(new): Told<NewUser>,
) -> Result<(StatusCode, Json<Users>), Refusal> {
    let order = UserOrder::Add { name: new.name, role: new.role, password: new.password };
    api.access.carry_out(&order, &who.to_string()).await?;
    Ok((StatusCode::CREATED, users(State(api)).await?))
}

/// Changes a user's role or password, or whether they may sign in. Their sessions end.
#[utoipa::path(patch, path = "/api/v1/users/{name}", tag = "access", request_body = ChangedUser,
    params(("name" = String, Path, description = "The user's name")), responses(
    OfPassword,
    (status = 200, body = Users, description = "All users"),
    (status = 400, body = ProblemAnswer, description = "The password will not do"),
    (status = 404, body = ProblemAnswer, description = "No such user"),
    (status = 409, body = ProblemAnswer, description = "It is the last administrator who can sign in"),
))]
pub(super) async fn change_user(
    State(api): State<Api>,
    who: Who,
    Path(name): Path<String>,
    Told(changed): Told<ChangedUser>,
) -> Result<Json<Users>, Refusal> {
    let ChangedUser { role, password, disabled } = changed;
    let order = UserOrder::Change { name, change: UserChange { role, password, disabled } };
    api.access.carry_out(&order, &who.to_string()).await?;
    users(State(api)).await
}

/// Removes a user. Their sessions end; what they did stays in the audit log.
#[utoipa::path(delete, path = "/api/v1/users/{name}", tag = "access",
    params(("name" = String, Path, description = "The user's name")), responses(
    OfAccess,
    (status = 204),
    (status = 404, body = ProblemAnswer, description = "No such user"),
    (status = 409, body = ProblemAnswer, description = "It is the last administrator who can sign in"),
))]
pub(super) async fn remove_user(
    State(api): State<Api>,
    who: Who,
    Path(name): Path<String>,
) -> Result<StatusCode, Refusal> {
    api.access.carry_out(&UserOrder::Remove { name }, &who.to_string()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// All tokens by name, without their texts.
#[utoipa::path(get, path = "/api/v1/tokens", tag = "access", responses(
    OfAccess,
    (status = 200, body = Tokens),
))]
pub(super) async fn tokens(State(api): State<Api>) -> Result<Json<Tokens>, Refusal> {
    let tokens = api.access.tokens().await?;
    Ok(Json(Tokens { tokens: tokens.into_iter().map(token_view).collect() }))
}

/// Makes a token. Its text is in this answer and nowhere else.
#[utoipa::path(post, path = "/api/v1/tokens", tag = "access", request_body = NewToken, responses(
    OfBody, OfAccess,
    (status = 201, body = MadeToken),
    (status = 400, body = ProblemAnswer, description = "The name or the time will not do"),
    (status = 409, body = ProblemAnswer, description = "The name is taken"),
))]
pub(super) async fn add_token(
    State(api): State<Api>,
    who: Who,
    Told(new): Told<NewToken>,
) -> Result<(StatusCode, Json<MadeToken>), Refusal> {
    let expires = new.expires.as_deref().map(|text| time("expires", text)).transpose()?;
    let token = api.access.add_token(&new.name, new.role, expires, &who).await?;
    Ok((StatusCode::CREATED, Json(MadeToken { name: new.name, role: new.role, token })))
}

/// Revokes a token, at once.
#[utoipa::path(delete, path = "/api/v1/tokens/{name}", tag = "access",
    params(("name" = String, Path, description = "The token's name")), responses(
    OfAccess,
    (status = 204),
    (status = 404, body = ProblemAnswer, description = "No such token"),
))]
pub(super) async fn revoke_token(
    State(api): State<Api>,
    who: Who,
    Path(name): Path<String>,
) -> Result<StatusCode, Refusal> {
    api.access.revoke_token(&name, &who).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn user_view(user: User) -> UserView {
    UserView {
        name: user.name,
        role: user.role,
        disabled: user.disabled,
        created_at: time_text(user.created),
        password_set_at: time_text(user.password_set),
        signed_in_at: user.signed_in.map(time_text),
    }
}

fn token_view(token: Token) -> TokenView {
    TokenView {
        name: token.name,
        role: token.role,
        created_by: token.created_by,
        created_at: time_text(token.created),
        expires: token.expires.map(time_text),
        used_at: token.used.map(time_text),
    }
}
