//! In which forms a log is given, and how it ends.

use serde::Serialize;

/// How lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogForm {
    /// As the container wrote them.
    Text,
    /// As the inside of a JSON string; bytes that are not UTF-8 become U+FFFD.
    JsonString,
    /// A JSON object a line.
    JsonLines,
    /// The same objects as server-sent events.
    Events,
}

impl LogForm {
    /// Whether there is a way to say in it that lines were lost, or why it ends.
    pub fn has_words(self) -> bool {
        matches!(self, Self::JsonLines | Self::Events)
    }
}

/// How far the writing has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// There is more to write.
    More,
    /// Nothing more until the log grows.
    CaughtUp,
    /// Nothing more: all has been written.
    Done(EndReason),
}

/// Why a log ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// All of it was given.
    Complete,
    /// The container was started anew, or its pod is gone.
    ContainerExit,
    /// The reader wanted no more.
    Limit,
    /// For too long it could not be told whether the reader may read on.
    Unavailable,
    /// The token came to its end.
    Expired,
    /// The token was revoked.
    Revoked,
    /// The permission was taken away.
    Forbidden,
    /// The gateway stops.
    Shutdown,
    /// The files can no longer be read.
    Source,
    /// Lines were lost, and the form has no way to say so.
    Gap,
}

impl EndReason {
    /// Whether it is the end of the token, or of what it permits.
    pub fn is_of_token(self) -> bool {
        matches!(self, Self::Expired | Self::Revoked | Self::Forbidden)
    }

    /// Whether the reader got what it asked for. If not, a body without words for it is cut off.
    pub fn is_clean(self) -> bool {
        matches!(self, Self::Complete | Self::ContainerExit | Self::Limit)
    }
}
