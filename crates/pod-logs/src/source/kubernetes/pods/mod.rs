//! The pods of a cluster, as the API server tells of them.

pub(crate) mod cluster_pods;
mod following;
mod pod_list;
mod pod_scope;
pub(crate) mod reduced_pod;
pub(crate) mod user_pods;
pub(crate) mod watch_events;
