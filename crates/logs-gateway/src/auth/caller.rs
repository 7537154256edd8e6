//! The caller of a request, and what the caller may read.

use std::{collections::BTreeSet, sync::Arc};

use chrono::{DateTime, Utc};
use pod_logs::{Namespace, PodPredicate, PodRef};
use shared_types::{AskedPermission, NameGlobs, Permission};
use uuid::Uuid;

const READ_LOGS: &str = "logs:read";
const READ_PODS: &str = "pods:read";

/// The caller of a request, as the authority identified it. Clones share names and permissions.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) username: Arc<str>,
    /// The id of the user, or of the key, if the authority tells it.
    pub(crate) user_id: Option<Uuid>,
    /// The roles of the user. A key has none.
    pub(crate) roles: Arc<[String]>,
    pub(super) permissions: Arc<[Permission]>,
    /// The session that the token stands for, if the authority says so. A key has none.
    pub(crate) session_id: Option<Uuid>,
    /// From this instant on the token is invalid.
    pub(crate) expires_at: DateTime<Utc>,
}

impl Caller {
    /// The user for whom a front asks. Without `permissions`, what the user may read was decided
    /// there.
    pub(crate) fn forwarded(
        username: Arc<str>,
        user_id: Option<Uuid>,
        session_id: Option<Uuid>,
        permissions: Option<Vec<Permission>>,
    ) -> Self {
        let everything = [READ_LOGS, READ_PODS].map(|action| Permission::Action(action.into()));
        Self {
            username,
            user_id,
            roles: Arc::default(),
            permissions: permissions.map_or_else(|| everything.into(), Arc::from),
            session_id,
            // The front knows the end, and ends what it forwarded.
            expires_at: DateTime::<Utc>::MAX_UTC,
        }
    }

    /// Whether the caller may read the pod's logs.
    ///
    /// # Errors
    /// The permission that is missing. Whether the pod exists plays no part.
    pub(crate) fn may_read(&self, pod: &PodRef) -> Result<(), AskedPermission> {
        let (namespace, pod) = (pod.namespace.as_str(), pod.pod.as_str());
        if self.may_read_named(namespace, pod) {
            return Ok(());
        }
        Err(AskedPermission::on(READ_LOGS, namespace, pod))
    }

    /// Decides which pods' logs the caller may read.
    pub(crate) fn readable_pods(&self) -> PodPredicate {
        let caller = self.clone();
        Arc::new(move |pod| caller.may_read(pod).is_ok())
    }

    /// Whether the caller may read the logs of a pod of this name, which need not exist.
    pub(crate) fn may_read_named(&self, namespace: &str, pod: &str) -> bool {
        self.may(READ_LOGS, namespace, pod)
    }

    /// Whether the caller may see the whole object of a pod of this name.
    pub(crate) fn may_read_object(&self, namespace: &str, pod: &str) -> bool {
        self.may(READ_PODS, namespace, pod)
    }

    fn may(&self, action: &str, namespace: &str, pod: &str) -> bool {
        self.permissions.iter().any(|held| held.covers_resource(action, namespace, pod))
    }

    /// Whether the caller may read the logs of every pod that there could be in the namespace.
    pub(crate) fn may_read_all_in(&self, namespace: &str) -> bool {
        // As short as a name can be, and longer than any pattern of letters and question marks, and
        // of none of the letters: what matches both matches every name.
        let (shortest, longest) = ("\0", "\0".repeat(1024));
        let covers = |held: &Permission, name| held.covers_resource(READ_LOGS, namespace, name);
        self.permissions.iter().any(|held| covers(held, shortest) && covers(held, &longest))
    }

    /// Whether there could be a pod in the namespace whose logs the caller may read.
    pub(crate) fn may_read_in(&self, namespace: &str) -> bool {
        let may = |held: &Permission| held.concerns_namespace(READ_LOGS, namespace);
        self.permissions.iter().any(may)
    }

    /// Whether there could be a pod of such a name whose logs the caller may read. Decided from the
    /// patterns alone.
    ///
    /// # Errors
    /// The permission that is missing.
    pub(crate) fn may_read_some(
        &self,
        namespaces: &NameGlobs,
        pods: &NameGlobs,
    ) -> Result<(), AskedPermission> {
        let may = |held: &Permission| held.concerns_any(READ_LOGS, namespaces, pods);
        if self.permissions.iter().any(may) {
            return Ok(());
        }
        Err(AskedPermission::on(READ_LOGS, &namespaces.to_string(), &pods.to_string()))
    }

    /// The namespaces in which there could be a pod whose logs the caller may read; `None` if the
    /// permissions have patterns of them.
    pub(crate) fn namespaces_to_read(&self) -> Option<BTreeSet<Namespace>> {
        let to_read = self.permissions.iter().filter(|held| held.concerns(READ_LOGS));
        let namespace = |held: &Permission| match held {
            Permission::Resource { namespace, .. } => namespace.parse().ok(),
            Permission::Everything | Permission::Action(_) => None,
        };
        to_read.map(namespace).collect()
    }

    /// The permissions as the authority writes them.
    pub(crate) fn permissions(&self) -> impl Iterator<Item = String> {
        self.permissions.iter().map(ToString::to_string)
    }

