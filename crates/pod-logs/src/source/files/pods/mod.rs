//! The pods of a node as their files show them, and their changes.

pub(crate) mod inventory;
pub(crate) mod pod_change;
pub(crate) mod pod_inventory;
pub(crate) mod pod_summary;
pub(crate) mod pod_watch;
pub(crate) mod seen_pod;
mod versions;
