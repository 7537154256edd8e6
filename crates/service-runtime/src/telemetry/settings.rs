//! What can be configured about the log.

use tracing::level_filters::LevelFilter;

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// Text, for a person.
    Text,
    /// A JSON object in each line.
    Json,
}

/// How much is logged, and how.
#[derive(Debug, Clone, Copy)]
pub struct TelemetrySettings {
    /// `None`: text on a terminal, JSON elsewhere.
    pub format: Option<LogFormat>,
    /// The least important level that is logged. Of libraries nothing below `info` is logged.
    pub level: LevelFilter,
}
