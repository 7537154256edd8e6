//! A connection to the database server of a simulation, which runs the forms of statements for
//! SQLite.
//!
//! The network carries the numbers of messages. The messages lie in a mailbox of the thread that
//! runs the simulation.

use std::{any::Any, cell::RefCell, collections::BTreeMap, io, time::Duration};

use futures_util::{
    StreamExt, TryStreamExt,
    future::ready,
    stream::{self, BoxStream},
};
use service_runtime::simulation::{self, Connection, World};
use sqlx::{
    AssertSqlSafe, Connection as _, Either, Executor, SqliteConnection,
    sqlite::{SqliteQueryResult, SqliteRow},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::timeout,
};

use super::{dialects::Dialects, row::SqlRow, value::SqlValue};

/// How long a connection that only reads may take to be made.
const MAX_WAIT: Duration = Duration::from_secs(2);

/// The server, by its name in the simulation that this thread runs.
#[derive(Debug, Clone)]
pub(in crate::store) struct SimulatedServer {
    world: World,
    host: String,
    port: u16,
}

impl SimulatedServer {
    /// The server by this name; `None` outside of simulations.
    pub(in crate::store) fn named(host: &str, port: u16) -> Option<Self> {
        simulation::world().map(|world| Self { world, host: host.to_owned(), port })
    }

    /// A connection to it.
    ///
    /// # Errors
    /// When it refuses.
    pub(in crate::store) async fn connect(&self) -> Result<SimulatedConnection, sqlx::Error> {
        let stream = (self.world.connect)(self.host.clone(), self.port).await?;
        Ok(SimulatedConnection { stream, is_lent: false })
    }

    /// A connection that only reads.
    ///
    /// # Errors
    /// When the server does not answer in time, or refuses.
    pub(in crate::store) async fn connect_reader(
        &self,
    ) -> Result<SimulatedConnection, sqlx::Error> {
        let connecting = async {
            let mut connection = self.connect().await?;
            connection.run("BEGIN READ ONLY".into(), None).await?;
            connection.is_lent = true;
            Ok(connection)
        };
        timeout(MAX_WAIT, connecting).await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?
    }
}

/// A connection to the simulated server.
pub(in crate::store) struct SimulatedConnection {
    stream: Connection,
    /// Whether it is one of those that only read.
    pub(super) is_lent: bool,
}

/// A statement on its way to the server.
pub(in crate::store) struct Statement {
    pub(in crate::store) sql: Dialects,
    /// `None` for a script.
    pub(in crate::store) values: Option<Vec<SqlValue>>,
}

/// The result of a statement.
#[derive(Default)]
pub(in crate::store) struct StatementResult {
    pub(super) rows: Vec<SqliteRow>,
    pub(super) changed: u64,
}

impl SimulatedConnection {
    /// Has the server run a statement.
    pub(super) async fn run(
        &mut self,
        sql: Dialects,
        values: Option<Vec<SqlValue>>,
    ) -> Result<StatementResult, sqlx::Error> {
        send(&mut self.stream, Statement { sql, values }).await?;
        receive(&mut self.stream).await?
    }

    /// Has the server run a query, and gives the rows.
    pub(super) fn fetch(
        &mut self,
        sql: Dialects,
        values: Vec<SqlValue>,
    ) -> BoxStream<'_, Result<SqlRow, sqlx::Error>> {
        let result = async move {
            let rows = self.run(sql, Some(values)).await?.rows;
            Ok::<_, sqlx::Error>(stream::iter(rows.into_iter().map(|row| Ok(SqlRow::Sqlite(row)))))
        };
        stream::once(result).try_flatten().boxed()
    }
}

impl Statement {
    /// Runs it on SQLite, in this form. Nothing of it is left to be done afterwards.
    pub(in crate::store) async fn run(
        &self,
        form: String,
        connection: &mut SqliteConnection,
    ) -> Result<StatementResult, sqlx::Error> {
        let result = self.try_run(form, connection).await;
        if result.is_err() {
            // The connection's thread tells of a failure first and releases the locks of the
            // statement then. The ping waits for that, so that it does not depend on real time
            // which session gets the lock next. A connection that is broken has none.
            let _ = connection.ping().await;
        }
        result
    }

    async fn try_run(
        &self,
        form: String,
        connection: &mut SqliteConnection,
    ) -> Result<StatementResult, sqlx::Error> {
        let form = AssertSqlSafe(form);
        let results: BoxStream<'_, Result<Either<SqliteQueryResult, SqliteRow>, sqlx::Error>> =
            match &self.values {
                None => connection.fetch_many(sqlx::raw_sql(form)),
                Some(values) => {
                    let query = sqlx::query(form);
                    let bind = |query, value: SqlValue| value.bind_to_sqlite(query);
                    connection.fetch_many(values.iter().cloned().fold(query, bind))
                }
            };
        let gather = |mut all: StatementResult, next: Either<SqliteQueryResult, SqliteRow>| {
            match next {
                Either::Left(done) => all.changed += done.rows_affected(),
                Either::Right(row) => all.rows.push(row),
            }
            ready(Ok(all))
        };
        results.try_fold(StatementResult::default(), gather).await
    }
}

thread_local! {
    static MAILBOX: RefCell<Mailbox> = RefCell::default();
}

/// Messages that were sent and not received yet.
#[derive(Default)]
struct Mailbox {
    messages: BTreeMap<u64, Box<dyn Any + Send>>,
    sent: u64,
}

/// Sends a message.
///
/// # Errors
/// When the connection is broken.
pub(in crate::store) async fn send(
    stream: &mut Connection,
    message: impl Any + Send,
) -> io::Result<()> {
    let number = MAILBOX.with_borrow_mut(|mailbox| {
        mailbox.sent += 1;
        mailbox.messages.insert(mailbox.sent, Box::new(message));
        mailbox.sent
    });
    stream.write_all(&number.to_be_bytes()).await
}

/// Receives the next message.
///
/// # Errors
/// When the connection is broken.
pub(in crate::store) async fn receive<T: Any>(stream: &mut Connection) -> io::Result<T> {
    let number = stream.read_u64().await?;
    let message = MAILBOX.with_borrow_mut(|mailbox| mailbox.messages.remove(&number));
    let message = message.and_then(|message| message.downcast().ok());
    message.map(|message| *message).ok_or_else(|| io::ErrorKind::InvalidData.into())
}
