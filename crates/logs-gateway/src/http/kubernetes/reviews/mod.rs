//! The self-subject reviews: permissions and identity of the caller.

mod access_decision;
mod protobuf;
mod resource_attributes;
mod review;

pub(in crate::http) use review::{access, rules, self_subject_review};
