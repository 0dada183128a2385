//! What somebody shows with each request.

use super::Access;
use super::error::AccessError;
use super::role::Who;
use super::sessions::SessionId;
use super::tokens::TokenId;
use std::net::IpAddr;

/// What somebody shows with each request. Holds digests only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credential {
    /// The cookie of a session.
    Session(SessionId),
    /// A token.
    Token(TokenId),
}

impl Credential {
    /// Of a session's secret.
    pub fn session(secret: &str) -> Self {
        Self::Session(SessionId::of(secret))
    }

    /// Of a token's text.
    pub fn token(text: &str) -> Self {
        Self::Token(TokenId::of(text))
    }
}

impl Access {
    /// Whose it is, if it holds at this moment.
    ///
    /// # Errors
    /// [`AccessError::Unavailable`].
    pub async fn who(&self, credential: &Credential, from: IpAddr) -> Result<Option<Who>, AccessError> {
        match credential {
            Credential::Session(id) => self.session(*id, from).await,
            Credential::Token(id) => self.token(*id, from).await,
        }
    }
}
