//! The part of the Kubernetes API that reading logs needs, so that kubectl and its kin work with a
//! session token. Bytes, order of checks and words are the API server's
//! (`kubernetes/pkg/registry/core/pod`, `apiserver/pkg/endpoints`).

mod accept;
mod age;
mod authenticate;
mod discovery;
mod events;
mod go;
mod kubectl;
mod log;
mod log_options;
mod namespaces;
mod page;
mod pod_object;
mod pods;
mod protobuf;
mod reviews;
mod routes;
mod selector;
mod status;
mod status_form;
mod survey;
mod table;
mod upgrade;
mod visible_namespaces;
mod watch;
mod watch_options;
mod websocket;
mod yaml;

pub(crate) use routes::routes;
