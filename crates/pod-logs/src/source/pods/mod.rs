//! The pods that a source knows, and their changes, whether the source looks for them or is told.

pub(crate) mod inventory;
pub(crate) mod pod_change;
pub(crate) mod pod_object;
pub(crate) mod pod_summary;
pub(crate) mod pod_watch;
pub(crate) mod seen_pod;
pub(crate) mod versions;
