//! Why a command fails, and the exit code that follows.

use std::{error::Error, io, process::ExitCode};

use super::{healthcheck::Unhealthy, listeners::BindError};
use crate::settings::{Faults, PathFault};

/// `EX_USAGE` of sysexits.h.
const CONFIGURATION_FAULT: u8 = 64;

/// Why a command fails.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The configuration has to be changed. Exit code 64.
    #[error(transparent)]
    Configuration(Box<dyn Error + Send + Sync>),
    /// Anything else. Exit code 1.
    #[error(transparent)]
    Other(Box<dyn Error + Send + Sync>),
}

impl Failure {
    /// A failure that another configuration would prevent.
    #[must_use]
    pub fn configuration(error: impl Error + Send + Sync + 'static) -> Self {
        Self::Configuration(Box::new(error))
    }

    /// A failure that has nothing to do with the configuration.
    #[must_use]
    pub fn other(error: impl Error + Send + Sync + 'static) -> Self {
        Self::Other(Box::new(error))
    }

    /// The exit code of a process: 0 when its command succeeded, otherwise by the kind of failure,
    /// which is written to standard error.
    #[must_use]
    pub fn exit_code(result: Result<(), Self>) -> ExitCode {
        let Err(failure) = result else {
            return ExitCode::SUCCESS;
        };
        eprintln!("{failure}");
        match failure {
            Self::Configuration(_) => ExitCode::from(CONFIGURATION_FAULT),
            Self::Other(_) => ExitCode::FAILURE,
        }
    }
}

impl From<Faults> for Failure {
    fn from(faults: Faults) -> Self {
        Self::configuration(faults)
    }
}

impl From<PathFault> for Failure {
    fn from(fault: PathFault) -> Self {
        Self::configuration(fault)
    }
}

impl From<BindError> for Failure {
    fn from(error: BindError) -> Self {
        Self::other(error)
    }
}

impl From<Unhealthy> for Failure {
    fn from(error: Unhealthy) -> Self {
        Self::other(error)
    }
}

/// The service cannot serve any longer.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Other(format!("cannot serve: {error}").into())
    }
}
