//! Clients of OpenID Connect.

use service_runtime::clock::id_at;
use uuid::Uuid;

use super::{actor::Actor, error::AdministrationError, service::Administration};
use crate::{
    audit::Kind,
    oidc::{ClientName, ClientSettings, ClientUpdate, NewClient, OidcClient, RandomText},
    page::{Page, Part},
};

/// A client to be created.
#[derive(Debug)]
pub(crate) struct RequestedClient {
    pub(crate) settings: ClientSettings,
    /// Whether it gets no secret.
    pub(crate) is_public: bool,
}

impl Administration {
    /// A page of clients, the oldest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub(crate) async fn clients(
        &self,
        part: &Part<Uuid>,
    ) -> Result<Page<OidcClient>, AdministrationError> {
        Ok(self.store.clients(part).await?)
    }

    /// Creates a client, and gives its secret to the actor, this once. A public client has none.
    ///
    /// # Errors
    /// When another client has the name, a role does not exist, or the database cannot be written.
    pub(crate) async fn create_client(
        &self,
        actor: Actor<'_>,
        wish: RequestedClient,
    ) -> Result<(Option<RandomText>, OidcClient), AdministrationError> {
        let now = self.now();
        let secret = if wish.is_public { None } else { Some(RandomText::generate()?) };
        let event = self.event(actor, Kind::ClientChanged, "created");
        let event = event.on(wish.settings.name.as_str());
        let client = NewClient {
            id: id_at(now).into(),
            secret: secret.as_ref().map(RandomText::hash),
            settings: wish.settings,
            created_by: actor.name().to_owned(),
        };
        let created = self.store.create_client(client, now, self.by(actor, vec![event])).await?;
        Ok((secret, self.recorded(created)))
    }

    /// Changes a client.
    ///
    /// # Errors
    /// When it does not exist, another client has the name, a role does not exist, or the database
    /// cannot be written.
    pub(crate) async fn update_client(
        &self,
        actor: Actor<'_>,
        id: Uuid,
        update: ClientUpdate,
    ) -> Result<OidcClient, AdministrationError> {
        let by = self.by(actor, vec![self.event(actor, Kind::ClientChanged, "changed")]);
        Ok(self.recorded(self.store.update_client(id, update, by).await?))
    }

    /// Deletes a client: all of its tokens are invalid from then on.
    ///
    /// # Errors
    /// When it does not exist, or the database cannot be written.
    pub(crate) async fn delete_client(
        &self,
        actor: Actor<'_>,
        id: Uuid,
    ) -> Result<(), AdministrationError> {
        let by = self.by(actor, vec![self.event(actor, Kind::ClientChanged, "deleted")]);
        match self.recorded(self.store.delete_client(id, by).await?) {
            true => Ok(()),
            false => Err(AdministrationError::NoSuchClient),
        }
    }

    /// As [`Administration::delete_client`], by the name of the client.
    ///
    /// # Errors
    /// As [`Administration::delete_client`].
    pub(crate) async fn delete_client_named(
        &self,
        actor: Actor<'_>,
        name: ClientName,
    ) -> Result<(), AdministrationError> {
        let event = self.event(actor, Kind::ClientChanged, "deleted").on(name.as_str());
        let by = self.by(actor, vec![event]);
        match self.recorded(self.store.delete_client_named(name.to_string(), by).await?) {
            true => Ok(()),
            false => Err(AdministrationError::NoClientNamed(name)),
        }
    }
}
