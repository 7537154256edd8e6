//! Notices to clients that sessions have ended (OpenID Connect Back-Channel Logout).
//!
//! Triggers write those about all sessions of a user, or of all users. A notice is there when the end
//! is committed.

use chrono::{DateTime, TimeDelta, Utc};

use super::records::client_by_id;
use crate::{
    oidc::{ClientId, LogoutNotice, OidcClient},
    store::{
        handle::Store,
        sql::{
            Dialects, FromSqlRow, SqlConnection, SqlRow, decode, query, uuid_from_bytes,
            with_numbers,
        },
        unavailable::Unavailable,
    },
};

/// For how long a client is tried to be told.
const TRIED_FOR: TimeDelta = TimeDelta::hours(1);
/// How long a notice is left to the instance that has taken it: longer than a call takes.
const TAKEN_FOR: TimeDelta = TimeDelta::seconds(30);
/// How many notices of a client are taken at a time: one that hangs must not hold up others.
const MOST_OF_CLIENT: i64 = 4;
/// How many notices that are due are looked at in one take.
const MOST_LOOKED_AT: i64 = 1000;
/// How many notices wait. Beyond it the oldest ones are dropped.
pub(super) const MOST_WAITING: i64 = 100_000;

impl Store {
    /// Takes notices that are due, at most so many, a few a client, and none of these clients: no other
    /// instance sends them for a while.
    ///
    /// # Errors
    /// When the database cannot be read or written.
    pub(crate) async fn take_notices(
        &self,
        at_most: i64,
        except: &[ClientId],
        now: DateTime<Utc>,
    ) -> Result<Vec<LogoutNotice>, Unavailable> {
        let due = query("SELECT EXISTS (SELECT 1 FROM logout_notices WHERE due_at <= $1)");
        let due = due.bind(now.timestamp_millis());
        // Mostly there are none: that costs no writer.
        if !due.fetch_one(&mut self.reader().await?).await? {
            return Ok(Vec::new());
        }
        let except: Vec<_> = except.iter().map(ToString::to_string).collect();
        let except = serde_json::Value::from(except).to_string();
        let take = async move |connection: &mut SqlConnection| {
            take(connection, at_most, &except, now).await
        };
        self.database.write_addition(take).await
    }

    /// The client that a notice is for, if it is still to be told.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub(crate) async fn client_to_tell(
        &self,
        notice: &LogoutNotice,
    ) -> Result<Option<OidcClient>, Unavailable> {
        let client = client_by_id(&mut self.reader().await?, notice.client).await?;
        Ok(client.filter(|client| client.settings.backchannel_logout_uri.is_some()))
    }

    /// Removes a notice: the client knows, or is not told any more.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub(crate) async fn remove_notice(&self, number: i64) -> Result<(), Unavailable> {
        let remove = async move |connection: &mut SqlConnection| {
            let remove = query("DELETE FROM logout_notices WHERE number = $1").bind(number);
            remove.execute(connection).await?;
            Ok(())
        };
        self.database.write_addition(remove).await
    }

    /// Has a notice wait until this instant, and all others of its client as well: they would fail
    /// too, and hold up those of other clients.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub(crate) async fn postpone_notice(
        &self,
        notice: &LogoutNotice,
        until: DateTime<Utc>,
    ) -> Result<(), Unavailable> {
        let client = notice.client.to_string();
        let postpone = async move |connection: &mut SqlConnection| {
            let postpone =
                query("UPDATE logout_notices SET due_at = $2 WHERE client = $1 AND due_at < $2");
            postpone.bind(client).bind(until.timestamp_millis()).execute(connection).await?;
            Ok(())
        };
        self.database.write_addition(postpone).await
    }
}

/// Takes the first notices of each client but those in the JSON array `$5`.
macro_rules! take {
    ($except:literal) => {
        concat!(
            "UPDATE logout_notices SET tries = tries + 1, due_at = $2,
                 given_up_at = coalesce(given_up_at, $3)
             WHERE number IN (
                 SELECT number FROM (
                     SELECT number, due_at, row_number()
                         OVER (PARTITION BY client ORDER BY due_at, number) AS place
                     FROM (SELECT number, due_at, client FROM logout_notices
                           WHERE due_at <= $1 AND client NOT IN (",
            $except,
            ") ORDER BY due_at, number LIMIT $6) AS due
                 ) AS placed
                 WHERE place <= $7 ORDER BY due_at, number LIMIT $4)
             RETURNING number, client, subject, session_id, tries, given_up_at"
        )
    };
}

const TAKE: Dialects = Dialects {
    sqlite: take!("SELECT value FROM json_each($5)"),
    postgres: take!("SELECT json_array_elements_text($5::json)"),
};

async fn take(
    connection: &mut SqlConnection,
    at_most: i64,
    except: &str,
    now: DateTime<Utc>,
) -> Result<Vec<LogoutNotice>, Unavailable> {
    let taken = query(TAKE)
        .bind(now.timestamp_millis())
        .bind((now + TAKEN_FOR).timestamp_millis())
        .bind((now + TRIED_FOR).timestamp_millis())
        .bind(at_most)
        .bind(except)
        .bind(MOST_LOOKED_AT)
        .bind(MOST_OF_CLIENT);
    Ok(taken.fetch_all(connection).await?)
}

/// Notes that these sessions end, by their numbers in JSON. Called before they are deleted.
///
/// # Errors
/// When the database cannot be written.
pub(in crate::store) async fn note_ends(
    connection: &mut SqlConnection,
    sessions: &str,
) -> Result<(), sqlx::Error> {
    query(with_numbers!(
        "INSERT INTO logout_notices (client, subject, session_id)
         SELECT client, users.id, sessions.id FROM client_sessions
         JOIN live_sessions AS sessions ON sessions.number = session
         JOIN users ON users.number = sessions.user_number
         JOIN clients ON clients.id = client AND backchannel_logout_uri IS NOT NULL
         WHERE session IN "
    ))
    .bind(sessions)
    .execute(connection)
    .await?;
    Ok(())
}

/// Notes that a client has logged the user of a session in.
///
/// # Errors
/// When the database cannot be written.
pub(super) async fn note_client(
    connection: &mut SqlConnection,
    client: ClientId,
    session: i64,
    user: i64,
) -> Result<(), sqlx::Error> {
    query(
        "INSERT INTO client_sessions (session, client, user_number) VALUES ($1, $2, $3)
         ON CONFLICT DO NOTHING",
    )
    .bind(session)
    .bind(client.to_string())
    .bind(user)
    .execute(connection)
    .await?;
    Ok(())
}

impl FromSqlRow for LogoutNotice {
    fn from_row(row: &SqlRow) -> Result<Self, sqlx::Error> {
        let parsed = |text: &str| text.parse().map_err(|error: uuid::Error| decode(error));
        let session: Option<&[u8]> = row.get("session_id")?;
        let subject: &str = row.get("subject")?;
        let client: &str = row.get("client")?;
        Ok(Self {
            number: row.get("number")?,
            client: client.parse().map_err(|error: uuid::Error| decode(error))?,
            subject: parsed(subject)?,
            session_id: session.map(uuid_from_bytes).transpose()?,
            tries: row.get("tries")?,
            given_up_at: row.get("given_up_at")?,
        })
    }
}
