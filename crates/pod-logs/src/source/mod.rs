//! Where lines come from.
//!
//! [`line_source`] is the seam: merging, filtering, rendering and cursors know only that. A new
//! kind of source is a variant of the enums there and in [`log_input`]. Which [`pods`] there are is
//! remembered in one way for all sources.

pub(crate) mod files;
pub(crate) mod known_logs;
pub(crate) mod kubernetes;
pub(crate) mod line_source;
pub(crate) mod log_input;
pub(crate) mod pods;
