//! The pods that there are: lists, streams of changes, and what the source knows of them.

mod catalog;
mod catalogs;
mod pod_choice;
mod pod_stream;

pub(crate) use self::{
    catalog::{ListPodsError, PodCatalog, PodSource},
    catalogs::{CallerCatalogs, CatalogError, PodCatalogs},
    pod_choice::PodChoice,
    pod_stream::{PodNews, PodStream},
};
