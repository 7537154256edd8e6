//! What can be asked for.

use clap::Subcommand;

use service_runtime::clock::{Clock, SystemClock};

use super::{
    clock::ClockCommand, error::AdminError, key::KeyCommand, role::RoleCommand,
    session::SessionCommand, user::UserCommand,
};
use crate::{
    audit::{AuditRecord, Event},
    config::Config,
    database::{Database, InstanceLock, Location},
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
            Ok(lock) => (lock, self.run_and_record(&database, config).await),
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

    /// Whoever cannot write the audit log does nothing that belongs there.
    async fn run_and_record(self, database: &Database, config: &Config) -> Result<(), AdminError> {
        let Some(event) = self.event() else {
            return self.run_on(database.clone(), config).await;
        };
        let mut record = AuditRecord::open(config.audit_file.clone(), database.clone())?;
        self.run_on(database.clone(), config).await?;
        Ok(record.write(event).await?)
    }

    fn event(&self) -> Option<Event> {
        let event = Event::from_shell(SystemClock::default().now());
        match self {
            Self::User(command) => command.event(event),
            Self::Role(command) => command.event(event),
            Self::Sessions(command) => command.event(event),
            Self::Key(command) => command.event(event),
            Self::Clock(command) => command.event(event),
        }
    }

    async fn run_on(self, database: Database, config: &Config) -> Result<(), AdminError> {
        let clock = timekeeping::clock_of(&database).await?;
        match self {
            Self::User(command) => command.run(database, &clock, config.password_rules).await,
            Self::Role(command) => command.run(database).await,
            Self::Sessions(command) => command.run(database, &clock).await,
            Self::Key(command) => command.run(database, &clock).await,
            Self::Clock(command) => command.run(&database).await,
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
