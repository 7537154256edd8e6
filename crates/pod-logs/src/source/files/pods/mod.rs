//! The pods of a node as their files show them.

mod pod_look;
mod summaries;
mod survey_task;
pub(crate) mod surveyed_pods;
