//! What is written and read when codes and refresh tokens are exchanged.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::scope::OidcScope;
use crate::{
    oidc::client::ClientId,
    tokens::{Nonce, TokenHash},
    users::Account,
};

/// A code to be stored, for the user of a session.
#[derive(Debug)]
pub(crate) struct NewCode {
    pub(crate) hash: TokenHash,
    pub(crate) client: ClientId,
    /// The number of the session.
    pub(crate) session: i64,
    pub(crate) redirect_uri: String,
    pub(crate) code_challenge: String,
    pub(crate) scope: String,
    pub(crate) nonce: Option<String>,
    /// The stored request that it answers, which is over then.
    pub(crate) request: Option<TokenHash>,
    pub(crate) now: DateTime<Utc>,
    pub(crate) expires_at: DateTime<Utc>,
}

/// A code that a client presents.
#[derive(Debug)]
pub(crate) struct CodePresentation {
    pub(crate) code: TokenHash,
    pub(crate) client: ClientId,
    pub(crate) redirect_uri: String,
    /// The challenge that the presented verifier answers; `None` if it is no verifier.
    pub(crate) challenge: Option<String>,
    pub(crate) now: DateTime<Utc>,
}

/// A code that a client presents, and the tokens that it would get.
#[derive(Debug)]
pub(crate) struct CodeRedemption {
    pub(crate) presented: CodePresentation,
    pub(crate) tokens: NewClientTokens,
}

/// A refresh token that a client presents, and the tokens that it would get.
#[derive(Debug)]
pub(crate) struct ClientRenewal {
    pub(crate) presented: TokenHash,
    pub(crate) client: ClientId,
    /// What the new tokens are made with.
    pub(crate) nonce: Nonce,
    pub(crate) scope: Option<OidcScope>,
    pub(crate) tokens: NewClientTokens,
}

/// Tokens of a client to be stored.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NewClientTokens {
    pub(crate) access: TokenHash,
    /// Stored only if the scope has `offline_access`.
    pub(crate) refresh: TokenHash,
    pub(crate) now: DateTime<Utc>,
    /// No later than the session, as the next one.
    pub(crate) access_expires_at: DateTime<Utc>,
    pub(crate) refresh_expires_at: DateTime<Utc>,
}

impl NewClientTokens {
    /// The same tokens, none of which lasts longer than this.
    #[must_use]
    pub(crate) fn ending_by(mut self, end: DateTime<Utc>) -> Self {
        self.access_expires_at = self.access_expires_at.min(end);
        self.refresh_expires_at = self.refresh_expires_at.min(end);
        self
    }
}

/// The result of an exchange.
#[derive(Debug)]
pub(crate) enum Exchanged {
    /// The tokens are stored.
    Granted(Box<ClientGrant>),
    /// It was seen before: everything that was given for it is invalid now.
    Reused(Box<ReusedGrant>),
    /// More is asked for than was granted.
    ScopeExceeded,
    /// It is not valid.
    Refused,
}

/// What a client was granted: who the user is, as it is now.
#[derive(Debug)]
pub(crate) struct ClientGrant {
    pub(crate) account: Account,
    pub(crate) session_id: Uuid,
    pub(crate) scope: OidcScope,
    pub(crate) nonce: Option<String>,
    /// What the tokens were made with, if they were made of a refresh token.
    pub(crate) token_nonce: Option<Nonce>,
    pub(crate) access_expires_at: DateTime<Utc>,
}

/// The grant that a code or a refresh token was seen again of.
#[derive(Debug)]
pub(crate) struct ReusedGrant {
    pub(crate) account: Account,
    pub(crate) session_id: Uuid,
}

/// A live access token of a client.
#[derive(Debug)]
pub(crate) struct ClientAccess {
    pub(crate) client: ClientId,
    pub(crate) account: Account,
    pub(crate) scope: OidcScope,
    pub(crate) issued_at: DateTime<Utc>,
    pub(crate) expires_at: DateTime<Utc>,
}
