//! The log: lines on standard error, as text for a person and as JSON for a machine.
//!
//! Policy: the message is a constant, and data is in fields. Tokens, passwords, cookies and whole
//! header values are never logged, at any level. A line about a request comes from within its
//! [`RequestSpan`], a line about a task in the background from within a span of `tracing`.

mod log_lines;
mod request_span;
mod settings;
mod start;

pub(crate) use request_span::RequestLabels;
pub use request_span::RequestSpan;
pub use settings::{LogFormat, TelemetrySettings};
pub use start::start;
