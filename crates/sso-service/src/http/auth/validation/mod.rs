//! `/auth/validate` and `/auth/validate/batch`.

pub(in crate::http) mod validate;
pub(in crate::http) mod validate_batch;
#[cfg(test)]
mod validate_tests;
