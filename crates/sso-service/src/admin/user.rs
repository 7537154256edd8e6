//! `admin user …`

use std::{io, path::PathBuf};

use clap::{Args, Subcommand};
use shared_types::Permission;
use sqlx::SqliteConnection;

use super::{
    error::AdminError,
    table::{instant, listed, print_table, yes_or_no},
    typed_password::read_and_hash,
};
use crate::{
    audit::{AuditRecord, Event, Kind},
    store::Database,
    users::{
        NewUser, PasswordRules, User, UserStore, UserUpdate, Username, create_user, delete_user,
        update_user,
    },
};

#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// Create a user, who can log in at once
    Create(Create),
    /// List all users
    List,
    /// Refuse log-in to a user and end the user's sessions
    Disable {
        /// The name
        name: String,
    },
    /// Let a user log in again
    Enable {
        /// The name
        name: String,
    },
    /// Delete a user and end the user's sessions
    Delete {
        /// The name
        name: String,
    },
    /// Give a user another password and end the user's sessions
    ResetPassword(ResetPassword),
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

/// Whose password is to be another.
#[derive(Debug, Args)]
pub(crate) struct ResetPassword {
    /// The name
    name: String,
    /// Where the password stands, on a line; - is standard input. Without it, the password is
    /// asked for
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

impl UserCommand {
    pub(super) async fn run(
        self,
        record: &mut AuditRecord,
        rules: PasswordRules,
    ) -> Result<(), AdminError> {
        match self {
            Self::Create(create) => create.run(record, rules).await,
            Self::List => list(record.database()).await,
            Self::Disable { name } => {
                update(record, "disabled", name.parse()?, disabled(true)).await
            }
            Self::Enable { name } => {
                update(record, "enabled", name.parse()?, disabled(false)).await
            }
            Self::Delete { name } => delete(record, name.parse()?).await,
            Self::ResetPassword(reset) => reset.run(record, rules).await,
        }
    }
}

impl Create {
    async fn run(self, record: &mut AuditRecord, rules: PasswordRules) -> Result<(), AdminError> {
        let username: Username = self.name.parse()?;
        let permissions = parse_permissions(&self.permissions)?;
        let password_hash = read_and_hash(self.password_file.as_deref(), &username, rules)?;
        let roles = if self.roles.is_empty() { vec!["user".to_owned()] } else { self.roles };
        let email = None;
        let user = NewUser { username: username.clone(), email, password_hash, roles, permissions };
        let now = record.now();
        let create = async move |connection: &mut SqliteConnection| {
            create_user(connection, &user, now).await?;
            Ok::<_, AdminError>(())
        };
        record.change(event(record, "created", &username), create).await?;
        eprintln!("created user {username}");
        Ok(())
    }
}

impl ResetPassword {
    async fn run(self, record: &mut AuditRecord, rules: PasswordRules) -> Result<(), AdminError> {
        let username: Username = self.name.parse()?;
        let hash = read_and_hash(self.password_file.as_deref(), &username, rules)?;
        let change = UserUpdate { password_hash: Some(hash), ..UserUpdate::default() };
        update(record, "password", username, change).await
    }
}

async fn list(database: &Database) -> Result<(), AdminError> {
    let users = UserStore::new(database.clone()).list().await?;
    let head = ["USERNAME", "ROLES", "PERMISSIONS", "DISABLED", "CREATED"];
    Ok(print_table(head, users.iter().map(row), &mut io::stdout().lock())?)
}

fn disabled(disabled: bool) -> UserUpdate {
    UserUpdate { disabled: Some(disabled), ..UserUpdate::default() }
}

async fn update(
    record: &mut AuditRecord,
    what: &'static str,
    username: Username,
    update: UserUpdate,
) -> Result<(), AdminError> {
    let event = event(record, what, &username);
    let change = async move |connection: &mut SqliteConnection| {
        Ok::<_, AdminError>(update_user(connection, &username, &update).await?)
    };
    record.change(event, change).await
}

async fn delete(record: &mut AuditRecord, username: Username) -> Result<(), AdminError> {
    let event = event(record, "deleted", &username);
    let delete = async move |connection: &mut SqliteConnection| {
        Ok::<_, AdminError>(delete_user(connection, &username).await?)
    };
    record.change(event, delete).await
}

fn event(record: &AuditRecord, what: &'static str, username: &Username) -> Event {
    record.event(Kind::UserChanged).because(what).on(username.as_str())
}

/// Permissions as they were typed.
pub(super) fn parse_permissions(typed: &[String]) -> Result<Vec<Permission>, AdminError> {
    let parse =
        |text: &String| text.parse().map_err(|fault| AdminError::Permission(text.clone(), fault));
    typed.iter().map(parse).collect()
}

fn row(user: &User) -> [String; 5] {
    let account = &user.account;
    [
        account.username.clone(),
        listed(&account.roles),
        listed(account.permissions.spelled()),
        yes_or_no(user.disabled),
        instant(account.created_at),
    ]
}
