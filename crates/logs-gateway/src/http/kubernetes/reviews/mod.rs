//! The self-subject reviews: permissions and identity of the caller.

mod protobuf;
mod review;

pub(in crate::http) use review::{access, rules, self_subject_review};
