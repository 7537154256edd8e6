//! The newest security events.

use serde::Serialize;
use serde_json::Value;

use super::handle::Store;
use crate::{
    audit::{Event, EventFilter, PastLogIn},
    page::{Page, Part},
    store::{
        attribution::Recorded,
        sql::{Dialects, SqlConnection, query},
        unavailable::Unavailable,
    },
};

/// How many events are kept: of administrators, and of all others.
pub(super) const KEPT: i64 = 100_000;
/// How many log-ins are read back at most: more than the limiter remembers.
const MOST_LOG_INS: i64 = 40_000;

/// User, address and time of the newest log-ins.
const PAST_LOG_INS: Dialects = Dialects {
    sqlite: "SELECT event ->> 'user_id', event ->> 'ip', event ->> 'time' FROM audit
             WHERE event ->> 'audit' = 'login_ok' ORDER BY number DESC LIMIT $1",
    postgres: "SELECT event::json ->> 'user_id', event::json ->> 'ip', event::json ->> 'time'
               FROM audit WHERE event::json ->> 'audit' = 'login_ok'
               ORDER BY number DESC LIMIT $1",
};

/// Events before a number, with this kind and this user or target; an empty one is any.
const EVENTS: Dialects = Dialects {
    sqlite: "SELECT number, event FROM audit WHERE number < $1
             AND ($3 = '' OR event ->> 'audit' = $3)
             AND ($4 = '' OR event ->> 'username' = $4 OR event ->> 'target' = $4)
             ORDER BY number DESC LIMIT $2",
    postgres: "SELECT number, event FROM audit WHERE number < $1
               AND ($3 = '' OR event::json ->> 'audit' = $3)
               AND ($4 = '' OR event::json ->> 'username' = $4 OR event::json ->> 'target' = $4)
               ORDER BY number DESC LIMIT $2",
};

/// Of a JSON array of pairs: whether the event is administrative, and the event.
const INSERT_EVENTS: Dialects = Dialects {
    sqlite: "INSERT INTO audit (administrative, event)
             SELECT value ->> 0, value ->> 1 FROM json_each($1)",
    postgres: "INSERT INTO audit (administrative, event)
               SELECT (value ->> 0)::boolean, value ->> 1
               FROM json_array_elements($1::json) WITH ORDINALITY AS event (value, place)
               ORDER BY place",
};

impl Store {
    /// Makes a change and writes its events in one transaction: however the process ends, no change
    /// is without its events.
    ///
    /// # Errors
    /// The error of the change, or that the database is [`Unavailable`].
    pub(super) async fn write_recorded<T, E, F>(&self, change: F) -> Result<Recorded<T>, E>
    where
        F: AsyncFnOnce(&mut SqlConnection) -> Result<(T, Vec<Event>), E> + Send + 'static,
        T: Send + 'static,
        E: From<Unavailable> + Send + 'static,
    {
        let recorded = async move |connection: &mut SqlConnection| {
            let (done, events) = change(connection).await?;
            insert_events(connection, &events).await.map_err(Unavailable::from)?;
            Ok::<_, E>(Recorded { done, events })
        };
        self.database.write(recorded).await
    }

    /// A page of security events, the newest first. An event that cannot be read is `null`.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub(crate) async fn events(
        &self,
        part: &Part<i64>,
        filter: EventFilter,
    ) -> Result<Page<Value>, Unavailable> {
        let found = query(EVENTS).bind(part.after.unwrap_or(i64::MAX)).bind(part.wanted());
        let found = found.bind(filter.kind).bind(filter.name);
        let found: Vec<(i64, String)> = found.fetch_all(&mut self.reader().await?).await?;
        let page = part.page(found, |(number, _)| number.to_string());
        Ok(page.map(|(_, event)| serde_json::from_str(&event).unwrap_or_default()))
    }

    /// Writes events, and deletes the oldest ones beyond 100,000 of each kind.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub(crate) async fn keep_events(&self, events: Vec<Event>) -> Result<(), Unavailable> {
        let work = async move |connection: &mut SqlConnection| {
            insert_events(connection, &events).await?;
            Ok::<_, Unavailable>(prune(connection).await?)
        };
        self.database.write_addition(work).await
    }

    /// The newest log-ins among the events, the oldest of them first. An event that cannot be read
    /// is left out: a client that is not known waits longer, and nothing else.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub(crate) async fn past_log_ins(&self) -> Result<Vec<PastLogIn>, Unavailable> {
        let newest_first: Vec<(String, String, String)> =
            query(PAST_LOG_INS).bind(MOST_LOG_INS).fetch_all(&mut self.reader().await?).await?;
        let parsed = newest_first.iter().rev().filter_map(|(user_id, ip, at)| {
            Some(PastLogIn {
                user_id: user_id.parse().ok()?,
                ip: ip.parse().ok()?,
                at: at.parse().ok()?,
            })
        });
        Ok(parsed.collect())
    }
}

/// Writes events, in the transaction of the change that they record.
///
/// # Errors
/// When the database cannot be written.
pub(super) async fn insert_events(
    connection: &mut SqlConnection,
    events: &[Event],
) -> Result<(), sqlx::Error> {
    let rows: Vec<_> = events.iter().map(|event| (event.is_administrative(), event)).collect();
    query(INSERT_EVENTS).bind(json(&rows)).execute(connection).await?;
    Ok(())
}

/// Writes an event and gives its number, for [`replace_event`].
pub(super) async fn insert_event(
    connection: &mut SqlConnection,
    event: &Event,
) -> Result<i64, sqlx::Error> {
    let insert =
        query("INSERT INTO audit (administrative, event) VALUES ($1, $2) RETURNING number");
    insert.bind(event.is_administrative()).bind(json(event)).fetch_one(connection).await
}

/// Writes an event in the place of another: more has happened of the same.
pub(super) async fn replace_event(
    connection: &mut SqlConnection,
    number: i64,
    event: &Event,
) -> Result<(), sqlx::Error> {
    let replace = query("UPDATE audit SET event = $1 WHERE number = $2");
    replace.bind(json(event)).bind(number).execute(connection).await?;
    Ok(())
}

/// Events are texts and numbers: they are always JSON.
fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// Deletes the oldest events of each kind beyond [`KEPT`].
async fn prune(connection: &mut SqlConnection) -> Result<(), sqlx::Error> {
    for administrative in [false, true] {
        query(
            "DELETE FROM audit WHERE administrative = $1 AND number <= (
                 SELECT number FROM audit WHERE administrative = $1
                 ORDER BY number DESC LIMIT 1 OFFSET $2)",
        )
        .bind(administrative)
        .bind(KEPT)
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}
