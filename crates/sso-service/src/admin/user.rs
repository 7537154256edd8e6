//! `admin user …`

use std::{io, path::PathBuf};

use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use service_runtime::clock::Clock;
use shared_types::Permission;

use super::{
    error::AdminError,
    table::{instant, listed, print_table, yes_or_no},
    typed_password::read_and_hash,
};
use crate::{
    audit::{Event, Kind},
    database::Database,
    users::{NewUser, PasswordRules, User, UserStore, Username},
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
        database: Database,
        clock: &dyn Clock,
        rules: PasswordRules,
    ) -> Result<(), AdminError> {
        let store = UserStore::new(database);
        match self {
            Self::Create(create) => create.run(&store, clock.now(), rules).await,
            Self::List => {
                let users = store.list().await?;
                let head = ["USERNAME", "ROLES", "PERMISSIONS", "DISABLED", "CREATED"];
                Ok(print_table(head, users.iter().map(row), &mut io::stdout().lock())?)
            }
            Self::Disable { name } => Ok(store.disable(name.parse()?).await?),
            Self::Enable { name } => Ok(store.enable(name.parse()?).await?),
            Self::Delete { name } => Ok(store.delete(name.parse()?).await?),
            Self::ResetPassword(reset) => reset.run(&store, rules).await,
        }
    }
}

impl UserCommand {
    /// What it is in the audit log, when it is done.
    pub(super) fn event(&self, event: Event) -> Option<Event> {
        let (what, name) = match self {
            Self::Create(Create { name, .. }) => ("created", name),
            Self::Disable { name } => ("disabled", name),
            Self::Enable { name } => ("enabled", name),
            Self::Delete { name } => ("deleted", name),
            Self::ResetPassword(ResetPassword { name, .. }) => ("password", name),
            Self::List => return None,
        };
        Some(event.of_kind(Kind::UserChanged).because(what).on(&name.to_ascii_lowercase()))
    }
}

impl Create {
    async fn run(
        self,
        store: &UserStore,
        now: DateTime<Utc>,
        rules: PasswordRules,
    ) -> Result<(), AdminError> {
        let username: Username = self.name.parse()?;
        let permissions = parse_permissions(&self.permissions)?;
        let password_hash = read_and_hash(self.password_file.as_deref(), &username, rules)?;
        let roles = if self.roles.is_empty() { vec!["user".to_owned()] } else { self.roles };
        let email = None;
        let user = NewUser { username: username.clone(), email, password_hash, roles, permissions };
        store.create(user, now).await?;
        eprintln!("created user {username}");
        Ok(())
    }
}

impl ResetPassword {
    async fn run(self, store: &UserStore, rules: PasswordRules) -> Result<(), AdminError> {
        let username: Username = self.name.parse()?;
        let hash = read_and_hash(self.password_file.as_deref(), &username, rules)?;
        Ok(store.reset_password(username, hash).await?)
    }
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
