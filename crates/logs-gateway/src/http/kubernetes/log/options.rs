//! The options of a log (`PodLogOptions`): decoded, then validated.

use std::sync::Arc;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use pod_logs::{
    BadPattern, GoQuoted, History, KubeletOptions, Level, LinePatterns, LineTime, OutputStream,
    PassOptions,
};
use url::form_urlencoded::Serializer;

use crate::http::kubernetes::{
    request::go_query::{GoQuery, parse_exact_time, parse_time},
    status::{Result, StatusCause, StatusError},
};

/// The requested options, decoded and not yet validated.
#[derive(Debug)]
pub(in crate::http::kubernetes) struct LogOptions {
    pub(in crate::http::kubernetes) container: Option<String>,
    pub(in crate::http::kubernetes) follow: bool,
    pub(in crate::http::kubernetes) previous: bool,
    pub(in crate::http::kubernetes) history: History,
    timestamps: bool,
    tail_lines: Option<i64>,
    limit_bytes: Option<i64>,
    since_seconds: Option<i64>,
    since_time: Option<DateTime<Utc>>,
    /// An option of ours, and exact to the nanosecond.
    until_time: Option<DateTime<Utc>>,
    stream: Option<String>,
    /// An option of ours: a wrong value is refused in our words.
    history_fault: Option<String>,
    /// Options of ours, of which all values count.
    grep: Vec<String>,
    exclude: Vec<String>,
    level: Option<String>,
}

/// Valid options.
#[derive(Debug)]
pub(in crate::http::kubernetes) struct ValidOptions {
    /// Those of the kubelet.
    pub(in crate::http::kubernetes) kubelet: KubeletOptions,
    /// What the text of a line must match, if that is asked for.
    pub(in crate::http::kubernetes) patterns: Option<Arc<LinePatterns>>,
    /// The least level of a line.
    pub(in crate::http::kubernetes) level: Option<Level>,
}

impl ValidOptions {
    /// Whether all of it is for the kubelet.
    pub(in crate::http::kubernetes) fn is_of_kubelet(&self) -> bool {
        !self.chooses_by_content() && self.kubelet.until.is_none()
    }

    /// Whether the content of a line decides whether it is wanted.
    pub(in crate::http::kubernetes) fn chooses_by_content(&self) -> bool {
        self.patterns.is_some() || self.level.is_some()
    }
}

impl LogOptions {
    /// Ignores unknown parameters.
    ///
    /// # Errors
    /// 400 when a value cannot be read.
    pub(in crate::http::kubernetes) fn decode(query: &str) -> Result<Self> {
        let query = GoQuery::parse(query);
        let integer = |name| query.integer(name).map_err(StatusError::bad_request);
        let (history, history_fault) = match query.get("history") {
            None | Some("current") => (History::Current, None),
            Some("rotated") => (History::Rotated, None),
            Some("all") => (History::All, None),
            Some(other) => (History::Current, Some(other.to_owned())),
        };
        Ok(Self {
            container: query.get("container").filter(|name| !name.is_empty()).map(str::to_owned),
            follow: query.flag("follow"),
            previous: query.flag("previous"),
            history,
            timestamps: query.flag("timestamps"),
            tail_lines: integer("tailLines")?,
            limit_bytes: integer("limitBytes")?,
            since_seconds: integer("sinceSeconds")?,
            since_time: query.get("sinceTime").map(since_time).transpose()?,
            until_time: query.get("untilTime").map(until_time).transpose()?.flatten(),
            stream: query.get("stream").map(str::to_owned),
            history_fault,
            grep: query.all("grep").to_vec(),
            exclude: query.all("exclude").to_vec(),
            level: query.get("level").map(str::to_owned),
        })
    }

