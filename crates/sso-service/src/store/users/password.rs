//! Changing and rehashing passwords.

use crate::{
    audit::Event,
    store::{
        attribution::Recorded,
        errors::PasswordChangeError,
        handle::Store,
        mail::void_reset,
        sql::{SqlConnection, query},
        unavailable::Unavailable,
    },
    users::{OwnPasswordChange, PasswordHash},
};

impl Store {
    /// Gives a user the password that the user wants, and ends all sessions but the one in which
    /// the user asked for it.
    ///
    /// # Errors
    /// When that session has ended, the password was changed meanwhile, or the database cannot be
    /// written.
    pub(crate) async fn change_password(
        &self,
        change: OwnPasswordChange,
        event: Event,
    ) -> Result<Recorded<()>, PasswordChangeError> {
        let work = async move |connection: &mut SqlConnection| {
            Ok((change_password(connection, &change).await?, vec![event]))
        };
        self.write_recorded(work).await
    }

    /// Replaces an outdated hash by a new hash of the same password, unless the password was
    /// changed meanwhile.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub(crate) async fn renew_password_hash(
        &self,
        user: i64,
        outdated: PasswordHash,
        new: PasswordHash,
    ) -> Result<(), Unavailable> {
        let renew = async move |connection: &mut SqlConnection| {
            query("UPDATE users SET password_hash = $1 WHERE number = $2 AND password_hash = $3")
                .bind(new.expose())
                .bind(user)
                .bind(outdated.expose())
                .execute(connection)
                .await?;
            Ok(())
        };
        self.database.write_addition(renew).await
    }
}

async fn change_password(
    connection: &mut SqlConnection,
    change: &OwnPasswordChange,
) -> Result<(), PasswordChangeError> {
    let now: Option<(i64, bool)> = query(
        "SELECT users.epoch, users.epoch = sessions.epoch FROM users
         JOIN live_sessions AS sessions ON sessions.number = $1 AND user_number = users.number
         WHERE users.number = $2 AND NOT disabled",
    )
    .bind(change.session)
    .bind(change.user)
    .fetch_optional(&mut *connection)
    .await?;
    match now {
        Some((epoch, true)) if epoch == change.epoch => {}
        // Another request of the same session was faster: the verified password is outdated.
        Some((_, true)) => return Err(PasswordChangeError::Outdated),
        _ => return Err(PasswordChangeError::SessionOver),
    }
    // The session goes ahead, so that it is never behind its user.
    let keep = query("UPDATE sessions SET epoch = $1 WHERE number = $2");
    keep.bind(change.epoch + 1).bind(change.session).execute(&mut *connection).await?;
    query("UPDATE users SET password_hash = $1, epoch = $2 WHERE number = $3")
        .bind(change.password_hash.expose())
        .bind(change.epoch + 1)
        .bind(change.user)
        .execute(&mut *connection)
        .await?;
    void_reset(connection, change.user).await?;
    Ok(())
}
