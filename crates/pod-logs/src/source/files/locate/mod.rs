//! Finds the files that answer a query.

pub(crate) mod anchor;
pub(crate) mod containers;
pub(crate) mod finder;
pub(crate) mod locate_error;
pub(crate) mod log_selection;
pub(crate) mod new_containers;
pub(crate) mod new_pod_logs;
mod open_among_many;
mod pod_index;
pub(crate) mod selected_logs;
mod splice;
