//! The pods that there are: lists, streams of changes, and what the source knows of them.

mod catalog;
mod pod_choice;
mod pod_stream;

pub(crate) use self::{
    catalog::{ListPodsError, PodCatalog, PodSource},
    pod_choice::PodChoice,
    pod_stream::{PodNews, PodStream},
};
