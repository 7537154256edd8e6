//! Administration from the shell: `sso-service admin …`.
//!
//! Each command is one transaction on the database of the service, which may be running.

use std::{
    fs::File,
    io::{self, BufRead, IsTerminal, Read, Write, stdin},
    path::{Path, PathBuf},
};

use clap::{Args, Subcommand};
use service_runtime::clock::{Clock, SystemClock};
use shared_types::{InvalidPermission, Permission};
use zeroize::Zeroizing;

use crate::{
    config::Config,
    users::{
        CreateError, Database, HashFault, HashMemory, InvalidUsername, NewUser, OpenError,
        Password, PasswordFault, PasswordHash, PasswordRules, StoreError, User, UserStore,
        Username, hash_password,
    },
};

/// The most that is read in search of a password, in bytes.
const MAX_INPUT_BYTES: u64 = 64 * 1024;

#[derive(Debug, Subcommand)]
pub(crate) enum AdminCommand {
    /// Users
    #[command(subcommand)]
    User(UserCommand),
}

#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// Create a user, who can log in at once
    Create(Create),
    /// List all users
    List,
}

/// Who is to be created.
#[derive(Debug, Args)]
pub(crate) struct Create {
    /// The name: a-z, 0-9, '.', '_', '@' and '-', the first a letter or a digit
    name: String,
    /// A role; may be given several times [default: user]
    #[arg(long = "role", value_name = "ROLE")]
    roles: Vec<String>,
    /// A permission besides those of the roles, like logs:read:shop/*; may be given several times
    #[arg(long = "permission", value_name = "PERMISSION")]
    permissions: Vec<String>,
    /// Where the password stands, on a line; - is standard input. Without it, the password is
    /// asked for
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

impl AdminCommand {
    /// Does it.
    ///
    /// # Errors
    /// When it cannot be done. Nothing has changed then.
    pub(crate) async fn run(self, config: &Config) -> Result<(), AdminError> {
        if config.database == Database::Memory {
            return Err(AdminError::InMemory);
        }
        match self {
            Self::User(UserCommand::Create(create)) => create.run(config).await,
            Self::User(UserCommand::List) => {
                let users = UserStore::open(&config.database).await?.list().await?;
                Ok(print_table(&users, &mut io::stdout().lock())?)
            }
        }
    }
}

impl Create {
    async fn run(self, config: &Config) -> Result<(), AdminError> {
        let username: Username = self.name.parse()?;
        let permissions = self.parse_permissions()?;
        let store = UserStore::open(&config.database).await?;
        let typed = read_password(self.password_file.as_deref())?;
        let password_hash = hash_if_good(&typed, &username, config.password_rules)?;
        let roles = if self.roles.is_empty() { vec!["user".to_owned()] } else { self.roles };
        let user = NewUser { username, password_hash, roles, permissions };
        store.create(&user, SystemClock::default().now()).await?;
        eprintln!("created user {}", user.username);
        Ok(())
    }

