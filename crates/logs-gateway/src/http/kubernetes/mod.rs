//! The part of the Kubernetes API that reading logs needs, so that kubectl and other clients work
//! with a session token. Bytes, order of checks and messages are the API server's
//! (`kubernetes/pkg/registry/core/pod`, `apiserver/pkg/endpoints`).

mod answer;
mod authenticate;
mod discovery;
mod events;
mod log;
mod namespaces;
mod pods;
mod request;
mod reviews;
mod routes;
mod status;
mod survey;
mod table;
mod watch;

pub(crate) use routes::routes;
