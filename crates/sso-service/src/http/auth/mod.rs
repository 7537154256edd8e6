//! `/auth/…`: registration, log-in, validation, and the caller's own sessions.

#[cfg(test)]
mod bodies_tests;
pub(super) mod credentials;
pub(super) mod forgotten_password;
pub(super) mod login;
#[cfg(test)]
mod login_tests;
pub(super) mod logout;
#[cfg(test)]
mod mail_tests;
pub(super) mod oidc;
#[cfg(test)]
mod oidc_replay_tests;
#[cfg(test)]
mod oidc_tests;
pub(super) mod password;
pub(super) mod refresh;
pub(super) mod register;
pub(super) mod session;
pub(super) mod sessions;
pub(super) mod user;
pub(super) mod validation;
pub(super) mod verify_email;
