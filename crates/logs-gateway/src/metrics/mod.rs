//! Counters of log bodies, for operators. Labels never hold a user or a pod.

mod bodies;
mod body_meter;
mod follow_lag;

pub(crate) use bodies::{BodyFormat, BodyMetrics};
pub(crate) use body_meter::BodyMeter;
