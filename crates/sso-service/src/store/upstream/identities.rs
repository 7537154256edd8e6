//! Users who log in by the provider.

use chrono::{DateTime, Utc};
use service_runtime::clock::id_at;

use crate::{
    audit::Event,
    store::{
        attribution::Recorded,
        errors::{CreateUserError, StoreError},
        handle::Store,
        sql::{SqlConnection, query},
        unavailable::Unavailable,
        users::{Creator, assign_roles, create_user, user_by_name, user_by_number},
    },
    users::{Email, NewUser, PasswordHash, User, Username},
};

/// The role of a newcomer whose roles are given here.
const ROLE: &str = "user";

/// A user, as the provider names one.
#[derive(Debug)]
pub(crate) struct UpstreamIdentity {
    pub(crate) issuer: String,
    pub(crate) subject: String,
    /// The name that a newcomer gets if it is free.
    pub(crate) username: Option<Username>,
    /// The address that a newcomer gets if it is free: the provider has verified it.
    pub(crate) email: Option<Email>,
    pub(crate) roles: UpstreamRoles,
}

/// Who decides about roles.
#[derive(Debug)]
pub(crate) enum UpstreamRoles {
    /// Administrators.
    GivenHere,
    /// The provider: these and no other. A newcomer without any may not log in.
    Claimed(Vec<String>),
}

/// A user of the provider may not log in, or could not be stored. Nothing was written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UpstreamUserError {
    /// The user is disabled.
    #[error("the user is disabled")]
    Disabled,
    /// The provider gives a newcomer no role.
    #[error("no role is given to the user")]
    NotPermitted,
    /// A role that is configured does not exist.
    #[error("SSO_OIDC_ROLES: role {0:?} not found")]
    UnknownRole(String),
    /// The database does not answer, or the user cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<Unavailable> for UpstreamUserError {
    fn from(error: Unavailable) -> Self {
        Self::Store(error.into())
    }
}

impl From<sqlx::Error> for UpstreamUserError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

impl Store {
    /// The user with this identity, who is created at the first log-in. Roles that the provider gives
    /// are set. The event is that of a newcomer.
    ///
    /// # Errors
    /// When the user may not log in, or the database cannot be written.
    pub(crate) async fn upstream_user(
        &self,
        identity: UpstreamIdentity,
        reserved: Option<Username>,
        now: DateTime<Utc>,
        event: Event,
    ) -> Result<Recorded<User>, UpstreamUserError> {
        let work = async move |connection: &mut SqlConnection| {
            let number: Option<i64> = query(
                "SELECT user_number FROM upstream_identities WHERE issuer = $1 AND subject = $2",
            )
            .bind(identity.issuer.as_str())
            .bind(identity.subject.as_str())
            .fetch_optional(&mut *connection)
            .await?;
            match number {
                Some(number) => {
                    Ok((known_user(connection, number, &identity.roles).await?, vec![]))
                }
                None => {
                    let user = newcomer(connection, identity, reserved.as_ref(), now).await?;
                    let event = event.by(&user.account).on(&user.account.username);
                    Ok((user, vec![event]))
                }
            }
        };
        self.write_recorded(work).await
    }

    /// Whether the user of this number logs in by the provider, and so has no password.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub(crate) async fn logs_in_upstream(&self, user: i64) -> Result<bool, Unavailable> {
        Ok(logs_in_upstream(&mut self.reader().await?, user).await?)
    }
}

/// Whether a user logs in by the provider, and so has no password.
///
/// # Errors
/// When the database cannot be read.
pub(in crate::store) async fn logs_in_upstream(
    connection: &mut SqlConnection,
    user: i64,
) -> Result<bool, sqlx::Error> {
    let exists = query("SELECT EXISTS (SELECT 1 FROM upstream_identities WHERE user_number = $1)");
    exists.bind(user).fetch_one(connection).await
}

