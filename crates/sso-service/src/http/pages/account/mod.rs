//! `/account`: the user's sessions and password.

mod change;
#[cfg(test)]
mod change_tests;
mod device;
mod session_row;
mod show;
mod verify;

pub(in crate::http) use change::{AccountForm, change};
pub(in crate::http::pages) use session_row::SessionRow;
pub(in crate::http) use show::{show, start};
