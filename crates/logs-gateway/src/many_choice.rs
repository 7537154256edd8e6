//! Which logs of many pods a caller asks for.

use pod_logs::{ContainerName, MergedCursor, PodRef};
use shared_types::{AskedPermission, NameGlobs};

use crate::auth::Caller;

/// The logs of all pods that the patterns match.
#[derive(Debug, Clone)]
pub(crate) struct ManyChoice {
    pub(crate) namespaces: NameGlobs,
    pub(crate) pods: NameGlobs,
    /// Only containers of this name.
    pub(crate) container: Option<ContainerName>,
}

impl ManyChoice {
    /// Whether the pod is asked for.
    pub(crate) fn includes(&self, pod: &PodRef) -> bool {
        self.namespaces.matches(pod.namespace.as_str()) && self.pods.matches(pod.pod.as_str())
    }

    /// Decides from the patterns alone whether there could be a log that the caller may read.
    ///
    /// # Errors
    /// The permission that is missing.
    pub(crate) fn check(&self, caller: &Caller) -> Result<(), AskedPermission> {
        caller.may_read_some(&self.namespaces, &self.pods)
    }

    /// The name of the container, or `*`.
    pub(crate) fn container_name(&self) -> &str {
        self.container.as_ref().map_or("*", ContainerName::as_str)
    }

    /// What a cursor knows of the choice.
    pub(crate) fn checksum(&self) -> u32 {
        let (namespaces, pods) = (self.namespaces.to_string(), self.pods.to_string());
        MergedCursor::selection_checksum(&[&namespaces, &pods, self.container_name()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choice(namespaces: &str, pods: &str, container: Option<&str>) -> ManyChoice {
        ManyChoice {
            namespaces: namespaces.parse().unwrap(),
            pods: pods.parse().unwrap(),
            container: container.map(|name| name.parse().unwrap()),
        }
    }

    #[test]
    fn a_cursor_tells_choices_apart() {
        let same = choice("shop", "web-*", None).checksum();
        assert_eq!(choice("shop", "web-*", None).checksum(), same);
        for other in [
            choice("shop", "web*", None),
            choice("shop,a", "web-*", None),
            choice("shop", "web-*", Some("app")),
        ] {
            assert_ne!(other.checksum(), same, "{other:?}");
        }
    }

    #[test]
    fn pods_are_chosen_by_namespace_and_name() {
        let choice = choice("shop,b?nk", "web-*,db", None);
        for (namespace, pod, expected) in [
            ("shop", "web-1", true),
            ("bank", "db", true),
            ("bank", "dbs", false),
            ("barn", "db", false),
        ] {
            let pod = PodRef { namespace: namespace.parse().unwrap(), pod: pod.parse().unwrap() };
            assert_eq!(choice.includes(&pod), expected, "{pod:?}");
        }
    }
}
