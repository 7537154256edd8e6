//! Revoking a user's access, so that doing it again does no harm.

use super::administrators::{has_admin, has_admin_besides, keep_administered};
use crate::{
    store::{
        errors::ChangeError,
        sql::{SqlConnection, query},
    },
    users::{RevocationScope, Username},
};

/// Revokes this much of the user of this number, and the sessions before an epoch.
///
/// # Errors
/// When it is the last administrator, or the database cannot be written. Nothing is written then.
pub(in crate::store) async fn revoke_user(
    connection: &mut SqlConnection,
    user: i64,
    epoch: i64,
    extent: RevocationScope,
) -> Result<(), ChangeError> {
    let statement = match extent {
        RevocationScope::Sessions => "UPDATE users SET epoch = $2 WHERE number = $1 AND epoch < $2",
        RevocationScope::LogIn => {
            "UPDATE users SET disabled = TRUE, epoch = CASE WHEN epoch < $2 THEN $2 ELSE epoch END
             WHERE number = $1 AND (epoch < $2 OR NOT disabled)"
        }
        RevocationScope::Account => "DELETE FROM users WHERE number = $1",
    };
    keep_administered(connection, async |connection| {
        let revoke = query(statement).bind(user);
        // The last one has no second parameter.
        let revoke = if extent < RevocationScope::Account { revoke.bind(epoch) } else { revoke };
        revoke.execute(connection).await?;
        Ok(())
    })
    .await
}

/// The number and epoch of a user whose access may be revoked. `None` if the user does not exist,
/// or is the last administrator.
///
/// # Errors
/// When the database cannot be read.
pub(in crate::store) async fn revocable(
    connection: &mut SqlConnection,
    username: &Username,
    extent: RevocationScope,
) -> Result<Option<(i64, i64)>, sqlx::Error> {
    let user = query("SELECT number, epoch FROM users WHERE username = $1");
    let user: Option<(i64, i64)> =
        user.bind(username.as_str()).fetch_optional(&mut *connection).await?;
    let Some((number, epoch)) = user else {
        return Ok(None);
    };
    let allowed = extent == RevocationScope::Sessions
        || has_admin_besides(connection, number).await?
        || !has_admin(connection).await?;
    Ok(allowed.then_some((number, epoch)))
}
