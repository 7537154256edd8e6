//! Why a body is cut off.

use std::io;

use crate::{end_reason::EndReason, scans::ScanError};

/// The body has to be cut off.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Cut {
    #[error("the log ended early: {0:?}")]
    Early(EndReason),
    #[error(transparent)]
    Read(#[from] ScanError),
    #[error(transparent)]
    Encode(#[from] io::Error),
}

impl Cut {
    /// Why the log ended.
    pub(crate) fn reason(&self) -> EndReason {
        match self {
            Self::Early(reason) => *reason,
            Self::Read(_) | Self::Encode(_) => EndReason::Source,
        }
    }
}
