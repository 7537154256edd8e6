//! The user of a token, for a cluster.

use shared_types::NamePrefix;
use uuid::Uuid;

use crate::users::Account;

/// A user of a cluster. Name and groups have the prefix; a cluster's RBAC binds roles to them.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct KubernetesUser {
    /// The user's name; of an API key, `key:` and its name.
    pub(crate) username: String,
    /// The user's id, or that of the key. It is never used again.
    pub(crate) uid: Uuid,
    /// A group for each role.
    pub(crate) groups: Vec<String>,
}

impl KubernetesUser {
    /// The user that an account is in a cluster.
    pub(crate) fn of(account: &Account, prefix: &NamePrefix) -> Self {
        Self {
            username: format!("{prefix}{}", account.username),
            uid: account.user_id,
            groups: account.roles.iter().map(|role| format!("{prefix}{role}")).collect(),
        }
    }
}
