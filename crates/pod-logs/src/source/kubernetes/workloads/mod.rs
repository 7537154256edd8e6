//! Objects that select pods, so that clients can ask for the logs of `deployment/web`.

pub(crate) mod selection;
pub(crate) mod workload;
pub(crate) mod workload_kind;
