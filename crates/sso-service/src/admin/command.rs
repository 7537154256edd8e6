//! What can be asked for.

use std::sync::Arc;

use clap::Subcommand;

use super::{
    clock::ClockCommand, error::AdminError, key::KeyCommand, role::RoleCommand,
    session::SessionCommand, user::UserCommand,
};
use crate::{
    audit::AuditRecord,
    config::Config,
    store::{Database, InstanceLock, Location},
    timekeeping,
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
    /// Keys of programs
    #[command(subcommand)]
    Key(KeyCommand),
    /// The time that services go on from
    #[command(subcommand)]
    Clock(ClockCommand),
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
        let database = match self.creates_database() {
            true => Database::create_for_command(&config.database).await?,
            false => Database::open_for_command(&config.database).await?,
        };
        let (lock, done) = match self.lock(config) {
            Ok(lock) => (lock, self.run_on(&database, config).await),
            Err(error) => (None, Err(error)),
        };
        database.close().await;
        // Not before SQLite has closed the file: its own locks would end with this descriptor.
        drop(lock);
        done
    }

    /// What may not be done beside a running service holds its lock.
    fn lock(&self, config: &Config) -> Result<Option<InstanceLock>, AdminError> {
        match self {
            Self::Clock(_) => Ok(Some(InstanceLock::take(&config.database)?)),
            _ => Ok(None),
        }
    }

    /// Only a first user is a reason to create a database: any other command that finds none has
    /// been told the wrong path.
    fn creates_database(&self) -> bool {
        matches!(self, Self::User(UserCommand::Create(_)))
    }

    /// A command that cannot open the audit log changes nothing.
    async fn run_on(self, database: &Database, config: &Config) -> Result<(), AdminError> {
        let clock = Arc::new(timekeeping::clock_of(database).await?);
        let mut record = AuditRecord::open(config.audit_file.clone(), database.clone(), clock)?;
        match self {
            Self::User(command) => command.run(&mut record, config.password_rules).await,
            Self::Role(command) => command.run(&mut record).await,
            Self::Sessions(command) => command.run(&mut record).await,
            Self::Key(command) => command.run(&mut record).await,
            Self::Clock(command) => command.run(&mut record).await,
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
