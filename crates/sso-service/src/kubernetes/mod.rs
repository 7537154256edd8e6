//! Users as a Kubernetes cluster knows them.

mod name_prefix;
mod user;

pub(crate) use name_prefix::NamePrefix;
pub(crate) use user::KubernetesUser;
