//! The commands that every service has.

use clap::Subcommand;

use super::{failure::Failure, healthcheck, settings::RuntimeSettings};
use crate::settings::Warnings;

/// A command that every service has. It ends without serving.
#[derive(Debug, Clone, Copy, Subcommand)]
pub enum ServiceCommand {
    /// Ask the running service whether it is ready; exit 0 if it is
    Healthcheck,
    /// Check the configuration in the environment, and do nothing else; exit 64 if it is wrong
    CheckConfig,
}

impl ServiceCommand {
    /// Runs it for a service with a configuration that could be read. `check` looks further than
    /// at the environment.
    ///
    /// # Errors
    /// When the service is not ready, or `check` finds a fault.
    pub async fn run(
        self,
        settings: &RuntimeSettings,
        warnings: &Warnings,
        check: impl FnOnce() -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        match self {
            Self::Healthcheck => healthcheck::check(settings.ops_listen.address).await?,
            Self::CheckConfig => {
                eprint!("{warnings}");
                check()?;
                eprintln!("the configuration is valid");
            }
        }
        Ok(())
    }
}
