//! Why a body of a log or a watch ends, as its client is told.

use pod_logs::LogEnd;
use serde::Serialize;
use strum::{EnumString, IntoStaticStr};

/// Why a body ends. Its name on the wire is the variant in snake case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, EnumString, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub(crate) enum EndReason {
    /// All of the log was given.
    Complete,
    /// The container was started again, or its pod is gone.
    ContainerExit,
    /// The client asked for no more than this.
    Limit,
    /// The authority did not answer for too long.
    Unavailable,
    /// The token expired.
    Expired,
    /// The token was revoked.
    Revoked,
    /// The permission was withdrawn.
    Forbidden,
    /// The gateway stops.
    Shutdown,
    /// The log cannot be read any more.
    Source,
    /// Lines were lost, and the form cannot express that.
    Gap,
}

impl From<LogEnd> for EndReason {
    fn from(end: LogEnd) -> Self {
        match end {
            LogEnd::Complete => Self::Complete,
            LogEnd::ContainerExit => Self::ContainerExit,
            LogEnd::Limit => Self::Limit,
            LogEnd::Source => Self::Source,
            LogEnd::Gap => Self::Gap,
        }
    }
}

impl EndReason {
    /// Its name on the wire.
    pub(crate) fn name(self) -> &'static str {
        self.into()
    }

    /// Whether the client got what it asked for. If not, a body whose form cannot express the reason
    /// is cut off.
    pub(crate) fn is_clean(self) -> bool {
        matches!(self, Self::Complete | Self::ContainerExit | Self::Limit)
    }

    /// Whether the token ended, or what it permits.
    pub(crate) fn is_of_token(self) -> bool {
        matches!(self, Self::Expired | Self::Revoked | Self::Forbidden)
    }
}
