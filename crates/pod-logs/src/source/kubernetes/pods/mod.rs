//! The pods of a cluster, as the API server tells of them.

pub(crate) mod cluster_pods;
pub(crate) mod reduced_pod;
pub(crate) mod watch_events;
