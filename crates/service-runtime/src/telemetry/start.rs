//! How the log is started.

use std::io::{IsTerminal, stderr};

use tracing::level_filters::LevelFilter;
use tracing_subscriber::{
    Layer, Registry,
    filter::Targets,
    fmt::{self, format::JsonFields},
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

use super::{
    log_lines::WithRequest,
    settings::{LogFormat, TelemetrySettings},
};

/// Starts logging for the whole process. The first call counts.
pub fn start(settings: TelemetrySettings) {
    let terminal = stderr().is_terminal();
    let format =
        settings.format.unwrap_or(if terminal { LogFormat::Text } else { LogFormat::Json });
    let layer = match format {
        LogFormat::Text => {
            let inner = fmt::format().with_ansi(terminal);
            fmt::layer().event_format(WithRequest { inner, format }).with_writer(stderr).boxed()
        }
        LogFormat::Json => {
            let inner = fmt::format().json().flatten_event(true);
            fmt::layer()
                .fmt_fields(JsonFields::new())
                .event_format(WithRequest { inner, format })
                .with_writer(stderr)
                .boxed()
        }
    };
    let ours = ["service_runtime", "sso_service", "logs_gateway", "pod_logs"];
    let filter = Targets::new()
        .with_default(settings.level.min(LevelFilter::INFO))
        // It logs each body that is cut off as an error, without the request. Failed reads of logs
        // are logged where they happen.
        .with_target("actix_http::h1::dispatcher", LevelFilter::OFF)
        .with_targets(ours.map(|target| (target, settings.level)));
    // A second start is a test's; its process logs already.
    let _ = Registry::default().with(filter).with(layer).try_init();
}
