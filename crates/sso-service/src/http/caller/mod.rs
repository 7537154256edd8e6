//! Callers: their credentials, and the checks that decide whether a credential counts.

pub(super) mod administrator;
pub(super) mod cookies;
pub(super) mod credential;
pub(super) mod csrf;
