//! Revoking a user's access, so that doing it again does no harm.

use serde::{Deserialize, Serialize};
use sqlx::{SqliteConnection, query, query_as};

use super::{
    admins::{has_admin, has_admin_besides, keep_administered},
    errors::ChangeError,
    store::UserStore,
    username::Username,
};

/// How much of a user is revoked, from the least to the most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Extent {
    /// The sessions there are.
    Sessions,
    /// Those, and log-in is refused.
    LogIn,
    /// The user is deleted.
    Account,
}

impl UserStore {
    /// Revokes this much of the user of this number, and the sessions before an epoch.
    ///
    /// # Errors
    /// When it is the last administrator, or it cannot be written. Nothing is then.
    pub(crate) async fn revoke(
        &self,
        user: i64,
        epoch: i64,
        extent: Extent,
    ) -> Result<(), ChangeError> {
        let statement = match extent {
            Extent::Sessions => "UPDATE users SET epoch = ?2 WHERE number = ?1 AND epoch < ?2",
            Extent::LogIn => {
                "UPDATE users SET disabled = TRUE, epoch = max(epoch, ?2)
                 WHERE number = ?1 AND (epoch < ?2 OR NOT disabled)"
            }
            Extent::Account => "DELETE FROM users WHERE number = ?1",
        };
        let revoke = async move |connection: &mut SqliteConnection| {
            keep_administered(connection, async |connection| {
                let revoke = query(statement).bind(user);
                // The last one has no second parameter.
                let revoke = if extent < Extent::Account { revoke.bind(epoch) } else { revoke };
                revoke.execute(connection).await?;
                Ok(())
            })
            .await
        };
        self.database().write(revoke).await
    }
}

/// The row id and epoch of a user whose access may be revoked. `None` if the user does not exist, or
/// is the last administrator.
pub(crate) async fn revocable(
    connection: &mut SqliteConnection,
    username: &Username,
    extent: Extent,
) -> Result<Option<(i64, i64)>, sqlx::Error> {
    let user = query_as("SELECT number, epoch FROM users WHERE username = ?");
    let user: Option<(i64, i64)> =
        user.bind(username.as_str()).fetch_optional(&mut *connection).await?;
    let Some((number, epoch)) = user else {
        return Ok(None);
    };
    let allowed = extent == Extent::Sessions
        || has_admin_besides(connection, number).await?
        || !has_admin(connection).await?;
    Ok(allowed.then_some((number, epoch)))
}