    /// Checks that no more is asked for than the current file of a log.
    ///
    /// # Errors
    /// 422 if it is.
    pub(in crate::http::kubernetes) fn check_current_only(&self, pod: &str) -> Result<()> {
        let value = match self.history {
            History::Current => return Ok(()),
            History::Rotated => "rotated",
            History::All => "all",
        };
        let cause = unsupported("history", value, r#""current""#);
        Err(StatusError::invalid("PodLogOptions", pod, vec![cause]))
    }

    /// The same options for an API server.
    pub(in crate::http::kubernetes) fn passed(&self, valid: &KubeletOptions) -> PassOptions {
        let mut query = Serializer::new(String::new());
        for (name, is_set) in
            [("follow", self.follow), ("previous", self.previous), ("timestamps", self.timestamps)]
        {
            if is_set {
                query.append_pair(name, "true");
            }
        }
        for (name, number) in [("tailLines", self.tail_lines), ("sinceSeconds", self.since_seconds)]
        {
            if let Some(number) = number {
                query.append_pair(name, &number.to_string());
            }
        }
        let since = self.since_time.map(|since| since.to_rfc3339_opts(SecondsFormat::Secs, true));
        let texts =
            [("container", &self.container), ("sinceTime", &since), ("stream", &self.stream)];
        for (name, text) in texts {
            if let Some(text) = text {
                query.append_pair(name, text);
            }
        }
        PassOptions { query: query.finish(), follow: self.follow, limit_bytes: valid.limit_bytes }
    }

    /// Validates the options. Seconds count back from `now`.
    ///
    /// # Errors
    /// 422 with all refused values.
    pub(in crate::http::kubernetes) fn validate(
        &self,
        pod: &str,
        now: DateTime<Utc>,
    ) -> Result<ValidOptions> {
        let mut causes = Vec::new();
        if let Some(lines) = self.tail_lines.filter(|lines| *lines < 0) {
            causes.push(invalid("tailLines", lines, "must be greater than or equal to 0"));
        }
        if let Some(bytes) = self.limit_bytes.filter(|bytes| *bytes < 1) {
            causes.push(invalid("limitBytes", bytes, "must be greater than 0"));
        }
        match (self.since_seconds, self.since_time) {
            (Some(_), Some(_)) => causes.push(both_sinces()),
            (Some(seconds), None) if seconds < 1 => {
                causes.push(invalid("sinceSeconds", seconds, "must be greater than 0"));
            }
            _ => {}
        }
        let stream = self.stream().unwrap_or_else(|cause| {
            causes.push(cause);
            None
        });
        causes.extend(
            self.history_fault
                .as_ref()
                .map(|value| unsupported("history", value, r#""all", "current", "rotated""#)),
        );
        let patterns = self.patterns().unwrap_or_else(|cause| {
            causes.push(cause);
            None
        });
        let level = self.level.as_deref().map(level).transpose().unwrap_or_else(|cause| {
            causes.push(cause);
            None
        });
        if !causes.is_empty() {
            return Err(StatusError::invalid("PodLogOptions", pod, causes));
        }
        // Checked above: they are not negative.
        let unsigned = |number: Option<i64>| number.map(i64::unsigned_abs);
        let ago = self.since_seconds.and_then(TimeDelta::try_seconds);
        let since = ago.and_then(|ago| now.checked_sub_signed(ago));
        let kubelet = KubeletOptions {
            tail_lines: unsigned(self.tail_lines),
            since: self.since_time.or(since),
            until: self.until_time,
            limit_bytes: unsigned(self.limit_bytes),
            timestamps: self.timestamps,
            stream,
            follow: self.follow,
        };
        Ok(ValidOptions { kubelet, patterns, level })
    }

    fn patterns(&self) -> std::result::Result<Option<Arc<LinePatterns>>, StatusCause> {
        let is_asked = !self.grep.is_empty() || !self.exclude.is_empty();
        let patterns = is_asked.then(|| LinePatterns::new(&self.grep, &self.exclude)).transpose();
        let patterns = patterns.map_err(|BadPattern { excludes, error }| StatusCause {
            reason: "FieldValueInvalid",
            message: format!("Invalid value: {error}"),
            field: if excludes { "exclude" } else { "grep" },
        })?;
        Ok(patterns.map(Arc::new))
    }

    fn stream(&self) -> std::result::Result<Option<OutputStream>, StatusCause> {
        match self.stream.as_deref() {
            None | Some("All") => Ok(None),
            Some("Stdout") => Ok(Some(OutputStream::Stdout)),
            Some("Stderr") => Ok(Some(OutputStream::Stderr)),
            Some(other) => Err(unsupported("stream", other, r#""All", "Stderr", "Stdout""#)),
        }
    }
}

/// The empty text is a time as well: Go's zero time.
fn since_time(text: &str) -> Result<DateTime<Utc>> {
    match text {
        "" | "null" => Ok(LineTime::GO_ZERO.instant()),
        text => parse_time(text).map_err(StatusError::bad_request),
    }
}

/// The empty text means no bound.
fn until_time(text: &str) -> Result<Option<DateTime<Utc>>> {
    match text {
        "" | "null" => Ok(None),
        text => parse_exact_time(text).map(Some).map_err(StatusError::bad_request),
    }
}

fn level(name: &str) -> std::result::Result<Level, StatusCause> {
    let known = r#""debug", "error", "fatal", "info", "trace", "warn""#;
    name.parse().map_err(|_| unsupported("level", name, known))
}

fn invalid(field: &'static str, value: i64, rule: &str) -> StatusCause {
    let message = format!("Invalid value: {value}: {rule}");
    StatusCause { reason: "FieldValueInvalid", message, field }
}

fn unsupported(field: &'static str, value: &str, supported: &str) -> StatusCause {
    let value = GoQuoted(value.as_bytes());
    let message = format!("Unsupported value: {value}: supported values: {supported}");
    StatusCause { reason: "FieldValueNotSupported", message, field }
}

fn both_sinces() -> StatusCause {
    let message = "Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified";
    StatusCause { reason: "FieldValueForbidden", message: message.to_owned(), field: "[]" }
}
