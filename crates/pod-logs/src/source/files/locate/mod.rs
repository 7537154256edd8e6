//! Finds the files that answer a query.

pub(crate) mod anchor;
pub(crate) mod finder;
pub(crate) mod locate_error;
pub(crate) mod new_containers;
mod splice;
