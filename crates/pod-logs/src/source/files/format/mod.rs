//! How container runtimes write a line: CRI, and Docker's JSON.

mod cri;
mod docker;
pub(crate) mod entry;
pub(crate) mod line_format;
pub(crate) mod strip;
