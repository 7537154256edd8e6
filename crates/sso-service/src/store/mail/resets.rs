//! Links with which users set a new password, once.

use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    audit::{Event, Kind, Source},
    store::{
        attribution::{Attribution, Recorded},
        errors::{AuthorizedError, ChangeError, StoreError},
        handle::Store,
        sql::{SqlConnection, query},
        unavailable::Unavailable,
        upstream::logs_in_upstream,
        users::user_by_number,
    },
    tokens::TokenHash,
    users::{PasswordHash, User, Username},
};

/// How long a link works.
const VALID: TimeDelta = TimeDelta::minutes(30);

/// A new password by a link.
#[derive(Debug)]
pub(crate) struct PasswordReset {
    /// The hash of the secret in the link.
    pub(crate) link: TokenHash,
    pub(crate) password_hash: PasswordHash,
    pub(crate) now: DateTime<Utc>,
}

/// A password was not set by a link, and nothing was written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ResetError {
    /// The link is unknown, used or over, or the user may not log in.
    #[error("the link is not valid")]
    InvalidLink,
    /// The database does not answer, or the user cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<Unavailable> for ResetError {
    fn from(error: Unavailable) -> Self {
        Self::Store(error.into())
    }
}

impl From<sqlx::Error> for ResetError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

impl Store {
    /// Stores the hash of a link that an administrator has asked for. An earlier link of the user is
    /// void. Gives the instant at which it is over.
    ///
    /// # Errors
    /// When the author may not, the user does not exist, or the database cannot be written.
    pub(crate) async fn create_reset_link(
        &self,
        username: Username,
        link: TokenHash,
        now: DateTime<Utc>,
        by: Attribution,
    ) -> Result<Recorded<DateTime<Utc>>, AuthorizedError<ChangeError>> {
        let create = async move |connection: &mut SqlConnection| {
            let number = query("SELECT number FROM users WHERE username = $1");
            let number: Option<i64> =
                number.bind(username.as_str()).fetch_optional(&mut *connection).await?;
            let number = number.ok_or(ChangeError::NoSuchUser(username))?;
            if logs_in_upstream(connection, number).await? {
                return Err(ChangeError::NoPassword);
            }
            Ok(put_link(connection, number, link, now).await?)
        };
        self.write_attributed(by, create).await
    }

    /// Stores the hash of a link that is about to be sent. An earlier link of the user is void. Gives
    /// the instant at which it is over.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub(crate) async fn put_reset_link(
        &self,
        user: i64,
        link: TokenHash,
        now: DateTime<Utc>,
    ) -> Result<DateTime<Utc>, Unavailable> {
        let put = async move |connection: &mut SqlConnection| {
            Ok::<_, Unavailable>(put_link(connection, user, link, now).await?)
        };
        self.database.write_addition(put).await
    }

    /// The enabled user whose link this is, if it still works. It is not spent.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub(crate) async fn user_of_reset_link(
        &self,
        link: TokenHash,
        now: DateTime<Utc>,
    ) -> Result<Option<User>, StoreError> {
        user_of_link(&mut self.reader().await?, &link, now).await
    }

    /// Gives the user of a link a new password, spends the link, and ends all sessions of the user.
    ///
    /// # Errors
    /// When the link does not work any more, or the database cannot be written.
    pub(crate) async fn reset_password_by_link(
        &self,
        reset: PasswordReset,
        from: Source<'_>,
    ) -> Result<Recorded<()>, ResetError> {
        let event = Event::new(Kind::PasswordChanged, reset.now).at(from).because("reset_link");
        let work = async move |connection: &mut SqlConnection| {
            let user = user_of_link(connection, &reset.link, reset.now).await?;
            let user = user.ok_or(ResetError::InvalidLink)?;
            query("UPDATE users SET password_hash = $1, epoch = epoch + 1 WHERE number = $2")
                .bind(reset.password_hash.expose())
                .bind(user.number)
                .execute(&mut *connection)
                .await?;
            void_reset(connection, user.number).await?;
            Ok(((), vec![event.by(&user.account)]))
        };
        self.write_recorded(work).await
    }
}

/// Voids the link of a user: the password or the address is another one.
///
/// # Errors
/// When the database cannot be written.
pub(in crate::store) async fn void_reset(
    connection: &mut SqlConnection,
    user: i64,
) -> Result<(), sqlx::Error> {
    query("DELETE FROM password_resets WHERE user_number = $1")
        .bind(user)
        .execute(connection)
        .await?;
    Ok(())
}

async fn user_of_link(
    connection: &mut SqlConnection,
    link: &TokenHash,
    now: DateTime<Utc>,
) -> Result<Option<User>, StoreError> {
    let found =
        query("SELECT user_number FROM password_resets WHERE hash = $1 AND expires_at > $2");
    let found = found.bind(link.as_bytes()).bind(now.timestamp_millis());
    let Some(number) = found.fetch_optional::<i64>(&mut *connection).await? else {
        return Ok(None);
    };
    let user = user_by_number(connection, number).await?;
    Ok(user.filter(|user| !user.disabled))
}

async fn put_link(
    connection: &mut SqlConnection,
    user: i64,
    link: TokenHash,
    now: DateTime<Utc>,
) -> Result<DateTime<Utc>, sqlx::Error> {
    let expires_at = now + VALID;
    query(
        "INSERT INTO password_resets (user_number, hash, expires_at) VALUES ($1, $2, $3)
         ON CONFLICT (user_number) DO UPDATE SET hash = $2, expires_at = $3",
    )
    .bind(user)
    .bind(link.as_bytes())
    .bind(expires_at.timestamp_millis())
    .execute(connection)
    .await?;
    Ok(expires_at)
}
