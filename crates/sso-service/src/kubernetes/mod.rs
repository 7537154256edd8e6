//! Users as a Kubernetes cluster knows them.

mod user;

pub(crate) use user::KubernetesUser;
