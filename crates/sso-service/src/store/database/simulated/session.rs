//! A session of a client.

use std::{io, rc::Rc, time::Duration};

use futures_executor::block_on;
use service_runtime::{
    clock::{Clock, SystemClock},
    simulation::Connection,
};
use sqlx::{Connection as _, SqliteConnection, error::DatabaseError};
use tokio::time::{Instant, sleep, timeout};

use super::{forms::form_for_sqlite, server::SimulatedDatabase};
use crate::store::sql::{Statement, StatementResult, receive, send};

/// How long a client may leave a transaction open without a statement, and how long one may wait for
/// a lock.
const PATIENCE: Duration = Duration::from_secs(2);
/// The pause before the next try to take a lock.
const PAUSE: Duration = Duration::from_millis(1);
/// Longer than a simulation.
const EVER: Duration = Duration::from_secs(1_000_000);

/// A session. Its transaction is rolled back when it ends.
pub(super) struct Session {
    database: Rc<SimulatedDatabase>,
    /// `None` only while it is being dropped.
    connection: Option<SqliteConnection>,
    in_transaction: bool,
}

impl Session {
    pub(super) fn begin(database: Rc<SimulatedDatabase>) -> Result<Self, sqlx::Error> {
        let connection = Some(database.take()?);
        Ok(Self { database, connection, in_transaction: false })
    }

    /// Answers until the connection ends, or its client leaves a transaction open for too long.
    pub(super) async fn run(mut self, mut stream: Connection) {
        while self.answer(&mut stream).await.is_ok() {}
    }

    async fn answer(&mut self, stream: &mut Connection) -> io::Result<()> {
        let limit = if self.in_transaction { PATIENCE } else { EVER };
        let statement: Statement = timeout(limit, receive(stream)).await??;
        let result = self.execute(statement).await;
        send(stream, result).await
    }

    async fn execute(&mut self, statement: Statement) -> Result<StatementResult, sqlx::Error> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let now = SystemClock::default().now().timestamp_millis();
            let form = form_for_sqlite(statement.sql, now);
            match self.try_execute(&statement, &form) {
                Err(error) if is_busy(&error) && Instant::now() < deadline => sleep(PAUSE).await,
                result => {
                    self.note(&form, result.is_ok());
                    return result;
                }
            }
        }
    }

    fn try_execute(
        &mut self,
        statement: &Statement,
        form: &str,
    ) -> Result<StatementResult, sqlx::Error> {
        let connection = self.connection.as_mut().ok_or(sqlx::Error::PoolClosed)?;
        block_on(statement.run(form.to_owned(), connection))
    }

    fn note(&mut self, form: &str, succeeded: bool) {
        match form {
            begin if begin.starts_with("BEGIN") => self.in_transaction = succeeded,
            "COMMIT" | "ROLLBACK" => self.in_transaction = !succeeded,
            _ => {}
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let Some(mut connection) = self.connection.take() else { return };
        let ended = match self.in_transaction {
            true => block_on(sqlx::raw_sql("ROLLBACK").execute(&mut connection)).is_ok(),
            false => true,
        };
        match ended {
            true => self.database.give_back(connection),
            // Its locks are released when this returns.
            false => drop(block_on(connection.close())),
        }
    }
}

/// Whether another session holds the lock.
fn is_busy(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(DatabaseError::code);
    code.and_then(|code| code.parse::<u32>().ok()).is_some_and(|code| code == 5)
}

#[cfg(test)]
mod tests {
    use rustix::thread::{CpuSet, sched_getcpu, sched_setaffinity};

    use super::*;

    /// Has this thread, and those that it starts, take turns on one core.
    fn stay_on_one_core() {
        let mut cores = CpuSet::new();
        cores.set(sched_getcpu());
        sched_setaffinity(None, &cores).unwrap();
    }

    fn run(session: &mut Session, sql: &'static str) -> Result<StatementResult, sqlx::Error> {
        session.try_execute(&Statement { sql: sql.into(), values: None }, sql)
    }

    #[test]
    fn a_failed_statement_holds_no_lock_when_its_failure_is_told() {
        stay_on_one_core();
        let files = tempfile::tempdir().unwrap();
        let database = SimulatedDatabase::create(files.path()).unwrap();
        let [mut holder, mut refused, mut writer] =
            [(); 3].map(|()| Session::begin(database.clone()).unwrap());
        run(&mut holder, "BEGIN").unwrap();
        run(&mut holder, "UPDATE instances SET expired = TRUE").unwrap();
        for _ in 0..500 {
            // It takes the lock of one file, and then cannot take that of the other.
            assert!(is_busy(&run(&mut refused, "BEGIN IMMEDIATE").err().unwrap()));
            run(&mut writer, "DELETE FROM changes WHERE seq < 0").unwrap();
        }
    }
}
