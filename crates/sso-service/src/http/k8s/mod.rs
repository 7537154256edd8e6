//! Endpoints for Kubernetes clusters.

pub(super) mod status;
mod token_review;
#[cfg(test)]
mod token_review_tests;
pub(super) mod wire;

pub(super) use token_review::token_review;
