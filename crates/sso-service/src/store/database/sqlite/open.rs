//! Opening the database and bringing its tables up to date.

use std::{
    path::PathBuf,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use sqlx::{
    Connection, SqliteConnection,
    error::DatabaseError,
    migrate::Migrator,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use tokio::time::sleep;

use super::checkpoint::checkpoint_all;
use crate::store::{
    database::{open_error::OpenError, readers::Readers},
    sql::{Held, SqlConnection},
};

static MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");

/// Readers never wait in WAL mode, so a handful of connections is plenty.
const READERS: u32 = 4;
/// How long to wait for another process's write, or for a connection, before the store
/// counts as unavailable.
const MAX_WAIT: Duration = Duration::from_secs(2);
/// How long to pause before a database that is being created is opened again.
const BUSY_PAUSE: Duration = Duration::from_millis(5);

/// The options of every connection. None of them creates a file.
pub(in crate::store::database) fn options(file: Option<&PathBuf>) -> SqliteConnectOptions {
    let options = SqliteConnectOptions::new().foreign_keys(true).busy_timeout(MAX_WAIT);
    match file {
        Some(path) => options
            .filename(path)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .pragma("wal_autocheckpoint", "0"),
        None => options.vfs("memdb").filename(unused_name()),
    }
}

/// Opens the connection that writes, makes a new file a database, and creates the tables that are
/// missing. What is in the database is on the disk then.
///
/// # Errors
/// When it cannot be opened, is no database of ours, or was moved to a server.
pub(in crate::store::database) async fn connect(
    options: &SqliteConnectOptions,
) -> Result<SqlConnection, OpenError> {
    let mut connection = connect_to_moved(options).await?;
    if let Some(target) = moved_to(&mut connection).await? {
        return Err(OpenError::Moved(target));
    }
    let mut connection = SqlConnection::Sqlite(Held::Own(connection));
    checkpoint_all(&mut connection).await?;
    Ok(connection)
}

/// As [`connect`], also to a database that was moved.
///
/// # Errors
/// When it cannot be opened, or is no database of ours.
pub(in crate::store::database) async fn connect_to_moved(
    options: &SqliteConnectOptions,
) -> Result<SqliteConnection, OpenError> {
    let mut connection = connect_patiently(options).await?;
    migrate(&mut connection).await?;
    Ok(connection)
}

/// The server that everything was moved to, if it was.
///
/// # Errors
/// When the database cannot be read.
pub(in crate::store::database) async fn moved_to(
    connection: &mut SqliteConnection,
) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar("SELECT target FROM moved").fetch_optional(connection).await
}

/// Connections that only read. They are made when they are needed.
pub(in crate::store::database) fn readers(options: SqliteConnectOptions) -> Readers {
    let pool = SqlitePoolOptions::new()
        .max_connections(READERS)
        .acquire_timeout(MAX_WAIT)
        // It is when it is given back; nothing happens to one that lies there.
        .test_before_acquire(false)
        .connect_lazy_with(options.pragma("query_only", "on"));
    Readers::Sqlite(pool)
}

/// Connections of this process share a database in memory by its name.
fn unused_name() -> String {
    static OPENED: AtomicU64 = AtomicU64::new(0);
    format!("/sso-service-{}", OPENED.fetch_add(1, Ordering::Relaxed))
}

/// While another process makes the same new file a database in WAL mode, SQLite says that it is
/// locked without waiting the time it was told to wait.
async fn connect_patiently(options: &SqliteConnectOptions) -> Result<SqliteConnection, OpenError> {
    let deadline = Instant::now() + MAX_WAIT;
    loop {
        match SqliteConnection::connect_with(options).await {
            Err(error) if is_busy(&error) && Instant::now() < deadline => sleep(BUSY_PAUSE).await,
            result => return Ok(result?),
        }
    }
}

/// Whether another connection is in the way: `SQLITE_BUSY`, extended or not.
fn is_busy(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(DatabaseError::code);
    let code = code.and_then(|code| code.parse::<u32>().ok());
    code.is_some_and(|code| code & 0xff == 5)
}

/// All in one transaction with the write lock, so that two processes that start on an empty
/// database do not both create the tables.
async fn migrate(connection: &mut SqliteConnection) -> Result<(), OpenError> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    MIGRATIONS.run_direct(None, &mut *transaction, false).await?;
    transaction.commit().await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt};

    use super::*;
    use crate::store::{
        database::{Database, Sharing, follow::NoFollower},
        location::Location,
    };

    #[tokio::test]
    async fn the_database_is_its_owners_alone() {
        let directory = tempfile::tempdir().unwrap();
        let location = Location::File(directory.path().join("sso.db"));
        let database = Database::open(&location, NoFollower, Sharing::default()).await.unwrap();
        database.execute("DELETE FROM changes").await;
        let mut names = Vec::new();
        for file in fs::read_dir(directory.path()).unwrap() {
            let file = file.unwrap();
            let mode = file.metadata().unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, 0o600, "{file:?}");
            names.push(file.file_name().into_string().unwrap());
        }
        names.sort();
        assert_eq!(names, ["sso.db", "sso.db-shm", "sso.db-wal"]);
        database.close().await;
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn several_may_open_a_new_database_at_the_same_time() {
        let directory = tempfile::tempdir().unwrap();
        let location = Location::File(directory.path().join("sso.db"));
        let open = |_| {
            let location = location.clone();
            tokio::spawn(async move {
                Database::open(&location, NoFollower, Sharing::default()).await.map(|_| ())
            })
        };
        let tasks: Vec<_> = (0..16).map(open).collect();
        for task in tasks {
            task.await.unwrap().unwrap();
        }
    }

    #[tokio::test]
    async fn a_file_that_is_not_a_database_is_not_overwritten() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("sso.db");
        let text = "this is a text, and long enough to be looked at as a database. ".repeat(20);
        fs::write(&path, &text).unwrap();
        let result =
            Database::open(&Location::File(path.clone()), NoFollower, Sharing::default()).await;
        assert!(result.is_err());
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
        let nowhere = Location::File(directory.path().join("nowhere/sso.db"));
        let result = Database::open(&nowhere, NoFollower, Sharing::default()).await;
        assert!(matches!(result, Err(OpenError::Create(_))));
    }
}
