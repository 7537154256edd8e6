//! Users on disk: SQLite.
//!
//! A look-up gives an `Option`; what needs the time takes it as an argument; what changes several
//! rows is one transaction that takes the write lock when it begins.

use std::{
    fs::OpenOptions,
    io,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use service_runtime::clock::id_at;
use shared_types::Permission;
use sqlx::{
    FromRow, Sqlite, SqliteConnection, SqlitePool, Transaction,
    migrate::{MigrateError, Migrator},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use tokio::time::sleep;
use uuid::Uuid;

use super::{
    account::{Account, Permissions, User},
    password_hash::PasswordHash,
    username::Username,
};

static MIGRATIONS: Migrator = sqlx::migrate!();

/// Readers never wait in WAL mode, so a handful of connections is plenty.
const CONNECTIONS: u32 = 4;
/// How long to wait for another process's write, or for a connection, before the answer is that
/// it cannot be told.
const MAX_WAIT: Duration = Duration::from_secs(2);
/// How long to pause before a database that is being created is opened again.
const BUSY_PAUSE: Duration = Duration::from_millis(5);

/// Every column of a [`UserRow`], in one statement, so that roles and permissions are of the same
/// instant as the rest.
macro_rules! select_users {
    ($condition:literal) => {
        concat!(
            "SELECT id, username, email, password_hash, disabled, created_at,
                    (SELECT json_group_array(role) FROM (
                        SELECT role FROM user_roles WHERE user_id = users.id ORDER BY role
                    )) AS roles,
                    (SELECT json_group_array(permission) FROM (
                        SELECT permission FROM role_permissions JOIN user_roles USING (role)
                            WHERE user_id = users.id
                        UNION SELECT permission FROM user_permissions WHERE user_id = users.id
                        ORDER BY permission
                    )) AS permissions
             FROM users ",
            $condition
        )
    };
}

/// Where users are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Database {
    /// A file, created when it is not there.
    File(PathBuf),
    /// Gone when the process ends.
    Memory,
}

/// A user to be created.
#[derive(Debug)]
pub(crate) struct NewUser {
    /// The name, which must be free.
    pub(crate) username: Username,
    /// The hash of the password, which was found good enough.
    pub(crate) password_hash: PasswordHash,
    /// Names of roles, which must exist.
    pub(crate) roles: Vec<String>,
    /// What the user holds besides.
    pub(crate) permissions: Vec<Permission>,
}

/// The users of this authority.
#[derive(Debug, Clone)]
pub(crate) struct UserStore {
    pool: SqlitePool,
}

impl UserStore {
    /// Opens the database and brings its tables up to date.
    ///
    /// # Errors
    /// When the file cannot be created or opened, or is no database of ours.
    pub(crate) async fn open(database: &Database) -> Result<Self, OpenError> {
        let options = match database {
            Database::File(path) => {
                create_private(path)?;
                SqliteConnectOptions::new().filename(path)
            }
            Database::Memory => SqliteConnectOptions::new().in_memory(true),
        };
        let options = options
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(MAX_WAIT);
        let pool = connect(pool_options(database), options).await?;
        migrate(&pool).await?;
        Ok(Self { pool })
    }

    /// The user of this name.
    ///
    /// # Errors
    /// When it cannot be told.
    pub(crate) async fn find(&self, username: &Username) -> Result<Option<User>, StoreError> {
        let row: Option<UserRow> = sqlx::query_as(select_users!("WHERE username = ?"))
            .bind(username.as_str())
            .fetch_optional(&self.pool)
            .await?;
        row.map(User::try_from).transpose()
    }

    /// All users, by name.
    ///
    /// # Errors
    /// When it cannot be told.
    pub(crate) async fn list(&self) -> Result<Vec<User>, StoreError> {
        let rows: Vec<UserRow> =
            sqlx::query_as(select_users!("ORDER BY username")).fetch_all(&self.pool).await?;
        rows.into_iter().map(User::try_from).collect()
    }

    /// Creates a user and gives its id.
    ///
    /// # Errors
    /// When the name is taken, a role does not exist, or it cannot be written. Nothing is then.
    pub(crate) async fn create(
        &self,
        user: &NewUser,
        now: DateTime<Utc>,
    ) -> Result<Uuid, CreateError> {
        let mut transaction = self.begin().await?;
        let id = insert(&mut transaction, user, now).await?;
        transaction.commit().await?;
        Ok(id)
    }

    /// Whether an enabled user may administer by a role.
    ///
    /// # Errors
    /// When it cannot be told.
    pub(crate) async fn has_admin(&self) -> Result<bool, StoreError> {
        let mut connection = self.pool.acquire().await?;
        Ok(has_admin(&mut connection).await?)
    }

    /// Creates a user unless an enabled one may administer by a role. `None` when one does.
    ///
    /// # Errors
    /// As [`UserStore::create`].
    pub(crate) async fn create_unless_administered(
        &self,
        user: &NewUser,
        now: DateTime<Utc>,
    ) -> Result<Option<Uuid>, CreateError> {
        let mut transaction = self.begin().await?;
        if has_admin(&mut transaction).await? {
            return Ok(None);
        }
        let id = insert(&mut transaction, user, now).await?;
        transaction.commit().await?;
        Ok(Some(id))
    }

    /// Puts a new hash of the same password in the place of an outdated one, unless the password
    /// was changed in the meantime.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) async fn renew_hash(
        &self,
        user_id: Uuid,
        outdated: &PasswordHash,
        new: &PasswordHash,
    ) -> Result<(), StoreError> {
        sqlx::query("UPDATE users SET password_hash = ? WHERE id = ? AND password_hash = ?")
            .bind(new.expose())
            .bind(user_id.to_string())
            .bind(outdated.expose())
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Ends all connections; the last one tidies up, so that the file is all there is to copy.
    pub(crate) async fn close(&self) {
        self.pool.close().await;
    }

    /// A transaction that holds the write lock from its beginning: one that takes it later may
    /// have read what another changes meanwhile, and fails then.
    async fn begin(&self) -> Result<Transaction<'static, Sqlite>, sqlx::Error> {
        self.pool.begin_with("BEGIN IMMEDIATE").await
    }
}