    fn parse_permissions(&self) -> Result<Vec<Permission>, AdminError> {
        let parse = |text: &String| {
            text.parse().map_err(|fault| AdminError::Permission(text.clone(), fault))
        };
        self.permissions.iter().map(parse).collect()
    }
}

fn hash_if_good(
    typed: &str,
    username: &Username,
    rules: PasswordRules,
) -> Result<PasswordHash, AdminError> {
    let password = Password::normalise(typed)?;
    rules.check(&password, username)?;
    Ok(hash_password(&password, &mut HashMemory::default())?)
}

/// The password from a file, from a person, or from whatever standard input is.
fn read_password(file: Option<&Path>) -> Result<Zeroizing<String>, AdminError> {
    match file {
        Some(path) if path == Path::new("-") => Ok(read_all(stdin().lock())?),
        Some(path) => {
            let read = File::open(path).and_then(read_all);
            read.map_err(|cause| AdminError::PasswordFile { path: path.to_owned(), cause })
        }
        None if stdin().is_terminal() => ask_twice(),
        None => Ok(read_line(stdin().lock())?),
    }
}

fn ask_twice() -> Result<Zeroizing<String>, AdminError> {
    let ask = |prompt| rpassword::prompt_password(prompt).map(Zeroizing::new);
    let password = ask("Password: ")?;
    if *ask("The same again: ")? == *password { Ok(password) } else { Err(AdminError::Mistyped) }
}

/// All of it but one line end.
fn read_all(source: impl Read) -> io::Result<Zeroizing<String>> {
    let mut text = Zeroizing::new(String::new());
    source.take(MAX_INPUT_BYTES).read_to_string(&mut text)?;
    Ok(without_line_end(text))
}

fn read_line(source: impl BufRead) -> io::Result<Zeroizing<String>> {
    let mut text = Zeroizing::new(String::new());
    source.take(MAX_INPUT_BYTES).read_line(&mut text)?;
    Ok(without_line_end(text))
}

fn without_line_end(mut text: Zeroizing<String>) -> Zeroizing<String> {
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    text
}

/// Columns as wide as what stands in them, two blanks apart.
fn print_table(users: &[User], out: &mut impl Write) -> io::Result<()> {
    const HEAD: [&str; 5] = ["USERNAME", "ROLES", "PERMISSIONS", "DISABLED", "CREATED"];
    let mut rows = vec![HEAD.map(str::to_owned)];
    rows.extend(users.iter().map(row));
    let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or(0);
    let widths: [usize; 5] = std::array::from_fn(width);
    for row in &rows {
        let cells = row.iter().zip(widths);
        let line: Vec<String> = cells.map(|(cell, width)| format!("{cell:width$}")).collect();
        writeln!(out, "{}", line.join("  ").trim_end())?;
    }
    Ok(())
}

fn row(user: &User) -> [String; 5] {
    let listed = |words: &[String]| match words {
        [] => "-".to_owned(),
        words => words.join(","),
    };
    let account = &user.account;
    [
        account.username.clone(),
        listed(&account.roles),
        listed(account.permissions.spelled()),
        if user.disabled { "yes" } else { "no" }.to_owned(),
        account.created_at.format("%Y-%m-%dT%H:%M:%SZ").to_string(),
    ]
}

/// Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AdminError {
    /// Nobody would ever see the change.
    #[error("SSO_DATABASE_URL: a database in memory is gone when the command ends; name a file")]
    InMemory,
    /// The name cannot be one.
    #[error("the name {0}")]
    Username(#[from] InvalidUsername),
    /// The permission cannot be one.
    #[error("{0:?} is no permission: {1}")]
    Permission(String, InvalidPermission),
    /// The two passwords typed differ.
    #[error("the two passwords differ")]
    Mistyped,
    /// The password is not good enough.
    #[error(transparent)]
    Password(#[from] PasswordFault),
    /// The password cannot be read from its file.
    #[error("cannot read {}: {cause}", .path.display())]
    PasswordFile {
        /// Where it should be.
        path: PathBuf,
        /// Why it is not read.
        cause: io::Error,
    },
    /// The password cannot be hashed.
    #[error(transparent)]
    Hash(#[from] HashFault),
    /// The database cannot be opened.
    #[error("SSO_DATABASE_URL: {0}")]
    Open(#[from] OpenError),
    /// The user cannot be created.
    #[error(transparent)]
    Create(#[from] CreateError),
    /// The users cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Standard input or output failed.
    #[error("standard input or output failed: {0}")]
    Io(#[from] io::Error),
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::{
        cli::tests::parse_admin,
        test_service::{LIFETIMES, LIMITS, PASSWORD, TestService, noon},
    };

    /// A database in a directory of its own, and a password file.
    struct Shell {
        directory: tempfile::TempDir,
        config: Config,
    }

    impl Shell {
        fn open() -> Self {
            let directory = tempfile::tempdir().unwrap();
            fs::write(directory.path().join("password"), format!("{PASSWORD}\n")).unwrap();
            let url = format!("sqlite://{}/sso.db", directory.path().display());
            let config = Config::read([("SSO_DATABASE_URL".to_owned(), url)]).unwrap();
            Self { directory, config }
        }

        async fn create(&self, arguments: &[&str]) -> Result<(), AdminError> {
            let file = self.directory.path().join("password");
            let fixed = ["admin", "user", "create", "--password-file", file.to_str().unwrap()];
            let command = parse_admin(&[&fixed, arguments].concat());
            command.run(&self.config).await
        }

        async fn names(&self) -> Vec<String> {
            let store = UserStore::open(&self.config.database).await.unwrap();
            let users = store.list().await.unwrap();
            users.into_iter().map(|user| user.account.username).collect()
        }
    }

    #[actix_web::test]
    async fn a_new_user_can_log_in_at_the_running_service_at_once() {
        let shell = Shell::open();
        let service = TestService::with(LIFETIMES, LIMITS, &shell.config.database).await;
        let permission = ["--permission", "logs:read:shop/*", "--permission", "deploy:write"];
        let arguments = [&["Bob", "--role", "reader", "--role", "user"][..], &permission].concat();
        shell.create(&arguments).await.unwrap();
        let token = service.log_in("bob").await;
        let answer = service.validate(&token).await;
        assert_eq!(answer.body["roles"], serde_json::json!(["reader", "user"]));
        let permissions = ["deploy:write", "logs:read", "logs:read:shop/*"];
        assert_eq!(answer.body["permissions"], serde_json::json!(permissions));
    }

    #[tokio::test]
    async fn without_a_role_a_user_has_the_role_user() {
        let shell = Shell::open();
        shell.create(&["bob"]).await.unwrap();
        let store = UserStore::open(&shell.config.database).await.unwrap();
        assert_eq!(store.list().await.unwrap()[0].account.roles, ["user"]);
    }

    #[tokio::test]
    async fn what_is_wrong_is_said_in_a_line_and_nothing_is_written() {
        let shell = Shell::open();
        shell.create(&["bob"]).await.unwrap();
        for (arguments, fault) in [
            (&["bob"][..], "exists already"),
            (&["BOB"], "exists already"),
            (&["a b"], "no user name"),
            (&["eve", "--role", "user", "--role", "nope"], "no role \"nope\""),
            (&["eve", "--permission", "logs"], "\"logs\" is no permission"),
            (&["eve", "--permission", "logs:read:a\nb"], "no permission"),
        ] {
            let error = shell.create(arguments).await.unwrap_err().to_string();
            assert!(error.contains(fault), "{error}");
            assert_eq!(error.lines().count(), 1, "{error}");
        }
        fs::write(shell.directory.path().join("password"), "too short").unwrap();
        let error = shell.create(&["eve"]).await.unwrap_err();
        assert!(matches!(error, AdminError::Password(_)), "{error}");
        fs::remove_file(shell.directory.path().join("password")).unwrap();
        let error = shell.create(&["eve"]).await.unwrap_err();
        assert!(matches!(error, AdminError::PasswordFile { .. }), "{error}");
        assert_eq!(shell.names().await, ["bob"]);
    }

    #[tokio::test]
    async fn a_database_in_memory_is_not_administered() {
        let memory = ("SSO_DATABASE_URL".to_owned(), "sqlite::memory:".to_owned());
        let config = Config::read([memory]).unwrap();
        let error = parse_admin(&["admin", "user", "list"]).run(&config).await.unwrap_err();
        assert!(matches!(error, AdminError::InMemory), "{error}");
    }

    #[test]
    fn one_line_end_is_not_part_of_a_password() {
        let read =
            |text: &str| (read_all(text.as_bytes()).unwrap(), read_line(text.as_bytes()).unwrap());
        for (text, all, line) in [
            ("a b\n", "a b", "a b"),
            ("a b\r\n", "a b", "a b"),
            (" a b ", " a b ", " a b "),
            ("a\n\n", "a\n", "a"),
            ("a\nb\n", "a\nb", "a"),
            ("", "", ""),
        ] {
            let (read_all, read_line) = read(text);
            assert_eq!((read_all.as_str(), read_line.as_str()), (all, line), "{text:?}");
        }
    }

    #[tokio::test]
    async fn a_list_is_a_table() {
        let store = UserStore::open(&Database::Memory).await.unwrap();
        for (name, roles, permissions) in
            [("alice", &["admin", "user"][..], ""), ("bob-the-builder", &[], "a:b")]
        {
            let user = NewUser {
                username: name.parse().unwrap(),
                password_hash: PasswordHash::nobodys(),
                roles: roles.iter().map(|role| (*role).to_owned()).collect(),
                permissions: permissions.parse().into_iter().collect(),
            };
            store.create(&user, noon()).await.unwrap();
        }
        let mut table = Vec::new();
        print_table(&store.list().await.unwrap(), &mut table).unwrap();
        let expected = "\
USERNAME         ROLES       PERMISSIONS  DISABLED  CREATED
alice            admin,user  *            no        2027-01-15T08:00:00Z
bob-the-builder  -           a:b          no        2027-01-15T08:00:00Z
";
        assert_eq!(String::from_utf8(table).unwrap(), expected);
    }
}
