//! Changing a user, all of it or nothing.

use sqlx::{SqliteConnection, query, query_as, query_scalar};

#[cfg(test)]
use super::store::UserStore;
use super::{
    admins::keep_administered,
    email::Email,
    errors::{ChangeError, PasswordChangeError},
    password_hash::PasswordHash,
    store::assign_roles,
    username::Username,
};

/// What is to be another. By default, nothing.
#[derive(Debug, Default)]
pub(crate) struct UserUpdate {
    /// These roles and no other.
    pub(crate) roles: Option<Vec<String>>,
    /// Whether log-in is refused. The sessions end when it is.
    pub(crate) disabled: Option<bool>,
    /// The hash of the password. The sessions end.
    pub(crate) password_hash: Option<PasswordHash>,
    /// The address, or none.
    pub(crate) email: Option<Option<Email>>,
}

/// A user's own wish for another password.
#[derive(Debug)]
pub(crate) struct PasswordChange {
    /// Whose it is.
    pub(crate) user: i64,
    /// The user's, when the present password was found right.
    pub(crate) epoch: i64,
    /// The session in which it is changed, and which goes on.
    pub(crate) session: i64,
    /// The hash of the new one.
    pub(crate) password_hash: PasswordHash,
}

/// Changes a user.
///
/// # Errors
/// When there is no such user or role, somebody else has the address, it is the last administrator,
/// or it cannot be written.
pub(crate) async fn update_user(
    connection: &mut SqliteConnection,
    username: &Username,
    update: &UserUpdate,
) -> Result<(), ChangeError> {
    keep_administered(connection, async |connection| apply(connection, username, update).await)
        .await
}

async fn apply(
    connection: &mut SqliteConnection,
    username: &Username,
    update: &UserUpdate,
) -> Result<(), ChangeError> {
    let number = query_scalar("SELECT number FROM users WHERE username = ?");
    let number: Option<i64> =
        number.bind(username.as_str()).fetch_optional(&mut *connection).await?;
    let user = number.ok_or_else(|| ChangeError::NoSuchUser(username.clone()))?;
    if let Some(roles) = &update.roles {
        set_roles(connection, user, roles).await?;
    }
    if let Some(email) = &update.email {
        set_email(connection, user, email.as_ref()).await?;
    }
    if let Some(disabled) = update.disabled {
        set_disabled(connection, user, disabled).await?;
    }
    if let Some(hash) = &update.password_hash {
        query("UPDATE users SET password_hash = ?, epoch = epoch + 1 WHERE number = ?")
            .bind(hash.expose())
            .bind(user)
            .execute(connection)
            .await?;
    }
    Ok(())
}

async fn set_roles(
    connection: &mut SqliteConnection,
    user: i64,
    roles: &[String],
) -> Result<(), ChangeError> {
    query("DELETE FROM user_roles WHERE user = ?").bind(user).execute(&mut *connection).await?;
    assign_roles(connection, user, roles).await?.map_err(ChangeError::UnknownRole)
}

async fn set_email(
    connection: &mut SqliteConnection,
    user: i64,
    email: Option<&Email>,
) -> Result<(), ChangeError> {
    let set = query("UPDATE OR IGNORE users SET email = ? WHERE number = ?");
    let set = set.bind(email.map(Email::as_str)).bind(user);
    match set.execute(connection).await?.rows_affected() {
        0 => Err(ChangeError::EmailTaken),
        _ => Ok(()),
    }
}

/// Whoever is disabled already stays so, and nothing ends anew.
async fn set_disabled(
    connection: &mut SqliteConnection,
    user: i64,
    disabled: bool,
) -> Result<(), sqlx::Error> {
    query(
        "UPDATE users SET disabled = ?1, epoch = epoch + ?1 WHERE number = ?2 AND disabled <> ?1",
    )
    .bind(disabled)
    .bind(user)
    .execute(connection)
    .await?;
    Ok(())
}

/// Gives a user the password that the user wants, and ends all sessions but the one in which that
/// was said.
///
/// # Errors
/// When meanwhile that session has ended, or the password is another one; or it cannot be written.
pub(crate) async fn change_password(
    connection: &mut SqliteConnection,
    change: &PasswordChange,
) -> Result<(), PasswordChangeError> {
    let now: Option<(i64, bool)> = query_as(
        "SELECT users.epoch, users.epoch = sessions.epoch FROM users
         JOIN live_sessions AS sessions ON sessions.number = ? AND user = users.number
         WHERE users.number = ? AND NOT disabled",
    )
    .bind(change.session)
    .bind(change.user)
    .fetch_optional(&mut *connection)
    .await?;
    match now {
        Some((epoch, true)) if epoch == change.epoch => {}
        // The same session was faster: what was found right is not the password any more.
        Some((_, true)) => return Err(PasswordChangeError::Outdated),
        _ => return Err(PasswordChangeError::SessionOver),
    }
    // The session goes ahead, so that it is never behind its user.
    let keep = query("UPDATE sessions SET epoch = ? WHERE number = ?");
    keep.bind(change.epoch + 1).bind(change.session).execute(&mut *connection).await?;
    query("UPDATE users SET password_hash = ?, epoch = ? WHERE number = ?")
        .bind(change.password_hash.expose())
        .bind(change.epoch + 1)
        .bind(change.user)
        .execute(connection)
        .await?;
    Ok(())
}

/// Changes without a record, for tests.
#[cfg(test)]
impl UserStore {
    pub(crate) async fn update(
        &self,
        username: Username,
        update: UserUpdate,
    ) -> Result<(), ChangeError> {
        let change = async move |connection: &mut SqliteConnection| {
            update_user(connection, &username, &update).await
        };
        self.database().write(change).await
    }

    pub(crate) async fn disable(&self, username: Username) -> Result<(), ChangeError> {
        self.update(username, UserUpdate { disabled: Some(true), ..UserUpdate::default() }).await
    }

    pub(crate) async fn enable(&self, username: Username) -> Result<(), ChangeError> {
        self.update(username, UserUpdate { disabled: Some(false), ..UserUpdate::default() }).await
    }

    pub(crate) async fn reset_password(
        &self,
        username: Username,
        hash: PasswordHash,
    ) -> Result<(), ChangeError> {
        let update = UserUpdate { password_hash: Some(hash), ..UserUpdate::default() };
        self.update(username, update).await
    }
}
