//! Reads what requests of Kubernetes clients have in common: accepted types, queries, selectors.

pub(in crate::http::kubernetes) mod accept;
pub(in crate::http::kubernetes) mod go_query;
pub(in crate::http::kubernetes) mod kubectl_headers;
pub(in crate::http::kubernetes) mod page;
pub(in crate::http::kubernetes) mod selector;
