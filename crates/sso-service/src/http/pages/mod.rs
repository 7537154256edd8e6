//! Pages for people, without scripts.

mod account;
mod admin;
mod continuing;
mod destination;
mod error;
mod login;
#[cfg(test)]
mod login_tests;
mod logout;
mod page;
mod password_words;
mod refresh;
mod register;
#[cfg(test)]
mod register_tests;
mod reset;
#[cfg(test)]
mod reset_tests;

pub(super) use account::{AccountForm, change as change_account, show as account, start};
pub(super) use admin::{AdminForm, change as change_by_admin, show as admin};
pub(super) use continuing::continue_to;
pub(super) use error::render_for_browsers;
pub(super) use login::{log_in, show as login, show_log_in};
pub(super) use logout::{log_out, show as logout};
pub(super) use page::{STYLE, page, redirect, show as show_problem, with_return_to};
pub(super) use refresh::renew;
pub(super) use register::{register, show as registration};
pub(super) use reset::{ResetForm, reset as reset_password, show as password_reset};
