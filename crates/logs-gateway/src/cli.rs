//! The command line: serve, or one of the commands that every service has.

use clap::Parser;
use service_runtime::{
    service::{self, Failure, ServiceCommand},
    settings::process_environment,
};

use crate::{
    app::{self, App, StartError},
    config::Config,
    http,
    sources::OpenSourceError,
};

/// Serves pod logs to callers that the single sign-on authority authenticates.
///
/// Without a command it serves until SIGTERM or SIGINT. It is configured by variables under
/// GATEWAY_ in the environment.
#[derive(Debug, Parser)]
#[command(version)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<ServiceCommand>,
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
            Some(command) => {
                let check = || Ok(app::check(&config)?);
                let document = || http::api_document(&config.public_sso_url);
                command.run(&config.runtime, &config.warnings, check, document).await
            }
        }
    }
}

async fn serve(config: Config) -> Result<(), Failure> {
    let stop = service::start(&config.runtime, &config.warnings)?;
    App::bind(config)?.run(stop).await?;
    Ok(())
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        match error {
            StartError::Source(OpenSourceError::Logs(_) | OpenSourceError::Kubernetes(_))
            | StartError::AuditFile(_)
            | StartError::Path(_) => Self::configuration(error),
            StartError::Source(OpenSourceError::Io(_))
            | StartError::Bind(_)
            | StartError::Io(_) => Self::other(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }
}
