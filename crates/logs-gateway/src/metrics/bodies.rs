//! Log bodies by format, and how follows end.

use std::sync::Arc;

use pod_logs::LogForm;
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge},
};
use service_runtime::metrics::Metrics;
use strum::{EnumCount, IntoStaticStr, VariantArray};

use super::{body_meter::BodyMeter, follow_lag::FollowLag};

/// How a body is written. Its name in metrics is the variant in snake case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumCount, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub(crate) enum BodyFormat {
    /// Lines as they were written.
    Text,
    /// One JSON object.
    Json,
    /// A JSON object a line.
    Ndjson,
    /// Server-sent events.
    Events,
    /// What the Kubernetes API gives.
    Kubernetes,
}

impl From<LogForm> for BodyFormat {
    fn from(form: LogForm) -> Self {
        match form {
            LogForm::Text => Self::Text,
            LogForm::JsonString => Self::Json,
            LogForm::JsonLines => Self::Ndjson,
            LogForm::Events => Self::Events,
        }
    }
}

/// Counters of all bodies. Clones count together.
#[derive(Debug, Clone)]
pub(crate) struct BodyMetrics(Arc<BodyCounters>);

#[derive(Debug)]
pub(super) struct BodyCounters {
    /// In the order of the variants of [`BodyFormat`].
    formats: [FormatCounters; BodyFormat::COUNT],
    pub(super) masked: Counter,
    pub(super) gaps: Counter,
    ended_follows: Family<EndLabel, Counter>,
    pub(super) lag: FollowLag,
}

/// Counters of the bodies of one format.
#[derive(Debug, Clone)]
pub(super) struct FormatCounters {
    pub(super) open: Gauge,
    pub(super) bytes: Counter,
    pub(super) lines: Counter,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct FormatLabel {
    format: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct EndLabel {
    end: &'static str,
}

impl BodyMetrics {
    pub(crate) fn new(metrics: &Metrics) -> Self {
        let counter = |name, help| metrics.register(name, help, Counter::default());
        Self(Arc::new(BodyCounters {
            formats: formats(metrics),
            masked: counter("logs_masked_tokens", "Tokens that were masked in log bodies"),
            gaps: counter("logs_gaps", "Gaps in log bodies: lines that could not be given"),
            ended_follows: metrics.register(
                "logs_follows_ended",
                "Followed logs whose bodies ended, by the reason",
                Family::default(),
            ),
            lag: FollowLag::new(metrics),
        }))
    }

    /// Counts a body until what is returned is dropped.
    pub(crate) fn open(&self, format: BodyFormat, follows: bool) -> BodyMeter {
        BodyMeter::new(self.0.clone(), format, follows)
    }
}

impl BodyCounters {
    pub(super) fn of(&self, format: BodyFormat) -> &FormatCounters {
        &self.formats[format as usize]
    }

    pub(super) fn count_ended_follow(&self, end: &'static str) {
        self.ended_follows.get_or_create(&EndLabel { end }).inc();
    }
}

fn formats(metrics: &Metrics) -> [FormatCounters; BodyFormat::COUNT] {
    let open: Family<FormatLabel, Gauge> =
        metrics.register("logs_streams_open", "Open log bodies", Family::default());
    let bytes: Family<FormatLabel, Counter> = metrics.register(
        "logs_bytes",
        "Bytes of logs that were given, before escaping and compression",
        Family::default(),
    );
    let lines: Family<FormatLabel, Counter> =
        metrics.register("logs_lines", "Lines of logs that were given", Family::default());
    std::array::from_fn(|format| {
        let label = FormatLabel { format: BodyFormat::VARIANTS[format].into() };
        FormatCounters {
            open: open.get_or_create_owned(&label),
            bytes: bytes.get_or_create_owned(&label),
            lines: lines.get_or_create_owned(&label),
        }
    })
}

#[cfg(test)]
mod tests {
    use pod_logs::ReadCounts;

    use super::*;
    use crate::{audit::ReadEnd, end_reason::EndReason};

    #[test]
    fn bodies_are_counted_by_format_and_follows_by_their_end() {
        let metrics = Metrics::default();
        let bodies = BodyMetrics::new(&metrics);
        let mut text = bodies.open(BodyFormat::Text, false);
        let mut events = bodies.open(BodyFormat::Events, true);
        let _kubelet = bodies.open(BodyFormat::Kubernetes, true);
        let counts = |bytes, lines| ReadCounts { bytes, lines, masked: 1, gaps: 1 };
        text.note(counts(10, 1), false);
        text.note(counts(30, 2), false);
        events.note(counts(5, 1), true);
        text.end(ReadEnd::Client);
        events.end(ReadEnd::Reason(EndReason::ContainerExit));
        drop((text, events));
        let text = metrics.render();
        for expected in [
            r#"logs_streams_open{format="text"} 0"#,
            r#"logs_streams_open{format="kubernetes"} 1"#,
            r#"logs_bytes_total{format="text"} 30"#,
            r#"logs_bytes_total{format="events"} 5"#,
            r#"logs_lines_total{format="text"} 2"#,
            r#"logs_lines_total{format="json"} 0"#,
            "logs_masked_tokens_total 2",
            "logs_gaps_total 2",
            r#"logs_follows_ended_total{end="container_exit"} 1"#,
        ] {
            assert!(text.contains(expected), "{expected} in {text}");
        }
        assert!(!text.contains("client"), "{text}");
    }
}
