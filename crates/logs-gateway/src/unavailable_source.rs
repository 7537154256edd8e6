//! What cannot be read right now, as clients are told.

use pod_logs::LocateError;

/// What of the source cannot be read right now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UnavailableSource {
    LogDirectory,
    ApiServer,
    /// The gateway of a node.
    Node,
}

impl UnavailableSource {
    /// What cannot be read if a log cannot be located for this reason.
    pub(crate) fn of(error: &LocateError) -> Self {
        match error {
            LocateError::ServerUnavailable(_) => Self::ApiServer,
            LocateError::NodeUnavailable(_) => Self::Node,
            _ => Self::LogDirectory,
        }
    }

    /// What is wrong, as a text for people.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::LogDirectory => "the log directory cannot be read right now; try again",
            Self::ApiServer => "the API server of the cluster cannot be asked right now; try again",
            Self::Node => "the node of the pod cannot be asked right now; try again",
        }
    }
}
