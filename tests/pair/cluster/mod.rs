//! A gateway that asks the API server of its cluster. The API server is a second implementation of
//! that interface: a gateway with log files, over TLS, named by a kubeconfig.

mod logs;
mod pods;
mod stage;
