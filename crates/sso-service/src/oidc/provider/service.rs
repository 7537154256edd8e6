//! What all use cases of the provider work with.

use std::sync::Arc;

use chrono::{DateTime, SubsecRound, Utc};
use service_runtime::clock::Clock;
use uuid::Uuid;

use crate::{
    audit::{AuditLog, Event, Kind, Source},
    authority::Lifetimes,
    oauth::SigningKeys,
    oidc::{
        client::OidcClient,
        first_party::{CodeGuesses, DevicePolls},
    },
    store::{Store, Unavailable},
    tokens::TokenHash,
    users::Account,
};

/// The provider of OpenID Connect: lets clients know who their users are.
#[derive(Debug)]
pub(crate) struct OidcProvider {
    clock: Arc<dyn Clock>,
    pub(super) store: Store,
    pub(super) keys: Arc<SigningKeys>,
    pub(super) lifetimes: Lifetimes,
    pub(super) audit: AuditLog,
    pub(super) polls: DevicePolls,
    pub(super) guesses: CodeGuesses,
}

impl OidcProvider {
    /// The provider for the users and sessions of this store.
    pub(crate) fn new(
        clock: Arc<dyn Clock>,
        store: Store,
        keys: Arc<SigningKeys>,
        lifetimes: Lifetimes,
        audit: AuditLog,
    ) -> Self {
        Self {
            clock,
            store,
            keys,
            lifetimes,
            audit,
            polls: DevicePolls::default(),
            guesses: CodeGuesses::default(),
        }
    }

    /// The client of this id, if the secret is its own. A public client has none.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub(crate) async fn authenticated_client(
        &self,
        id: &str,
        secret: Option<&str>,
    ) -> Result<Option<OidcClient>, Unavailable> {
        let presented = secret.map(TokenHash::of);
        let Ok(id) = id.parse() else {
            return Ok(None);
        };
        let is_it = |client: &OidcClient| match &presented {
            Some(presented) => client.has_secret(presented),
            None => client.is_public(),
        };
        Ok(self.store.client(id).await?.filter(is_it))
    }

    /// To the millisecond, as everything is kept.
    pub(super) fn now(&self) -> DateTime<Utc> {
        self.clock.now().trunc_subsecs(3)
    }

    /// Records what a user did with a client, or what was done in the user's name.
    pub(super) fn record(
        &self,
        kind: Kind,
        client: &OidcClient,
        account: &Account,
        session_id: Uuid,
        from: Source<'_>,
    ) {
        let event = Event::new(kind, self.clock.now()).at(from).by(account);
        self.audit.record(event.in_session(session_id).on(client.settings.name.as_str()));
    }
}
