//! The command line: serve, one of the commands that every service has, administration, or a move.

use clap::{Parser, Subcommand};
use service_runtime::{
    service::{self, Failure, ServiceCommand},
    settings::process_environment,
};

use crate::{
    app::{App, StartError},
    config::Config,
    http,
    shell::{AdminCommand, AdminError, MigrateCommand, MigrateError},
};

/// The single sign-on authority. Without a command it serves until SIGTERM or SIGINT. It is
/// configured by variables under SSO_ in the environment.
#[derive(Debug, Parser)]
#[command(version)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    #[command(flatten)]
    Service(ServiceCommand),
    /// Change the database, also while the service runs on it
    #[command(subcommand)]
    Admin(AdminCommand),
    /// Move everything from SQLite to PostgreSQL
    Migrate(MigrateCommand),
}

impl Cli {
    /// Runs the command.
    ///
    /// # Errors
    /// When the configuration is wrong or the command fails.
    pub async fn run(self) -> Result<(), Failure> {
        let config = Config::read(process_environment())?;
        match self.command {
            None => serve(config).await,
            Some(Command::Service(command)) => {
                let check = || Ok(config.check_paths()?);
                let document = http::api_document;
                command.run(&config.runtime, &config.warnings, check, document).await
            }
            Some(Command::Admin(command)) => Ok(command.run(&config).await?),
            Some(Command::Migrate(command)) => Ok(command.run().await?),
        }
    }
}

async fn serve(config: Config) -> Result<(), Failure> {
    let stop = service::start(&config.runtime, &config.warnings)?;
    App::bind(config).await?.run(stop).await?;
    Ok(())
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        match error.is_about_configuration() {
            true => Self::configuration(error),
            false => Self::other(error),
        }
    }
}

impl From<AdminError> for Failure {
    fn from(error: AdminError) -> Self {
        match error.is_about_configuration() {
            true => Self::configuration(error),
            false => Self::other(error),
        }
    }
}

impl From<MigrateError> for Failure {
    fn from(error: MigrateError) -> Self {
        match error.is_about_configuration() {
            true => Self::configuration(error),
            false => Self::other(error),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use clap::CommandFactory;

    use super::*;

    /// The command that `sso-service admin …` stands for.
    pub(crate) fn parse_admin(arguments: &[&str]) -> AdminCommand {
        let arguments = ["sso-service"].iter().chain(arguments);
        match Cli::try_parse_from(arguments).unwrap().command {
            Some(Command::Admin(command)) => command,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }
}
