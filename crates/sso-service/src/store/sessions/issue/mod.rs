//! Begins, mints and renews sessions, and writes their tokens.

mod begin;
mod mint;
mod refresh;
mod refresh_token;
mod tokens;

pub(super) use begin::add_session;
pub(super) use tokens::retire;