/// Creates the file with the mode that SQLite also gives the files beside it. One that exists is
/// left as its owner wants it.
fn create_private(path: &Path) -> Result<(), OpenError> {
    let created = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    match created {
        Err(cause) if cause.kind() != io::ErrorKind::AlreadyExists => {
            Err(OpenError::Create { path: path.to_owned(), cause })
        }
        _ => Ok(()),
    }
}

fn pool_options(database: &Database) -> SqlitePoolOptions {
    let options = SqlitePoolOptions::new().acquire_timeout(MAX_WAIT);
    match database {
        Database::File(_) => options.max_connections(CONNECTIONS),
        // Such a database belongs to its connection: there is one, and it is never closed.
        Database::Memory => options.max_connections(1).idle_timeout(None).max_lifetime(None),
    }
}

/// Opens the first connection, which makes a new file a database in WAL mode. While another does
/// the same, SQLite says that it is locked without waiting the time it was told to wait.
async fn connect(
    pool: SqlitePoolOptions,
    options: SqliteConnectOptions,
) -> Result<SqlitePool, sqlx::Error> {
    let deadline = Instant::now() + MAX_WAIT;
    loop {
        match pool.clone().connect_with(options.clone()).await {
            Err(error) if is_busy(&error) && Instant::now() < deadline => sleep(BUSY_PAUSE).await,
            result => return result,
        }
    }
}

/// Whether another connection is in the way: `SQLITE_BUSY`, extended or not.
fn is_busy(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code());
    let code = code.and_then(|code| code.parse::<u32>().ok());
    code.is_some_and(|code| code & 0xff == 5)
}

/// All in one transaction with the write lock, so that two processes that start on an empty
/// database do not both create the tables.
async fn migrate(pool: &SqlitePool) -> Result<(), OpenError> {
    let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await?;
    MIGRATIONS.run_direct(None, &mut *transaction, false).await?;
    transaction.commit().await?;
    Ok(())
}

async fn has_admin(connection: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT EXISTS (
             SELECT 1 FROM users
             JOIN user_roles ON user_roles.user_id = users.id
             JOIN role_permissions USING (role)
             WHERE NOT disabled AND permission IN ('*', 'sso:admin')
         )",
    )
    .fetch_one(connection)
    .await
}

async fn insert(
    connection: &mut SqliteConnection,
    user: &NewUser,
    now: DateTime<Utc>,
) -> Result<Uuid, CreateError> {
    let id = id_at(now);
    let inserted = sqlx::query(
        "INSERT INTO users (id, username, password_hash, created_at) VALUES (?, ?, ?, ?)
         ON CONFLICT (username) DO NOTHING",
    )
    .bind(id.to_string())
    .bind(user.username.as_str())
    .bind(user.password_hash.expose())
    .bind(now.timestamp_millis())
    .execute(&mut *connection)
    .await?;
    if inserted.rows_affected() == 0 {
        return Err(CreateError::NameTaken(user.username.clone()));
    }
    assign_roles(connection, id, &user.roles).await?;
    grant(connection, id, &user.permissions).await?;
    Ok(id)
}

