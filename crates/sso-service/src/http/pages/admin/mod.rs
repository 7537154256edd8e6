//! `/admin`: the page for administrators. It calls the same use cases as `/admin/…` and the shell.

#[cfg(test)]
mod admin_tests;
mod change;
mod content;
mod faults;
mod form;
mod rows;
mod section;
mod show;

pub(in crate::http) use change::{AdminForm, change};
pub(in crate::http) use show::show;
