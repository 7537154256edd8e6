//! A client of OpenID Connect.

use super::{
    client_id::ClientId,
    client_name::ClientName,
    client_uri::{CallbackUri, ClientUri},
};
use crate::{
    signing_keys::SigningAlgorithm,
    tokens::TokenHash,
    users::{Account, RoleName},
};
use chrono::{DateTime, Utc};
use subtle::ConstantTimeEq;

/// A client of OpenID Connect: an application that users log in to with their account here.
#[derive(Debug, Clone)]
pub(crate) struct OidcClient {
    pub(crate) id: ClientId,
    /// The hash of its secret; `None` for a public client.
    pub(crate) secret: Option<TokenHash>,
    /// What an administrator may change.
    pub(crate) settings: ClientSettings,
    /// The name of its author, as it was then.
    pub(crate) created_by: String,
    /// When that was.
    pub(crate) created_at: DateTime<Utc>,
}

/// The settings of a client.
#[derive(Debug, Clone)]
pub(crate) struct ClientSettings {
    /// Its name, which no other client has.
    pub(crate) name: ClientName,
    /// Where browsers may be sent to with a code. At least one.
    pub(crate) redirect_uris: Vec<ClientUri>,
    /// Where browsers may be sent to after a log-out.
    pub(crate) post_logout_redirect_uris: Vec<ClientUri>,
    /// Where it is told that a session has ended.
    pub(crate) backchannel_logout_uri: Option<CallbackUri>,
    /// A user must have one of these roles, if there is one.
    pub(crate) roles: Vec<RoleName>,
    /// The algorithm of its ID tokens; `None` for the default of the service.
    pub(crate) id_token_alg: Option<SigningAlgorithm>,
}

/// A client to be created.
#[derive(Debug)]
pub(crate) struct NewClient {
    pub(crate) id: ClientId,
    pub(crate) secret: Option<TokenHash>,
    pub(crate) settings: ClientSettings,
    pub(crate) created_by: String,
}

/// Changes of a client. What is `None` stays.
#[derive(Debug, Default)]
pub(crate) struct ClientUpdate {
    pub(crate) name: Option<ClientName>,
    pub(crate) redirect_uris: Option<Vec<ClientUri>>,
    pub(crate) post_logout_redirect_uris: Option<Vec<ClientUri>>,
    /// The inner `None` removes the address.
    pub(crate) backchannel_logout_uri: Option<Option<CallbackUri>>,
    pub(crate) roles: Option<Vec<RoleName>>,
    /// The inner `None` is the default of the service.
    pub(crate) id_token_alg: Option<Option<SigningAlgorithm>>,
}

impl OidcClient {
    /// Whether it has no secret: everybody can claim to be it.
    pub(crate) fn is_public(&self) -> bool {
        self.secret.is_none()
    }

    /// Whether this is its secret. Takes the same time for every other text.
    pub(crate) fn has_secret(&self, presented: &TokenHash) -> bool {
        let is_it = |secret: &TokenHash| secret.as_bytes().ct_eq(presented.as_bytes()).into();
        self.secret.as_ref().is_some_and(is_it)
    }

    /// Whether the user of this account may use it.
    pub(crate) fn admits(&self, account: &Account) -> bool {
        let roles = &self.settings.roles;
        roles.is_empty()
            || roles.iter().any(|role| account.roles.iter().any(|held| held == role.as_str()))
    }

    /// The registered address that permits this one.
    pub(crate) fn redirect_uri(&self, asked: &str) -> Option<ClientUri> {
        let is_registered = self.settings.redirect_uris.iter().any(|uri| uri.permits(asked));
        asked.parse().ok().filter(|_| is_registered)
    }

    /// The registered address that a browser may go to after a log-out, if this is one.
    pub(crate) fn post_logout_redirect_uri(&self, asked: &str) -> Option<ClientUri> {
        let uris = &self.settings.post_logout_redirect_uris;
        asked.parse().ok().filter(|_| uris.iter().any(|uri| uri.permits(asked)))
    }
}

impl ClientSettings {
    /// Makes these changes.
    pub(crate) fn change(&mut self, update: ClientUpdate) {
        replace(&mut self.name, update.name);
        replace(&mut self.redirect_uris, update.redirect_uris);
        replace(&mut self.post_logout_redirect_uris, update.post_logout_redirect_uris);
        replace(&mut self.backchannel_logout_uri, update.backchannel_logout_uri);
        replace(&mut self.roles, update.roles);
        replace(&mut self.id_token_alg, update.id_token_alg);
    }
}

fn replace<T>(present: &mut T, new: Option<T>) {
    if let Some(new) = new {
        *present = new;
    }
}
