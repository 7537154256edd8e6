//! Checks in the transaction of a change that its author may still make it.

use std::sync::Arc;

use sqlx::SqliteConnection;

use super::{keys::key_account, sessions::session_owner};
use crate::store::{
    attribution::{Authorization, Credential},
    errors::AuthorizationError,
};

/// Checks that the session or the key still exists, and that its account has the permission.
///
/// # Errors
/// When it does not, or the account cannot be read.
pub(super) async fn check(
    connection: &mut SqliteConnection,
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
