//! Runs a command on the database of the service.

use std::sync::Arc;

use clap::Subcommand;

use super::{
    audit_file::CommandAuditFile,
    commands::{
        client::ClientCommand, clock::ClockCommand, key::KeyCommand, role::RoleCommand,
        session::SessionCommand, signing_keys::SigningKeysCommand, user::UserCommand,
    },
    error::AdminError,
};
use crate::{
    administration::Administration,
    config::Config,
    services::CommandServices,
    site::{Origin, Site},
    store::{InstanceLock, Location, Store},
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
    /// Clients of OpenID Connect
    #[command(subcommand)]
    Client(ClientCommand),
    /// Keys that sign JWTs
    #[command(subcommand)]
    SigningKeys(SigningKeysCommand),
    /// The instant from which services continue
    #[command(subcommand)]
    Clock(ClockCommand),
}

impl AdminCommand {
    /// Carries the command out.
    ///
    /// # Errors
    /// When it cannot be done. Nothing has changed then, unless the error says so.
    pub(crate) async fn run(self, config: &Config) -> Result<(), AdminError> {
        if config.database == Location::Memory {
            return Err(AdminError::InMemory);
        }
        let store = match self.creates_database() {
            true => Store::create_for_command(&config.database).await?,
            false => Store::open_for_command(&config.database).await?,
        };
        let (lock, done) = match self.lock(config) {
            Ok(lock) => (lock, self.run_on(&store, config).await),
            Err(error) => (None, Err(error)),
        };
        store.close().await;
        // Not before SQLite has closed the file: its own locks would end with this descriptor.
        drop(lock);
        done
    }

    /// A command that must not run beside a service holds its lock.
    fn lock(&self, config: &Config) -> Result<Option<InstanceLock>, AdminError> {
        match self {
            Self::Clock(_) => Ok(Some(InstanceLock::take(&config.database)?)),
            _ => Ok(None),
        }
    }

    /// Only a first user is a reason to create a database: any other command that finds none was
    /// given the wrong path.
    fn creates_database(&self) -> bool {
        matches!(self, Self::User(UserCommand::Create(_)))
    }

    /// A command that cannot open the audit log changes nothing.
    async fn run_on(self, store: &Store, config: &Config) -> Result<(), AdminError> {
        let clock = Arc::new(timekeeping::clock_of(store).await?);
        let file = CommandAuditFile::open(config.audit_file.clone())?;
        let record = Box::new(file.clone());
        let services =
            CommandServices::assemble(store.clone(), clock, record, config.password_rules)
                .map_err(AdminError::Thread)?;
        let site = site_of(config);
        let done = self.run_by(&services.administration, &site).await;
        services.finish();
        done?;
        Ok(file.finish()?)
    }

    async fn run_by(self, administration: &Administration, site: &Site) -> Result<(), AdminError> {
        match self {
            Self::User(command) => command.run(administration, site).await,
            Self::Role(command) => command.run(administration).await,
            Self::Sessions(command) => command.run(administration).await,
            Self::Key(command) => command.run(administration).await,
            Self::Client(command) => command.run(administration).await,
            Self::SigningKeys(command) => command.run(administration).await,
            Self::Clock(command) => command.run(administration).await,
        }
    }
}

/// The site of the service that runs with this configuration.
fn site_of(config: &Config) -> Site {
    let scheme = if config.runtime.tls.is_some() { "https" } else { "http" };
    config.site.clone().at(Origin::of_listener(scheme, config.runtime.listen.address))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::tests::parse_admin;

    #[tokio::test]
    async fn administration_refuses_an_in_memory_database() {
        let memory = ("SSO_DATABASE_URL".to_owned(), "sqlite::memory:".to_owned());
        let config = Config::read([memory]).unwrap();
        let error = parse_admin(&["admin", "user", "list"]).run(&config).await.unwrap_err();
        assert!(matches!(error, AdminError::InMemory), "{error}");
    }
}
