//! A gateway that asks the API server of its cluster. The API server is a second implementation of
//! that interface: a gateway with log files, over TLS, named by a kubeconfig. For what such a gateway
//! does not know (labels, workloads, impersonated users), it is a fake.

mod impersonation;
mod joining;
mod logs;
mod many;
mod many_faked;
mod pods;
mod stage;
mod workloads;