async fn assign_roles(
    connection: &mut SqliteConnection,
    user_id: Uuid,
    roles: &[String],
) -> Result<(), CreateError> {
    for role in roles {
        let exists: bool = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM roles WHERE name = ?)")
            .bind(role)
            .fetch_one(&mut *connection)
            .await?;
        if !exists {
            return Err(CreateError::UnknownRole(role.clone()));
        }
        sqlx::query("INSERT OR IGNORE INTO user_roles (user_id, role) VALUES (?, ?)")
            .bind(user_id.to_string())
            .bind(role)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

async fn grant(
    connection: &mut SqliteConnection,
    user_id: Uuid,
    permissions: &[Permission],
) -> Result<(), CreateError> {
    for permission in permissions {
        sqlx::query("INSERT OR IGNORE INTO user_permissions (user_id, permission) VALUES (?, ?)")
            .bind(user_id.to_string())
            .bind(permission.to_string())
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

/// A user as it stands in the tables.
#[derive(FromRow)]
struct UserRow {
    id: String,
    username: String,
    email: Option<String>,
    password_hash: String,
    disabled: bool,
    created_at: i64,
    /// A JSON array.
    roles: String,
    /// A JSON array.
    permissions: String,
}

impl TryFrom<UserRow> for User {
    type Error = StoreError;

    fn try_from(row: UserRow) -> Result<Self, StoreError> {
        let read = || -> Option<Account> {
            Some(Account {
                user_id: row.id.parse().ok()?,
                username: row.username,
                email: row.email,
                created_at: DateTime::from_timestamp_millis(row.created_at)?,
                roles: serde_json::from_str(&row.roles).ok()?,
                permissions: Permissions::parse(serde_json::from_str(&row.permissions).ok()?)?,
            })
        };
        let id = row.id.clone();
        Ok(Self {
            account: read().ok_or(StoreError::Corrupt { user_id: id })?,
            password_hash: PasswordHash::stored(row.password_hash),
            disabled: row.disabled,
        })
    }
}

/// The database could not be opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError {
    /// There was no file and none could be created.
    #[error("cannot create {}: {cause}", .path.display())]
    Create {
        /// Where it should be.
        path: PathBuf,
        /// Why it is not.
        cause: io::Error,
    },
    /// The file is no database, or is locked.
    #[error("cannot open the database: {0}")]
    Connect(#[from] sqlx::Error),
    /// The tables are not ours, or of a later version.
    #[error("cannot bring the database up to date: {0}")]
    Migrate(#[from] MigrateError),
}

/// It cannot be told, or not be written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreError {
    /// The database does not answer.
    #[error("the database failed: {0}")]
    Database(#[from] sqlx::Error),
    /// A row holds what was never written to it.
    #[error("user {user_id} cannot be read from the database")]
    Corrupt {
        /// Whose row it is.
        user_id: String,
    },
}

/// A user was not created, and nothing was written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CreateError {
    /// Somebody has the name.
    #[error("a user {0} exists already")]
    NameTaken(Username),
    /// There is no such role.
    #[error("there is no role {0:?}")]
    UnknownRole(String),
    /// It cannot be written.
    #[error("the database failed: {0}")]
    Database(#[from] sqlx::Error),
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt};

    use super::*;
    use crate::test_service::noon;

    impl UserStore {
        /// Changes what nothing changes yet.
        pub(crate) async fn execute(&self, sql: &'static str) {
            sqlx::query(sql).execute(&self.pool).await.unwrap();
        }
    }

    fn user(name: &str, roles: &[&str], permissions: &[&str]) -> NewUser {
        NewUser {
            username: name.parse().unwrap(),
            password_hash: PasswordHash::nobodys(),
            roles: roles.iter().map(|role| (*role).to_owned()).collect(),
            permissions: permissions.iter().map(|text| text.parse().unwrap()).collect(),
        }
    }

    async fn find(store: &UserStore, name: &str) -> Option<User> {
        store.find(&name.parse().unwrap()).await.unwrap()
    }

    #[tokio::test]
    async fn what_was_created_is_found() {
        let store = UserStore::open(&Database::Memory).await.unwrap();
        let new = user("alice", &["user", "reader", "user"], &["logs:read:b/*", "deploy:write"]);
        let id = store.create(&new, noon()).await.unwrap();

        let found = find(&store, "alice").await.unwrap();
        assert_eq!(found.account.user_id, id);
        assert_eq!(found.account.username, "alice");
        assert_eq!(found.account.email, None);
        assert_eq!(found.account.created_at, noon());
        assert_eq!(found.account.roles, ["reader", "user"]);
        let permissions = found.account.permissions.spelled();
        assert_eq!(permissions, ["deploy:write", "logs:read", "logs:read:b/*"]);
        assert!(found.password_hash == PasswordHash::nobodys());
        assert!(!found.disabled);
        assert!(find(&store, "bob").await.is_none());
    }

    #[tokio::test]
    async fn built_in_roles_permit_what_they_should() {
        let store = UserStore::open(&Database::Memory).await.unwrap();
        for (role, expected) in [("admin", &["*"][..]), ("reader", &["logs:read"]), ("user", &[])] {
            store.create(&user(role, &[role], &[]), noon()).await.unwrap();
            let account = find(&store, role).await.unwrap().account;
            assert_eq!(account.permissions.spelled(), expected, "{role}");
        }
    }

    #[tokio::test]
    async fn a_taken_name_or_an_unknown_role_writes_nothing() {
        let store = UserStore::open(&Database::Memory).await.unwrap();
        store.create(&user("alice", &["reader"], &[]), noon()).await.unwrap();

        let taken = store.create(&user("alice", &["admin"], &["a:b"]), noon()).await;
        assert!(matches!(taken, Err(CreateError::NameTaken(_))), "{taken:?}");
        let unknown = store.create(&user("bob", &["user", "nope"], &["a:b"]), noon()).await;
        assert!(matches!(unknown, Err(CreateError::UnknownRole(_))), "{unknown:?}");

        let users = store.list().await.unwrap();
        assert_eq!(users.len(), 1);
        assert_eq!(users[0].account.roles, ["reader"]);
        assert_eq!(users[0].account.permissions.spelled(), ["logs:read"]);
    }

    #[tokio::test]
    async fn a_hash_is_renewed_only_in_the_place_of_the_one_it_was_made_for() {
        let store = UserStore::open(&Database::Memory).await.unwrap();
        let id = store.create(&user("alice", &[], &[]), noon()).await.unwrap();
        let [one, two] = ["one", "two"].map(|phc| PasswordHash::stored(phc.to_owned()));
        store.renew_hash(id, &PasswordHash::nobodys(), &one).await.unwrap();
        store.renew_hash(id, &PasswordHash::nobodys(), &two).await.unwrap();
        assert!(find(&store, "alice").await.unwrap().password_hash == one);
    }

    #[tokio::test]
    async fn a_row_nobody_can_have_written_is_no_missing_user() {
        let store = UserStore::open(&Database::Memory).await.unwrap();
        store.create(&user("alice", &[], &["a:b"]), noon()).await.unwrap();
        store.execute("UPDATE user_permissions SET permission = 'nonsense'").await;
        let result = store.find(&"alice".parse().unwrap()).await;
        assert!(matches!(result, Err(StoreError::Corrupt { .. })), "{result:?}");
    }

    #[tokio::test]
    async fn the_database_is_its_owners_alone() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("sso.db");
        let store = UserStore::open(&Database::File(path)).await.unwrap();
        store.create(&user("alice", &[], &[]), noon()).await.unwrap();
        let mut names = Vec::new();
        for file in fs::read_dir(directory.path()).unwrap() {
            let file = file.unwrap();
            let mode = file.metadata().unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, 0o600, "{file:?}");
            names.push(file.file_name().into_string().unwrap());
        }
        names.sort();
        assert_eq!(names, ["sso.db", "sso.db-shm", "sso.db-wal"]);
    }

    #[tokio::test]
    async fn two_processes_see_each_others_users() {
        let directory = tempfile::tempdir().unwrap();
        let database = Database::File(directory.path().join("sso.db"));
        let one = UserStore::open(&database).await.unwrap();
        let other = UserStore::open(&database).await.unwrap();
        one.create(&user("alice", &["reader"], &[]), noon()).await.unwrap();
        assert!(find(&other, "alice").await.is_some());
        other.create(&user("bob", &[], &[]), noon()).await.unwrap();
        assert!(find(&one, "bob").await.is_some());
        let taken = other.create(&user("alice", &[], &[]), noon()).await;
        assert!(matches!(taken, Err(CreateError::NameTaken(_))), "{taken:?}");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn several_may_open_a_new_database_at_the_same_time() {
        let directory = tempfile::tempdir().unwrap();
        let database = Database::File(directory.path().join("sso.db"));
        let open = |_| {
            let database = database.clone();
            tokio::spawn(async move { UserStore::open(&database).await.map(|_| ()) })
        };
        let tasks: Vec<_> = (0..16).map(open).collect();
        for task in tasks {
            task.await.unwrap().unwrap();
        }
    }

    #[tokio::test]
    async fn what_is_no_database_is_not_overwritten() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("sso.db");
        let text = "this is a text, and long enough to be looked at as a database. ".repeat(20);
        fs::write(&path, &text).unwrap();
        let result = UserStore::open(&Database::File(path.clone())).await;
        assert!(result.is_err());
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
        let nowhere = Database::File(directory.path().join("nowhere/sso.db"));
        let result = UserStore::open(&nowhere).await;
        assert!(matches!(result, Err(OpenError::Create { .. })));
    }
}
