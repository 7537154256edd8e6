//! Creating users.

use chrono::{DateTime, Utc};
use service_runtime::clock::id_at;
use shared_types::Permission;
use uuid::Uuid;

use super::administrators::has_admin;
use crate::{
    audit::Event,
    store::{
        attribution::{Attribution, Recorded},
        errors::{AuthorizedError, CreateUserError},
        handle::Store,
        mail::{Addressee, owe},
        sql::{SqlConnection, query},
    },
    users::{Email, NewUser, Username},
};

impl Store {
    /// Creates a user, and gives its id. The author vouches for the address.
    ///
    /// # Errors
    /// When the author may not, the name or the address is taken, a role does not exist, or the
    /// database cannot be written.
    pub(crate) async fn create_user(
        &self,
        user: NewUser,
        now: DateTime<Utc>,
        by: Attribution,
    ) -> Result<Recorded<Uuid>, AuthorizedError<CreateUserError>> {
        let create = async move |connection: &mut SqlConnection| {
            create_user(connection, &user, Creator::Administrator, now).await
        };
        self.write_attributed(by, create).await
    }

    /// Creates a user who registers, and gives its id. Where mail is sent, a code for the address is
    /// owed to the user.
    ///
    /// # Errors
    /// When the name or the address is taken, a role does not exist, or the database cannot be
    /// written.
    pub(crate) async fn register_user(
        &self,
        user: NewUser,
        now: DateTime<Utc>,
        event: Event,
        sends_mail: bool,
    ) -> Result<Recorded<Uuid>, CreateUserError> {
        let register = async move |connection: &mut SqlConnection| {
            if is_past(connection, &user.username).await? {
                return Err(CreateUserError::NameTaken(user.username));
            }
            let id = create_user(connection, &user, Creator::User, now).await?;
            if sends_mail {
                owe(connection, Addressee::Unverified(user.username), now).await?;
            }
            Ok((id, vec![event]))
        };
        self.write_recorded(register).await
    }

    /// Creates a user unless an enabled user may administer by a role. `None` when one may.
    ///
    /// # Errors
    /// When the name is taken, a role does not exist, or the database cannot be written.
    pub(crate) async fn create_first_admin(
        &self,
        user: NewUser,
        now: DateTime<Utc>,
    ) -> Result<Option<Uuid>, CreateUserError> {
        let create = async move |connection: &mut SqlConnection| {
            if has_admin(connection).await? {
                return Ok(None);
            }
            create_user(connection, &user, Creator::Administrator, now).await.map(Some)
        };
        self.database.write(create).await
    }
}

/// The author of an account, who vouches for its address or does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Creator {
    /// Vouches for it.
    Administrator,
    /// May have typed the address of somebody else.
    User,
}

/// Creates a user whose name and address are free, and gives its id.
///
/// # Errors
/// When one of them is not, a role does not exist, or the database cannot be written.
pub(in crate::store) async fn create_user(
    connection: &mut SqlConnection,
    user: &NewUser,
    creator: Creator,
    now: DateTime<Utc>,
) -> Result<Uuid, CreateUserError> {
    let id = id_at(now);
    let inserted: Option<i64> = query(
        "INSERT INTO users (id, username, email, unverified_email, registered, password_hash, created_at)
         SELECT $1, $2, CASE WHEN $4 THEN NULL ELSE $3 END, CASE WHEN $4 THEN $3 END, $4, $5, $6
         WHERE NOT EXISTS (SELECT 1 FROM users WHERE email = $3)
         ON CONFLICT DO NOTHING RETURNING number",
    )
    .bind(id.to_string())
    .bind(user.username.as_str())
    .bind(user.email.as_ref().map(Email::as_str))
    .bind(creator == Creator::User)
    .bind(user.password_hash.expose())
    .bind(now.timestamp_millis())
    .fetch_optional(&mut *connection)
    .await?;
    let Some(number) = inserted else {
        return Err(conflict(connection, user).await?);
    };
    assign_roles(connection, number, &user.roles).await?.map_err(CreateUserError::UnknownRole)?;
    assign_permissions(connection, number, &user.permissions).await?;
    Ok(id)
}

/// Whether a user of this name was deleted: what was given to that one is not for another.
async fn is_past(connection: &mut SqlConnection, username: &Username) -> Result<bool, sqlx::Error> {
    let past = query("SELECT EXISTS (SELECT 1 FROM past_usernames WHERE username = $1)");
    past.bind(username.as_str()).fetch_one(connection).await
}

async fn conflict(
    connection: &mut SqlConnection,
    user: &NewUser,
) -> Result<CreateUserError, sqlx::Error> {
    let taken = query("SELECT EXISTS (SELECT 1 FROM users WHERE username = $1)");
    let taken: bool = taken.bind(user.username.as_str()).fetch_one(connection).await?;
    let name = || CreateUserError::NameTaken(user.username.clone());
    Ok(if taken { name() } else { CreateUserError::EmailTaken })
}

/// Assigns roles to a user. The inner error is the name of a role that does not exist.
pub(in crate::store) async fn assign_roles(
    connection: &mut SqlConnection,
    user: i64,
    roles: &[String],
) -> Result<Result<(), String>, sqlx::Error> {
    for role in roles {
        let exists: bool = query("SELECT EXISTS (SELECT 1 FROM roles WHERE name = $1)")
            .bind(role)
            .fetch_one(&mut *connection)
            .await?;
        if !exists {
            return Ok(Err(role.clone()));
        }
        query("INSERT INTO user_roles (user_number, role) VALUES ($1, $2) ON CONFLICT DO NOTHING")
            .bind(user)
            .bind(role)
            .execute(&mut *connection)
            .await?;
    }
    Ok(Ok(()))
}

async fn assign_permissions(
    connection: &mut SqlConnection,
    user: i64,
    permissions: &[Permission],
) -> Result<(), sqlx::Error> {
    for permission in permissions {
        query(
            "INSERT INTO user_permissions (user_number, permission) VALUES ($1, $2)
             ON CONFLICT DO NOTHING",
        )
        .bind(user)
        .bind(permission.to_string())
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}
