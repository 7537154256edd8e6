//! The part of the Kubernetes API that reading logs needs, so that kubectl and other clients work
//! with a session token. Bytes, order of checks and messages are the API server's
//! (`kubernetes/pkg/registry/core/pod`, `apiserver/pkg/endpoints`).

mod age;
mod answer;
mod authenticate;
pub(super) mod discovery;
pub(super) mod events;
pub(super) mod log;
pub(super) mod namespaces;
pub(super) mod pods;
mod request;
pub(super) mod reviews;
mod routes;
mod status;
mod survey;
mod table;
mod watch;
pub(super) mod workloads;

pub(super) use routes::{resource, scope};
pub(super) use status::StatusBody;
