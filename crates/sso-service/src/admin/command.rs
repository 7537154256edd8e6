//! What can be asked for.

use clap::Subcommand;

use super::{error::AdminError, role::RoleCommand, session::SessionCommand, user::UserCommand};
use crate::{
    config::Config,
    database::{Database, Location, Nobody},
};

#[derive(Debug, Subcommand)]
pub(crate) enum AdminCommand {
    /// Users
    #[command(subcommand)]
    User(UserCommand),
    /// Roles
    #[command(subcommand)]
    Role(RoleCommand),
    /// Sessions
    #[command(subcommand)]
    Sessions(SessionCommand),
}

impl AdminCommand {
    /// Does it.
    ///
    /// # Errors
    /// When it cannot be done. Nothing has changed then.
    pub(crate) async fn run(self, config: &Config) -> Result<(), AdminError> {
        if config.database == Location::Memory {
            return Err(AdminError::InMemory);
        }
        let database = Database::open(&config.database, Nobody).await?;
        let done = self.run_on(database.clone(), config).await;
        database.close().await;
        done
    }

    async fn run_on(self, database: Database, config: &Config) -> Result<(), AdminError> {
        match self {
            Self::User(command) => command.run(database, config.password_rules).await,
            Self::Role(command) => command.run(database).await,
            Self::Sessions(command) => command.run(database).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::tests::parse_admin;

    #[tokio::test]
    async fn a_database_in_memory_is_not_administered() {
        let memory = ("SSO_DATABASE_URL".to_owned(), "sqlite::memory:".to_owned());
        let config = Config::read([memory]).unwrap();
        let error = parse_admin(&["admin", "user", "list"]).run(&config).await.unwrap_err();
        assert!(matches!(error, AdminError::InMemory), "{error}");
    }
}
