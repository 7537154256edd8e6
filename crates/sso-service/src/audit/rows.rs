//! The newest events in the database, where administrators look through them.

use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use serde::Serialize;
use service_runtime::metrics::Metrics;
use sqlx::{SqliteConnection, query};
use tokio::{sync::mpsc, task::JoinHandle, time::timeout};

use super::event::Event;
use crate::store::{Database, Unavailable};

/// How many events are kept: of administrators, and of all others.
const KEPT: u32 = 100_000;
/// How many may wait to be written.
const WAITING: usize = 8192;
/// The most of one commit.
const LARGEST_LOT: usize = 1024;
/// How long a lot is gathered.
const GATHERED: Duration = Duration::from_secs(1);

/// Where events go on their way to the database. It is a convenience beside the record: when it
/// cannot keep up, or the database cannot be written, events are counted and left out.
#[derive(Debug)]
pub(crate) struct AuditRows {
    events: mpsc::Sender<Event>,
    lost: Counter,
}

impl AuditRows {
    /// Starts a task that writes to this database. It ends when this is dropped and all is written.
    pub(crate) fn start(database: Database, metrics: &Metrics) -> (Self, JoinHandle<()>) {
        let lost = metrics.register(
            "audit_rows_lost",
            "Security events that did not get into the database",
            Counter::default(),
        );
        let (events, waiting) = mpsc::channel(WAITING);
        let task = tokio::spawn(keep(database, waiting, lost.clone()));
        (Self { events, lost }, task)
    }

    /// Has an event kept.
    pub(super) fn keep(&self, event: Event) {
        if self.events.try_send(event).is_err() {
            self.lost.inc();
        }
    }
}

async fn keep(database: Database, mut events: mpsc::Receiver<Event>, lost: Counter) {
    while let Some(first) = events.recv().await {
        let mut lot = vec![first];
        let gather = async {
            while lot.len() < LARGEST_LOT
                && let Some(event) = events.recv().await
            {
                lot.push(event);
            }
        };
        // All there is, or all there was in time.
        let _ = timeout(GATHERED, gather).await;
        let count = lot.len() as u64;
        if let Err(error) = insert(&database, lot).await {
            tracing::warn!(%error, count, "cannot keep security events in the database");
            lost.inc_by(count);
        }
    }
}

async fn insert(database: &Database, lot: Vec<Event>) -> Result<(), Unavailable> {
    let work = async move |connection: &mut SqliteConnection| {
        insert_events(connection, &lot).await?;
        Ok(prune(connection).await?)
    };
    database.write(work).await
}

/// Writes events, in the transaction of what they tell of.
///
/// # Errors
/// When the database cannot be written.
pub(super) async fn insert_events(
    connection: &mut SqliteConnection,
    events: &[Event],
) -> Result<(), sqlx::Error> {
    let rows: Vec<_> =
        events.iter().map(|event| (event.audit.is_administrative(), event)).collect();
    query("INSERT INTO audit (administrative, event) SELECT value ->> 0, value ->> 1 FROM json_each(?)")
        .bind(json(&rows))
        .execute(connection)
        .await?;
    Ok(())
}

/// Writes an event and gives its number, by which [`replace_event`] knows it.
pub(super) async fn insert_event(
    connection: &mut SqliteConnection,
    event: &Event,
) -> Result<i64, sqlx::Error> {
    let insert = query("INSERT INTO audit (administrative, event) VALUES (?, ?)");
    let insert = insert.bind(event.audit.is_administrative()).bind(json(event));
    Ok(insert.execute(connection).await?.last_insert_rowid())
}

/// Writes an event in the place of another: more has happened of the same.
pub(super) async fn replace_event(
    connection: &mut SqliteConnection,
    number: i64,
    event: &Event,
) -> Result<(), sqlx::Error> {
    let replace = query("UPDATE audit SET event = ? WHERE number = ?");
    replace.bind(json(event)).bind(number).execute(connection).await?;
    Ok(())
}

