//! What sources of logs can do.

/// What a source of logs can do.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SourceOffers {
    /// Rotated files and earlier runs can be read.
    pub(crate) history: bool,
    /// Lines of one stream can be chosen.
    pub(crate) stream: bool,
    /// Pods have labels.
    pub(crate) labels: bool,
    /// Lines before a cursor can be read without reading the whole log.
    pub(crate) before: bool,
}

impl SourceOffers {
    pub(super) const FILES: Self =
        Self { history: true, stream: true, labels: false, before: true };
    pub(super) const KUBERNETES: Self =
        Self { history: false, stream: false, labels: true, before: false };
}
