//! `admin user …`

use std::{
    io::{self, Write},
    path::PathBuf,
};

use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};

use crate::{
    administration::{Actor, Administration, RequestedChange, RequestedUser},
    shell::{
        error::AdminError,
        input::permissions::parse_permissions,
        input::typed_password::read_password,
        pages::all,
        table::{instant, listed, print_table, yes_or_no},
    },
    site::Site,
    users::{User, Username},
};

#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// Create a user, who can log in at once
    Create(CreateUser),
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
    /// Print a link with which a user can set a new password, once, within half an hour
    ResetLink {
        /// The name
        name: String,
    },
}

/// The user to be created.
#[derive(Debug, Args)]
pub(crate) struct CreateUser {
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

/// The user whose password is to be reset.
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
    pub(in crate::shell) async fn run(
        self,
        administration: &Administration,
        site: &Site,
    ) -> Result<(), AdminError> {
        match self {
            Self::Create(create) => create.run(administration).await,
            Self::List => {
                let users = all(async |part| administration.users(&part).await).await?;
                let head = ["USERNAME", "ROLES", "PERMISSIONS", "DISABLED", "CREATED"];
                Ok(print_table(head, users.iter().map(row), &mut io::stdout().lock())?)
            }
            Self::Disable { name } => set_disabled(administration, &name, true).await,
            Self::Enable { name } => set_disabled(administration, &name, false).await,
            Self::Delete { name } => {
                Ok(administration.delete_user(Actor::Shell, name.parse()?).await?)
            }
            Self::ResetPassword(reset) => reset.run(administration).await,
            Self::ResetLink { name } => {
                let link = administration.create_reset_link(Actor::Shell, name.parse()?).await?;
                Ok(print_link(&site.reset_link(link.0.expose()), link.1)?)
            }
        }
    }
}

impl CreateUser {
    async fn run(self, administration: &Administration) -> Result<(), AdminError> {
        let username: Username = self.name.parse()?;
        let permissions = parse_permissions(&self.permissions)?;
        let password = read_password(self.password_file.as_deref())?;
        let roles = if self.roles.is_empty() { vec!["user".to_owned()] } else { self.roles };
        let wish =
            RequestedUser { username: username.clone(), password, email: None, roles, permissions };
        administration.create_user(Actor::Shell, wish).await?;
        eprintln!("created user {username}");
        Ok(())
    }
}

impl ResetPassword {
    async fn run(self, administration: &Administration) -> Result<(), AdminError> {
        let username = self.name.parse()?;
        let password = Some(read_password(self.password_file.as_deref())?);
        let wish = RequestedChange { password, ..RequestedChange::default() };
        administration.update_user(Actor::Shell, username, wish).await?;
        Ok(())
    }
}

async fn set_disabled(
    administration: &Administration,
    name: &str,
    disabled: bool,
) -> Result<(), AdminError> {
    let wish = RequestedChange { disabled: Some(disabled), ..RequestedChange::default() };
    administration.update_user(Actor::Shell, name.parse()?, wish).await?;
    Ok(())
}

/// The link on standard output, and its end beside it: the link alone can be piped.
fn print_link(link: &str, until: DateTime<Utc>) -> io::Result<()> {
    writeln!(io::stdout().lock(), "{link}")?;
    eprintln!("the link works once, until {}; an earlier one is void", instant(until));
    Ok(())
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