/// Events are texts and numbers: they are always JSON.
fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// Deletes the oldest of each kind beyond what is kept.
async fn prune(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    for administrative in [false, true] {
        query(
            "DELETE FROM audit WHERE administrative = ?1 AND number <= (
                 SELECT number FROM audit WHERE administrative = ?1
                 ORDER BY number DESC LIMIT 1 OFFSET ?2)",
        )
        .bind(administrative)
        .bind(KEPT)
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        audit::Kind,
        store::{Location, Nobody},
        test_service::{execute, noon},
    };

    async fn rows(database: &Database) -> (u32, Vec<String>) {
        let mut reader = database.reader().await.unwrap();
        let count = sqlx::query_scalar("SELECT count(*) FROM audit");
        let newest = sqlx::query_scalar("SELECT event FROM audit ORDER BY number DESC LIMIT 3");
        (
            count.fetch_one(&mut *reader).await.unwrap(),
            newest.fetch_all(&mut *reader).await.unwrap(),
        )
    }

    #[tokio::test]
    async fn events_are_rows_in_their_order_when_the_task_has_ended() {
        let database = Database::open(&Location::Memory, Nobody).await.unwrap();
        let (kept, task) = AuditRows::start(database.clone(), &Metrics::default());
        for kind in [Kind::LoginOk, Kind::Logout] {
            kept.keep(Event::new(kind, noon()));
        }
        drop(kept);
        task.await.unwrap();
        let newest = [
            r#"{"audit":"logout","time":"2027-01-15T08:00:00.000Z"}"#,
            r#"{"audit":"login_ok","time":"2027-01-15T08:00:00.000Z"}"#,
        ];
        assert_eq!(rows(&database).await, (2, newest.map(str::to_owned).to_vec()));
    }

    #[tokio::test]
    async fn the_oldest_make_room() {
        let database = Database::open(&Location::Memory, Nobody).await.unwrap();
        let fill = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 100000)
                    INSERT INTO audit (event) SELECT '{}' FROM n";
        execute(&database, fill).await;
        let (kept, task) = AuditRows::start(database.clone(), &Metrics::default());
        for _ in 0..5 {
            kept.keep(Event::new(Kind::LoginOk, noon()));
        }
        drop(kept);
        task.await.unwrap();
        let (count, newest) = rows(&database).await;
        assert_eq!(count, KEPT);
        assert!(newest.iter().all(|event| event.contains("login_ok")), "{newest:?}");
    }

    #[tokio::test]
    async fn what_administrators_did_makes_room_for_nobody_else() {
        let database = Database::open(&Location::Memory, Nobody).await.unwrap();
        insert(&database, vec![Event::new(Kind::UserChanged, noon())]).await.unwrap();
        let fill = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 150000)
                    INSERT INTO audit (event) SELECT '{}' FROM n";
        execute(&database, fill).await;
        insert(&database, vec![Event::new(Kind::LoginOk, noon())]).await.unwrap();
        let mut reader = database.reader().await.unwrap();
        let first = sqlx::query_scalar("SELECT event FROM audit ORDER BY number LIMIT 1");
        let first: String = first.fetch_one(&mut *reader).await.unwrap();
        assert!(first.contains("user_changed"), "{first}");
        assert_eq!(rows(&database).await.0, KEPT + 1);
    }

    #[tokio::test]
    async fn what_cannot_be_kept_is_counted() {
        let database = Database::open(&Location::Memory, Nobody).await.unwrap();
        database.close().await;
        let metrics = Metrics::default();
        let (kept, task) = AuditRows::start(database, &metrics);
        for _ in 0..3 {
            kept.keep(Event::new(Kind::LoginOk, noon()));
        }
        drop(kept);
        task.await.unwrap();
        assert!(metrics.render().contains("audit_rows_lost_total 3"), "{}", metrics.render());
    }
}
