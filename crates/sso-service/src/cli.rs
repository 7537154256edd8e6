//! The command line: what the binary can be asked to do.

use std::{io, process::ExitCode};

use clap::{Parser, Subcommand};
use service_runtime::{
    healthcheck::{self, Unhealthy},
    lifecycle,
    settings::{Faults, process_environment},
    telemetry,
};

use crate::{
    admin::{AdminCommand, AdminError},
    app::{App, StartError},
    config::{Config, PathFault},
};

/// `EX_USAGE` of sysexits.h.
const CONFIGURATION_FAULT: u8 = 64;

/// The single sign-on authority. Without a command it serves; the environment configures it.
#[derive(Debug, Parser)]
#[command(version)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Ask the running service whether it is ready
    Healthcheck,
    /// Read the configuration, tell what is wrong with it, and do nothing else
    CheckConfig,
    /// Change the database, also while the service runs on it
    #[command(subcommand)]
    Admin(AdminCommand),
}

impl Cli {
    /// Does what was asked.
    ///
    /// # Errors
    /// With what is to be said on standard error.
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let config = Config::read(process_environment())?;
        match self.command {
            None => serve(config).await,
            Some(Command::Healthcheck) => Ok(healthcheck::check(config.ops_listen).await?),
            Some(Command::CheckConfig) => {
                eprint!("{}", config.warnings);
                config.check_paths()?;
                eprintln!("the configuration is good");
                Ok(())
            }
            Some(Command::Admin(command)) => Ok(command.run(&config).await?),
        }
    }
}

async fn serve(config: Config) -> Result<(), Failure> {
    telemetry::start(config.telemetry);
    config.warnings.log();
    if !config.without_effect.is_empty() {
        let variables = config.without_effect.join(", ");
        tracing::warn!(variables, "these variables have no effect in this version");
    }
    let stop = lifecycle::termination()?;
    App::bind(config).await?.run(stop).await?;
    Ok(())
}

/// Why the binary ends with something else than 0.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The environment is wrong.
    #[error(transparent)]
    Configuration(#[from] Faults),
    /// A file cannot be written where it should be.
    #[error(transparent)]
    Path(#[from] PathFault),
    /// The service did not start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The service broke down.
    #[error("cannot serve: {0}")]
    Serve(#[from] io::Error),
    /// The service is not healthy.
    #[error(transparent)]
    Unhealthy(#[from] Unhealthy),
    /// The database was not changed.
    #[error(transparent)]
    Admin(#[from] AdminError),
}

impl Failure {
    /// 64 when another configuration would help, else 1.
    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Configuration(_) | Self::Path(_) => ExitCode::from(CONFIGURATION_FAULT),
            Self::Start(error) if error.is_about_configuration() => {
                ExitCode::from(CONFIGURATION_FAULT)
            }
            Self::Admin(error) if error.is_about_configuration() => {
                ExitCode::from(CONFIGURATION_FAULT)
            }
            _ => ExitCode::FAILURE,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use clap::CommandFactory;

    use super::*;

    /// What `sso-service admin …` asks for.
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
