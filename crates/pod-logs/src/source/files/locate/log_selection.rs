//! Which logs of many pods are asked for.

use std::fmt;

use crate::{
    line::target::ContainerName,
    source::known_logs::{LabelPredicate, PodPredicate},
};

/// Which logs of many pods are asked for. Of each pod that is chosen and may be read these are the
/// logs of its containers that have one.
#[derive(Clone)]
pub struct LogSelection {
    /// Whether a pod is asked for.
    pub includes: PodPredicate,
    /// Whether the logs of a pod may be read.
    pub may_read: PodPredicate,
    /// Only pods with labels that this accepts. Of a source that knows labels.
    pub labels: Option<LabelPredicate>,
    /// Only containers of this name.
    pub container: Option<ContainerName>,
    /// How many logs may be read at once.
    pub max_logs: usize,
    /// A checksum of what is asked for, which a cursor carries:
    /// [`MergedCursor::selection_checksum`](crate::MergedCursor::selection_checksum).
    pub checksum: u32,
}

impl LogSelection {
    /// Whether logs of containers of this name are asked for.
    pub(crate) fn includes_container(&self, name: &ContainerName) -> bool {
        self.container.as_ref().is_none_or(|container| container == name)
    }
}

impl fmt::Debug for LogSelection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { includes: _, may_read: _, labels: _, container, max_logs, checksum } = self;
        f.debug_struct("LogSelection")
            .field("container", container)
            .field("max_logs", max_logs)
            .field("checksum", checksum)
            .finish_non_exhaustive()
    }
}
