//! Checks in the transaction of a change that its author may still make it.

use std::sync::Arc;

use super::{handle::Store, keys::key_account, sessions::session_owner};
use crate::{
    audit::Event,
    store::{
        attribution::{Attribution, Authorization, Credential, Recorded},
        errors::{AuthorizationError, AuthorizedError},
        sql::SqlConnection,
        unavailable::Unavailable,
    },
};

impl Store {
    /// Makes a change that takes a permission, and writes its events. The permission is checked in
    /// the transaction of the change.
    ///
    /// # Errors
    /// When the author may not make the change any more; or as [`Store::write_recorded`].
    pub(super) async fn write_authorized<T, E, F>(
        &self,
        authorization: Authorization,
        change: F,
    ) -> Result<Recorded<T>, AuthorizedError<E>>
    where
        F: AsyncFnOnce(&mut SqlConnection) -> Result<(T, Vec<Event>), E> + Send + 'static,
        T: Send + 'static,
        E: From<Unavailable> + Send + 'static,
    {
        let authorized = async move |connection: &mut SqlConnection| {
            check(connection, &authorization).await?;
            change(connection).await.map_err(AuthorizedError::Change)
        };
        self.write_recorded(authorized).await
    }

    /// As [`Store::write_authorized`], for a change whose events do not depend on its result.
    ///
    /// # Errors
    /// As [`Store::write_authorized`].
    pub(super) async fn write_attributed<T, E, F>(
        &self,
        by: Attribution,
        change: F,
    ) -> Result<Recorded<T>, AuthorizedError<E>>
    where
        F: AsyncFnOnce(&mut SqlConnection) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Unavailable> + Send + 'static,
    {
        let Attribution { authorization, events } = by;
        let change =
            async move |connection: &mut SqlConnection| Ok((change(connection).await?, events));
        self.write_authorized(authorization, change).await
    }

    /// Deletes something, and tells whether there was something to delete: if not, there is no event.
    /// `delete` gives what it has deleted, which `name` adds to the events.
    ///
    /// # Errors
    /// As [`Store::write_authorized`].
    pub(super) async fn write_deletion<T, F>(
        &self,
        by: Attribution,
        delete: F,
        name: impl Fn(Event, &T) -> Event + Send + 'static,
    ) -> Result<Recorded<bool>, AuthorizedError<Unavailable>>
    where
        F: AsyncFnOnce(&mut SqlConnection) -> Result<Option<T>, sqlx::Error> + Send + 'static,
    {
        let Attribution { authorization, events } = by;
        let change = async move |connection: &mut SqlConnection| {
            let Some(deleted) = delete(connection).await? else {
                return Ok((false, Vec::new()));
            };
            Ok((true, events.into_iter().map(|event| name(event, &deleted)).collect()))
        };
        self.write_authorized(authorization, change).await
    }
}

/// Checks that the session or the key still exists, and that its account has the permission.
///
/// # Errors
/// When it does not, or the account cannot be read.
async fn check(
    connection: &mut SqlConnection,
    authorization: &Authorization,
) -> Result<(), AuthorizationError> {
    let now = authorization.now;
    let account = match authorization.credential {
        Credential::Shell => return Ok(()),
        Credential::Session(id) => {
            let owner = session_owner(connection, id, now).await?;
            owner.map(|account| Arc::new(account.at(now)))
        }
        Credential::Key(id) => key_account(connection, id, now).await?,
    };
    match account {
        None => Err(AuthorizationError::CredentialEnded),
        Some(account) if !account.may(&authorization.asked) => {
            Err(AuthorizationError::PermissionMissing)
        }
        Some(_) => Ok(()),
    }
}
