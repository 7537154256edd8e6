//! The commands that every service has.

use std::io::{self, Write};

use clap::Subcommand;
use utoipa::openapi::OpenApi;

use super::{failure::Failure, healthcheck, settings::RuntimeSettings};
use crate::{http::openapi::to_json, settings::Warnings};

/// A command that every service has. It ends without serving.
#[derive(Debug, Clone, Copy, Subcommand)]
pub enum ServiceCommand {
    /// Ask the running service whether it is ready; exit 0 if it is
    Healthcheck,
    /// Check the configuration in the environment, and do nothing else; exit 64 if it is wrong
    CheckConfig,
    /// Print the OpenAPI document of the service
    Openapi,
}

impl ServiceCommand {
    /// Runs it for a service with a configuration that could be read. `check` looks further than
    /// at the environment; `document` is the OpenAPI document.
    ///
    /// # Errors
    /// When the service is not ready, `check` finds a fault, or the document cannot be written.
    pub async fn run(
        self,
        settings: &RuntimeSettings,
        warnings: &Warnings,
        check: impl FnOnce() -> Result<(), Failure>,
        document: impl FnOnce() -> OpenApi,
    ) -> Result<(), Failure> {
        match self {
            Self::Healthcheck => healthcheck::check(settings.ops_listen.address).await?,
            Self::CheckConfig => {
                eprint!("{warnings}");
                check()?;
                eprintln!("the configuration is valid");
            }
            Self::Openapi => {
                let json = to_json(&document()).map_err(Failure::other)?;
                io::stdout().write_all(json.as_bytes()).map_err(Failure::other)?;
            }
        }
        Ok(())
    }
}
