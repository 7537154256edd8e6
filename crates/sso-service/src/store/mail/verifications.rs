//! Codes with which users verify an address.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::{
    audit::Event,
    mail::VerificationCode,
    store::{
        attribution::Recorded,
        handle::Store,
        sql::{FromSqlRow, SqlConnection, SqlRow, query},
        unavailable::Unavailable,
    },
    tokens::TokenHash,
    users::Username,
};

/// How long a code works.
const VALID: TimeDelta = TimeDelta::minutes(10);
/// How often a code may be mistyped.
const MOST_TRIES: i64 = 5;
/// How often all codes of a user may be mistyped in a day.
const MOST_TRIES_IN_A_DAY: i64 = 10;

/// An address was not verified. Nothing was written but that a code was tried.
#[derive(Debug, thiserror::Error)]
pub(crate) enum VerifyEmailError {
    /// The code is wrong or over, was tried too often, or no user has this name.
    #[error("the code is wrong or not valid any more")]
    WrongCode,
    /// Another user has verified the address meanwhile.
    #[error("another user has this e-mail address")]
    EmailTaken,
    /// The database does not answer.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl From<sqlx::Error> for VerifyEmailError {
    fn from(error: sqlx::Error) -> Self {
        Self::Unavailable(error.into())
    }
}

impl Store {
    /// Stores the hash of a code that is about to be sent, in place of an earlier one. Gives the
    /// instant at which it is over.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub(crate) async fn put_code(
        &self,
        user: i64,
        code: TokenHash,
        now: DateTime<Utc>,
    ) -> Result<DateTime<Utc>, Unavailable> {
        let expires_at = now + VALID;
        let put = async move |connection: &mut SqlConnection| {
            query(
                "INSERT INTO email_verifications (user_number, hash, expires_at, counted_from)
                 VALUES ($1, $2, $3, $4)
                 ON CONFLICT (user_number) DO UPDATE SET hash = $2, expires_at = $3, tries = 0",
            )
            .bind(user)
            .bind(code.as_bytes())
            .bind(expires_at.timestamp_millis())
            .bind(now.timestamp_millis())
            .execute(connection)
            .await?;
            Ok::<_, Unavailable>(expires_at)
        };
        self.database.write_addition(put).await
    }

    /// Verifies the address of a user by its code, which is spent. The event is written only then.
    ///
    /// # Errors
    /// When the code is wrong, or the database cannot be written.
    pub(crate) async fn verify_email(
        &self,
        username: Username,
        code: VerificationCode,
        now: DateTime<Utc>,
        event: Event,
    ) -> Result<Recorded<()>, VerifyEmailError> {
        // A wrong code is written as well, so it is no error of the transaction.
        let work = async move |connection: &mut SqlConnection| match verify(
            connection, &username, &code, now,
        )
        .await?
        {
            Ok(Sent { id, .. }) => Ok((Ok(()), vec![event.of(id, username.as_str())])),
            Err(refusal) => Ok((Err(refusal), Vec::new())),
        };
        let Recorded { done, events } = self.write_recorded::<_, VerifyEmailError, _>(work).await?;
        done.map(|()| Recorded { done: (), events })
    }
}

/// A code that was sent to a user.
struct Sent {
    user: i64,
    id: Uuid,
    hash: Vec<u8>,
    expires_at: i64,
    tries: i64,
    day_tries: i64,
    counted_from: i64,
}

impl FromSqlRow for Sent {
    fn from_row(row: &SqlRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            user: row.get("number")?,
            id: row.get::<String>("id")?.parse().unwrap_or_default(),
            hash: row.get("hash")?,
            expires_at: row.get("expires_at")?,
            tries: row.get("tries")?,
            day_tries: row.get("day_tries")?,
            counted_from: row.get("counted_from")?,
        })
    }
}

async fn verify(
    connection: &mut SqlConnection,
    username: &Username,
    code: &VerificationCode,
    now: DateTime<Utc>,
) -> Result<Result<Sent, VerifyEmailError>, sqlx::Error> {
    let sent: Option<Sent> = query(
        "SELECT number, id, hash, expires_at, tries, day_tries, counted_from
         FROM users JOIN email_verifications ON user_number = number
         WHERE username = $1 AND NOT disabled",
    )
    .bind(username.as_str())
    .fetch_optional(&mut *connection)
    .await?;
    let Some(sent) = sent else {
        return Ok(Err(VerifyEmailError::WrongCode));
    };
    let is_new_day = sent.counted_from <= (now - TimeDelta::days(1)).timestamp_millis();
    let day_tries = if is_new_day { 0 } else { sent.day_tries };
    if sent.expires_at <= now.timestamp_millis()
        || sent.tries >= MOST_TRIES
        || day_tries >= MOST_TRIES_IN_A_DAY
    {
        return Ok(Err(VerifyEmailError::WrongCode));
    }
    if sent.hash != code.hash_of(sent.id).as_bytes() {
        count_try(connection, &sent, is_new_day, now).await?;
        return Ok(Err(VerifyEmailError::WrongCode));
    }
    accept(connection, sent).await
}

async fn count_try(
    connection: &mut SqlConnection,
    sent: &Sent,
    is_new_day: bool,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    let (day_tries, counted_from) = match is_new_day {
        true => (1, now.timestamp_millis()),
        false => (sent.day_tries + 1, sent.counted_from),
    };
    query(
        "UPDATE email_verifications SET tries = tries + 1, day_tries = $2, counted_from = $3
         WHERE user_number = $1",
    )
    .bind(sent.user)
    .bind(day_tries)
    .bind(counted_from)
    .execute(connection)
    .await?;
    Ok(())
}

async fn accept(
    connection: &mut SqlConnection,
    sent: Sent,
) -> Result<Result<Sent, VerifyEmailError>, sqlx::Error> {
    let accepted = query(
        "UPDATE users SET email = unverified_email, unverified_email = NULL
         WHERE number = $1 AND unverified_email IS NOT NULL
             AND NOT EXISTS (
                 SELECT 1 FROM users AS others WHERE others.email = users.unverified_email)",
    );
    if accepted.bind(sent.user).execute(&mut *connection).await? == 0 {
        return Ok(Err(VerifyEmailError::EmailTaken));
    }
    // The wrong ones of today still count.
    query("UPDATE email_verifications SET expires_at = 0 WHERE user_number = $1")
        .bind(sent.user)
        .execute(connection)
        .await?;
    Ok(Ok(sent))
}
