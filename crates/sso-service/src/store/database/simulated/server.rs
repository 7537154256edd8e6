//! The files of the server, and connections to them.

use std::{
    cell::RefCell,
    fs, io,
    path::{Path, PathBuf},
    rc::Rc,
    time::Duration,
};

use futures_executor::block_on;
use service_runtime::simulation::Connection;
use sqlx::{ConnectOptions, Connection as _, SqliteConnection, sqlite::SqliteSynchronous};

use super::session::Session;
use crate::store::database::sqlite;

/// What several instances need besides the tables of SQLite. The first change is there before any
/// instance is. A table that all instances change apart from each other's transactions is in a file
/// of its own.
const SCHEMA: &str = "
    CREATE TRIGGER all_ended AFTER UPDATE OF ended_through ON session_count BEGIN
        INSERT INTO changes (kind) VALUES ('key');
    END;
    INSERT INTO changes (kind) VALUES ('key');
    CREATE TABLE shared.instances (
        id TEXT PRIMARY KEY,
        stale_max INTEGER NOT NULL,
        applied INTEGER,
        expired BOOLEAN NOT NULL DEFAULT FALSE,
        registered_at INTEGER NOT NULL
    )";

/// A database server, whose data outlive its process.
#[derive(Debug)]
pub struct SimulatedDatabase {
    file: PathBuf,
    idle: RefCell<Vec<SqliteConnection>>,
}

impl SimulatedDatabase {
    /// An empty database in this directory.
    ///
    /// # Errors
    /// When SQLite cannot create it.
    pub fn create(directory: &Path) -> io::Result<Rc<Self>> {
        let file = directory.join("sso.db");
        let database = Self { file, idle: RefCell::default() };
        for file in [&database.file, &database.instances()] {
            fs::write(file, "")?;
        }
        let create = async {
            let options = sqlite::options(Some(&database.file));
            let migrated = sqlite::connect_to_moved(&options).await.map_err(io::Error::other)?;
            migrated.close().await.map_err(io::Error::other)?;
            let mut connection = database.open().await.map_err(io::Error::other)?;
            sqlx::raw_sql(SCHEMA).execute(&mut connection).await.map_err(io::Error::other)?;
            database.give_back(connection);
            Ok(())
        };
        block_on(create).map(|()| Rc::new(database))
    }

    /// Runs the statements that come over a connection, until it ends.
    pub async fn serve(self: Rc<Self>, stream: Connection) {
        if let Ok(session) = Session::begin(self) {
            session.run(stream).await;
        }
    }

    pub(super) fn take(&self) -> Result<SqliteConnection, sqlx::Error> {
        let idle = self.idle.borrow_mut().pop();
        idle.map_or_else(|| block_on(self.open()), Ok)
    }

    pub(super) fn give_back(&self, connection: SqliteConnection) {
        self.idle.borrow_mut().push(connection);
    }

    fn instances(&self) -> PathBuf {
        self.file.with_file_name("instances.db")
    }

    async fn open(&self) -> Result<SqliteConnection, sqlx::Error> {
        let options = sqlite::options(Some(&self.file))
            .synchronous(SqliteSynchronous::Off)
            .busy_timeout(Duration::ZERO);
        let mut connection = options.connect().await?;
        let attach = format!(
            "ATTACH '{}' AS shared; PRAGMA shared.journal_mode = WAL; PRAGMA shared.synchronous = OFF",
            self.instances().display()
        );
        sqlx::raw_sql(sqlx::AssertSqlSafe(attach)).execute(&mut connection).await?;
        Ok(connection)
    }
}
