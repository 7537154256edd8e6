//! Pods, as objects and as rows of tables.

mod list;
mod pod_object;
mod pod_rendering;
mod pod_status;
mod pod_table;

pub(in crate::http) use list::{list, list_everywhere, read};
