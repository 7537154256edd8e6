//! The present time. The services take theirs from `service_runtime::clock`; this crate depends
//! on no other of the workspace.

use chrono::{DateTime, FixedOffset, Local};

/// The present instant with the machine's offset from UTC, as a container runtime stamps lines.
#[expect(clippy::disallowed_methods, reason = "this is the one place that asks")]
pub fn now() -> DateTime<FixedOffset> {
    Local::now().fixed_offset()
}