    /// The permissions to read logs and pods, as the authority writes them.
    pub(crate) fn reading_permissions(&self) -> impl Iterator<Item = String> {
        let is_to_read = |held: &&Permission| held.concerns(READ_LOGS) || held.concerns(READ_PODS);
        self.permissions.iter().filter(is_to_read).map(ToString::to_string)
    }

    /// Takes the other's place. The answer is whether the permissions differ.
    pub(crate) fn replace_if_other(&mut self, other: &Self) -> bool {
        let is_other = !self.has_same_permissions(other);
        *self = other.clone();
        is_other
    }

    /// Whether both have the same permissions.
    pub(crate) fn has_same_permissions(&self, other: &Self) -> bool {
        let has_all = |one: &Self, of: &Self| {
            of.permissions.iter().all(|held| one.permissions.contains(held))
        };
        has_all(self, other) && has_all(other, self)
    }

    /// Whether there could be a pod whose logs the caller may read.
    ///
    /// # Errors
    /// The permission that is missing.
    pub(crate) fn may_read_any(&self) -> Result<(), AskedPermission> {
        let may = self.permissions.iter().any(|permission| permission.concerns(READ_LOGS));
        if may { Ok(()) } else { Err(AskedPermission::everywhere(READ_LOGS)) }
    }
}

#[cfg(test)]
impl Caller {
    /// The user `ada` with this permission.
    pub(crate) fn holding(permission: &str) -> Self {
        Self {
            username: "ada".into(),
            user_id: None,
            roles: Arc::default(),
            permissions: Arc::new([permission.parse().unwrap()]),
            session_id: None,
            expires_at: DateTime::UNIX_EPOCH,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pod(namespace: &str, pod: &str) -> PodRef {
        PodRef { namespace: namespace.parse().unwrap(), pod: pod.parse().unwrap() }
    }

    #[test]
    fn a_caller_reads_what_is_permitted_and_learns_what_is_missing() {
        let caller = Caller::holding("logs:read:shop/*");
        caller.may_read(&pod("shop", "web-1")).unwrap();
        let missing = caller.may_read(&pod("bank", "web-1")).unwrap_err();
        assert_eq!(missing.to_string(), "logs:read:bank/web-1");
        caller.may_read_any().unwrap();
    }

    #[test]
    fn a_glob_of_one_or_more_characters_covers_all_pods() {
        for (permission, all) in [
            ("*", true),
            ("logs:read", true),
            ("logs:read:shop/*", true),
            ("logs:read:s*/?*", true),
            ("logs:read:shop/??*", false),
            ("logs:read:shop/?", false),
            ("logs:read:shop/web-*", false),
            ("logs:read:bank/*", false),
            ("logs:write", false),
        ] {
            assert_eq!(Caller::holding(permission).may_read_all_in("shop"), all, "{permission}");
        }
    }

    #[test]
    fn whether_some_pods_may_be_read_is_decided_from_patterns() {
        let caller = Caller::holding("logs:read:shop/web-*");
        let may = |namespaces: &str, pods: &str| {
            caller.may_read_some(&namespaces.parse().unwrap(), &pods.parse().unwrap())
        };
        may("*", "*-0").unwrap();
        may("bank,shop", "web-1").unwrap();
        let missing = may("bank", "*").unwrap_err();
        assert_eq!(missing.to_string(), "logs:read:bank/*");
        may("shop", "db-*").unwrap_err();
    }

    #[test]
    fn namespaces_are_named_unless_a_pattern_matches_them() {
        let of = |permissions: &[&str]| {
            let permissions = permissions.iter().map(|held| held.parse().unwrap()).collect();
            let caller = Caller { permissions, ..Caller::holding("logs:read") };
            let named = caller.namespaces_to_read();
            named.map(|names| names.iter().map(Namespace::to_string).collect::<Vec<_>>())
        };
        let named = of(&["logs:read:shop/web-*", "logs:read:bank/*", "deploy:write"]);
        assert_eq!(named, Some(vec!["bank".to_owned(), "shop".to_owned()]));
        assert_eq!(of(&["deploy:write"]), Some(Vec::new()));
        for pattern in ["*", "logs:read", "logs:read:*/*", "logs:read:sh?p/*"] {
            assert_eq!(of(&["logs:read:bank/*", pattern]), None, "{pattern}");
        }
    }

    #[test]
    fn the_order_of_permissions_does_not_matter() {
        let of = |permissions: &[&str]| Caller {
            permissions: permissions.iter().map(|permission| permission.parse().unwrap()).collect(),
            ..Caller::holding("logs:read")
        };
        let both = of(&["logs:read:shop/*", "logs:read:bank/*"]);
        assert!(both.has_same_permissions(&of(&["logs:read:bank/*", "logs:read:shop/*"])));
        for other in [&["logs:read:shop/*"][..], &["logs:read:shop/*", "logs:read:a/*"], &[]] {
            assert!(
                !both.has_same_permissions(&of(other)) && !of(other).has_same_permissions(&both)
            );
        }
    }

    #[test]
    fn a_caller_without_read_permission_cannot_list() {
        let missing = Caller::holding("deploy:write").may_read_any().unwrap_err();
        assert_eq!(missing.to_string(), "logs:read");
    }
}
