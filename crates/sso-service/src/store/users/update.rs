//! Changing and deleting users, all of it or nothing.

use super::{administrators::keep_administered, create::assign_roles};
use crate::{
    store::{
        attribution::{Attribution, Recorded},
        errors::{AuthorizedError, ChangeError},
        handle::Store,
        mail::void_reset,
        sql::{SqlConnection, query},
        upstream::logs_in_upstream,
    },
    users::{Email, RevocationScope, UserUpdate, Username},
};

impl Store {
    /// Changes a user. If the database does not answer, what the change revokes is in force all the
    /// same, and is tried again.
    ///
    /// # Errors
    /// When the author may not, the user or a role does not exist, another user has the address, it
    /// is the last administrator, or the database cannot be written.
    pub(crate) async fn update_user(
        &self,
        username: Username,
        update: UserUpdate,
        by: Attribution,
    ) -> Result<Recorded<()>, AuthorizedError<ChangeError>> {
        let Attribution { authorization, events } = by;
        let (name, extent) = (username.clone(), update.revokes());
        let change = async move |connection: &mut SqlConnection| {
            Ok((update_user(connection, &name, &update).await?, events))
        };
        let changed = self.write_authorized(authorization, change).await;
        self.revoke_if_unavailable(&changed, &username, extent).await;
        changed
    }

    /// Deletes a user and ends the sessions. If the database does not answer, it is in force all
    /// the same, and is tried again.
    ///
    /// # Errors
    /// When the author may not, the user does not exist, it is the last administrator, or the
    /// database cannot be written.
    pub(crate) async fn delete_user(
        &self,
        username: Username,
        by: Attribution,
    ) -> Result<Recorded<()>, AuthorizedError<ChangeError>> {
        let name = username.clone();
        let delete =
            async move |connection: &mut SqlConnection| delete_user(connection, &name).await;
        let deleted = self.write_attributed(by, delete).await;
        self.revoke_if_unavailable(&deleted, &username, Some(RevocationScope::Account)).await;
        deleted
    }
}

pub(super) async fn update_user(
    connection: &mut SqlConnection,
    username: &Username,
    update: &UserUpdate,
) -> Result<(), ChangeError> {
    keep_administered(connection, async |connection| apply(connection, username, update).await)
        .await
}

pub(super) async fn delete_user(
    connection: &mut SqlConnection,
    username: &Username,
) -> Result<(), ChangeError> {
    change_user(connection, username, "DELETE FROM users WHERE username = $1").await
}

/// Changes the user of this name by a statement, unless no user could administer then.
pub(super) async fn change_user(
    connection: &mut SqlConnection,
    username: &Username,
    sql: &'static str,
) -> Result<(), ChangeError> {
    keep_administered(connection, async |connection| {
        let changed = query(sql).bind(username.as_str()).execute(connection).await?;
        match changed {
            0 => Err(ChangeError::NoSuchUser(username.clone())),
            _ => Ok(()),
        }
    })
    .await
}

async fn apply(
    connection: &mut SqlConnection,
    username: &Username,
    update: &UserUpdate,
) -> Result<(), ChangeError> {
    let number = query("SELECT number FROM users WHERE username = $1");
    let number: Option<i64> =
        number.bind(username.as_str()).fetch_optional(&mut *connection).await?;
    let user = number.ok_or_else(|| ChangeError::NoSuchUser(username.clone()))?;
    if let Some(roles) = &update.roles {
        set_roles(connection, user, roles).await?;
    }
    if update.email.is_some() || update.password_hash.is_some() {
        void_reset(connection, user).await?;
    }
    if let Some(email) = &update.email {
        set_email(connection, user, email.as_ref()).await?;
    }
    if let Some(disabled) = update.disabled {
        set_disabled(connection, user, disabled).await?;
    }
    if let Some(hash) = &update.password_hash {
        if logs_in_upstream(connection, user).await? {
            return Err(ChangeError::NoPassword);
        }
        query("UPDATE users SET password_hash = $1, epoch = epoch + 1 WHERE number = $2")
            .bind(hash.expose())
            .bind(user)
            .execute(connection)
            .await?;
    }
    Ok(())
}

async fn set_roles(
    connection: &mut SqlConnection,
    user: i64,
    roles: &[String],
) -> Result<(), ChangeError> {
    query("DELETE FROM user_roles WHERE user_number = $1")
        .bind(user)
        .execute(&mut *connection)
        .await?;
    assign_roles(connection, user, roles).await?.map_err(ChangeError::UnknownRole)
}

/// The author vouches for the address.
async fn set_email(
    connection: &mut SqlConnection,
    user: i64,
    email: Option<&Email>,
) -> Result<(), ChangeError> {
    let set = query(
        "UPDATE users SET email = $1, unverified_email = NULL WHERE number = $2
         AND NOT EXISTS (SELECT 1 FROM users WHERE email = $1 AND number <> $2)",
    );
    let set = set.bind(email.map(Email::as_str)).bind(user);
    match set.execute(connection).await? {
        0 => Err(ChangeError::EmailTaken),
        _ => Ok(()),
    }
}

/// A user who is disabled already stays so, and no sessions end anew.
async fn set_disabled(
    connection: &mut SqlConnection,
    user: i64,
    disabled: bool,
) -> Result<(), sqlx::Error> {
    query(
        "UPDATE users SET disabled = $1, epoch = CASE WHEN $1 THEN epoch + 1 ELSE epoch END
         WHERE number = $2 AND disabled <> $1",
    )
    .bind(disabled)
    .bind(user)
    .execute(connection)
    .await?;
    Ok(())
}
