//! HTTP in front of the authority: it translates, and decides nothing.

mod answer;
mod credential;
mod error;
mod json_body;
mod login;
mod logout;
mod refresh;
mod routes;
mod session;
mod sessions;
mod validate;

pub(crate) use credential::SessionCookie;
pub(crate) use routes::app;
