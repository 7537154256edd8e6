//! What happens is said on standard error, as text to a person and as JSON to a machine.
//!
//! Policy: the message is a constant and what varies is a field. Tokens, passwords, cookies and
//! whole header values are never logged, at any level.

use std::io::{IsTerminal, stderr};

use tracing::level_filters::LevelFilter;
use tracing_subscriber::{
    Layer, Registry, filter::Targets, fmt, layer::SubscriberExt, util::SubscriberInitExt,
};

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// A line for people.
    Text,
    /// A JSON object a line.
    Json,
}

/// How much is said, and how.
#[derive(Debug, Clone, Copy)]
pub struct TelemetrySettings {
    /// `None`: text on a terminal, JSON elsewhere.
    pub format: Option<LogFormat>,
    /// The least important level that is logged. Libraries never say more than `info`.
    pub level: LevelFilter,
}

/// Starts logging for the whole process. The first call counts.
pub fn start(settings: TelemetrySettings) {
    let terminal = stderr().is_terminal();
    let format =
        settings.format.unwrap_or(if terminal { LogFormat::Text } else { LogFormat::Json });
    let layer = match format {
        LogFormat::Text => fmt::layer().with_writer(stderr).with_ansi(terminal).boxed(),
        LogFormat::Json => fmt::layer().json().flatten_event(true).with_writer(stderr).boxed(),
    };
    let ours = ["service_runtime", "sso_service", "logs_gateway", "pod_logs"];
    let filter = Targets::new()
        .with_default(settings.level.min(LevelFilter::INFO))
        .with_targets(ours.map(|target| (target, settings.level)));
    // A second start is a test's; its process logs already.
    let _ = Registry::default().with(layer.with_filter(filter)).try_init();
}
