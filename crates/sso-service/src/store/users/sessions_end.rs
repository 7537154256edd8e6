//! Ending all sessions of a user, or of all users, by one row.

use super::update::change_user;
use crate::{
    store::{
        attribution::{Attribution, Recorded},
        errors::{AuthorizedError, ChangeError},
        handle::Store,
        sql::{SqlConnection, query},
        unavailable::Unavailable,
    },
    users::{RevocationScope, Username},
};

impl Store {
    /// Ends the sessions of a user. If the database does not answer, it is in force all the same,
    /// and is tried again.
    ///
    /// # Errors
    /// When the author may not, the user does not exist, or the database cannot be written.
    pub(crate) async fn end_sessions_of(
        &self,
        username: Username,
        by: Attribution,
    ) -> Result<Recorded<()>, AuthorizedError<ChangeError>> {
        let name = username.clone();
        let end =
            async move |connection: &mut SqlConnection| end_user_sessions(connection, &name).await;
        let ended = self.write_attributed(by, end).await;
        self.revoke_if_unavailable(&ended, &username, Some(RevocationScope::Sessions)).await;
        ended
    }

    /// Ends the sessions of all users. A log-in whose password is being verified goes on.
    ///
    /// # Errors
    /// When the author may not, or the database cannot be written.
    pub(crate) async fn end_all_sessions(
        &self,
        by: Attribution,
    ) -> Result<Recorded<()>, AuthorizedError<Unavailable>> {
        let end =
            async move |connection: &mut SqlConnection| Ok(end_all_sessions(connection).await?);
        self.write_attributed(by, end).await
    }
}

pub(super) async fn end_user_sessions(
    connection: &mut SqlConnection,
    username: &Username,
) -> Result<(), ChangeError> {
    change_user(connection, username, "UPDATE users SET epoch = epoch + 1 WHERE username = $1")
        .await
}

/// Ends the sessions of all users.
///
/// # Errors
/// When the database cannot be written.
pub(in crate::store) async fn end_all_sessions(
    connection: &mut SqlConnection,
) -> Result<(), sqlx::Error> {
    query(
        "UPDATE session_count SET ended_through = (SELECT max(number) FROM sessions)
         WHERE ended_through < (SELECT max(number) FROM sessions)",
    )
    .execute(connection)
    .await?;
    Ok(())
}
