//! The names of callers in a cluster whose API server is asked for them.

use pod_logs::ImpersonatedUser;
use shared_types::NamePrefix;

use crate::auth::Caller;

/// How the name of an API key begins.
const KEY: &str = "key:";

/// Asks the API server for each caller under the name that the caller has in the cluster. Both
/// policies then decide: the permissions of the authority, and the cluster's.
#[derive(Debug, Clone)]
pub(crate) struct Impersonation {
    prefix: NamePrefix,
}

impl Impersonation {
    /// With this prefix of all names.
    pub(crate) fn new(prefix: NamePrefix) -> Self {
        Self { prefix }
    }

    /// The caller in the cluster, with a group for each role. Grants add none, and keys have none.
    pub(crate) fn user_of(&self, caller: &Caller) -> ImpersonatedUser {
        let Self { prefix } = self;
        let roles = caller.roles.iter().filter(|_| !caller.username.starts_with(KEY));
        ImpersonatedUser {
            user: format!("{prefix}{}", caller.username),
            groups: roles.map(|role| format!("{prefix}{role}")).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_the_prefix_and_keys_have_no_groups() {
        let impersonation = Impersonation::new("corp/".parse().unwrap());
        let of = |username: &str, roles: &[&str]| {
            let roles = roles.iter().map(|role| (*role).to_owned()).collect();
            let username = username.into();
            let mut caller = Caller::holding("logs:read");
            (caller.username, caller.roles) = (username, roles);
            let ImpersonatedUser { user, groups } = impersonation.user_of(&caller);
            (user, groups.join(" "))
        };
        let ada = ("corp/ada".to_owned(), "corp/reader corp/ops".to_owned());
        assert_eq!(of("ada", &["reader", "ops"]), ada);
        assert_eq!(of("ada", &[]), ("corp/ada".to_owned(), String::new()));
        assert_eq!(of("key:ci", &["admin"]), ("corp/key:ci".to_owned(), String::new()));
    }
}
