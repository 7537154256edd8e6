//! The namespaces in which the caller may read a log.

mod list;
mod namespace_table;
mod visible;

pub(in crate::http) use list::{list, read};