async fn known_user(
    connection: &mut SqlConnection,
    number: i64,
    roles: &UpstreamRoles,
) -> Result<User, UpstreamUserError> {
    let user = read(connection, number).await?;
    if user.disabled {
        return Err(UpstreamUserError::Disabled);
    }
    let UpstreamRoles::Claimed(roles) = roles else {
        return Ok(user);
    };
    if user.account.roles == *roles {
        return Ok(user);
    }
    let clear = query("DELETE FROM user_roles WHERE user_number = $1").bind(number);
    clear.execute(&mut *connection).await?;
    let assigned = assign_roles(connection, number, roles).await?;
    assigned.map_err(UpstreamUserError::UnknownRole)?;
    read(connection, number).await
}

async fn newcomer(
    connection: &mut SqlConnection,
    identity: UpstreamIdentity,
    reserved: Option<&Username>,
    now: DateTime<Utc>,
) -> Result<User, UpstreamUserError> {
    let roles = match identity.roles {
        UpstreamRoles::GivenHere => vec![ROLE.to_owned()],
        UpstreamRoles::Claimed(roles) if roles.is_empty() => {
            return Err(UpstreamUserError::NotPermitted);
        }
        UpstreamRoles::Claimed(roles) => roles,
    };
    let user = NewUser {
        username: free_name(connection, identity.username, reserved, now).await?,
        email: free_address(connection, identity.email).await?,
        password_hash: PasswordHash::dummy(),
        roles,
        permissions: Vec::new(),
    };
    let created = create_user(connection, &user, Creator::Administrator, now).await;
    created.map_err(|error| match error {
        CreateUserError::UnknownRole(role) => UpstreamUserError::UnknownRole(role),
        CreateUserError::Unavailable(error) => error.into(),
        // Both were free a moment ago, in this transaction.
        CreateUserError::NameTaken(_) | CreateUserError::EmailTaken => Unavailable::Silent.into(),
    })?;
    let created = user_by_name(connection, &user.username).await?;
    let created = created.ok_or(Unavailable::Silent)?;
    query("INSERT INTO upstream_identities (issuer, subject, user_number) VALUES ($1, $2, $3)")
        .bind(identity.issuer)
        .bind(identity.subject)
        .bind(created.number)
        .execute(connection)
        .await?;
    Ok(created)
}

/// The wanted name, if nobody has it or had it; else one of random digits.
async fn free_name(
    connection: &mut SqlConnection,
    wanted: Option<Username>,
    reserved: Option<&Username>,
    now: DateTime<Utc>,
) -> Result<Username, UpstreamUserError> {
    if let Some(wanted) = wanted.filter(|wanted| reserved != Some(wanted)) {
        let is_taken = query(
            "SELECT EXISTS (SELECT 1 FROM users WHERE username = $1)
                 OR EXISTS (SELECT 1 FROM past_usernames WHERE username = $1)",
        );
        let is_taken: bool = is_taken.bind(wanted.as_str()).fetch_one(&mut *connection).await?;
        if !is_taken {
            return Ok(wanted);
        }
    }
    let id = id_at(now).simple().to_string();
    // The random part of the id.
    let name = format!("user-{}", &id[id.len() - 12..]);
    name.parse().map_err(|_| Unavailable::Silent.into())
}

async fn free_address(
    connection: &mut SqlConnection,
    wanted: Option<Email>,
) -> Result<Option<Email>, sqlx::Error> {
    let Some(wanted) = wanted else {
        return Ok(None);
    };
    let is_taken = query("SELECT EXISTS (SELECT 1 FROM users WHERE email = $1)");
    let is_taken: bool = is_taken.bind(wanted.as_str()).fetch_one(connection).await?;
    Ok((!is_taken).then_some(wanted))
}

async fn read(connection: &mut SqlConnection, number: i64) -> Result<User, UpstreamUserError> {
    let user = user_by_number(connection, number).await?;
    user.ok_or_else(|| Unavailable::Silent.into())
}
