//! The one place of the chores that asks for the time.
//!
//! The services ask `service_runtime::clock`; the chores cannot, for they must build without it.

use chrono::{DateTime, FixedOffset, Local};

/// The present instant with the machine's offset from UTC, as a container runtime stamps lines.
#[expect(clippy::disallowed_methods, reason = "this is the one place that asks")]
pub(crate) fn now() -> DateTime<FixedOffset> {
    Local::now().fixed_offset()
}
