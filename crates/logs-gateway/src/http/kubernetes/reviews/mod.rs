//! The reviews of oneself: what the caller may do, and who the caller is.

mod protobuf;
mod review;

pub(in crate::http) use review::{access, oneself, rules};
