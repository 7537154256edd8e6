//! Callers: their credentials, and the checks that decide whether a credential counts.

pub(super) mod administrator;
pub(super) mod basic;
pub(super) mod cookies;
pub(super) mod credential;
#[cfg(test)]
mod credential_tests;
pub(super) mod csrf;
pub(super) mod introspector;
mod services;
pub(super) mod session_user;
pub(super) mod visitor;
