//! Which pods a caller asks for.

use pod_logs::{Namespace, PodRef};
use shared_types::NameGlobs;

/// Patterns that pods have to match; without one, every name does.
#[derive(Debug, Clone, Default)]
pub(crate) struct PodChoice {
    pub(crate) namespace: Option<NameGlobs>,
    pub(crate) pod: Option<NameGlobs>,
}

impl PodChoice {
    /// The namespace, if only one is asked for by its name.
    pub(crate) fn only_namespace(&self) -> Option<&str> {
        let mut patterns = self.namespace.as_ref()?.patterns();
        let first = patterns.next().filter(|name| name.parse::<Namespace>().is_ok())?;
        patterns.next().is_none().then_some(first)
    }

    /// Whether the pod is asked for.
    pub(crate) fn includes(&self, pod: &PodRef) -> bool {
        let matches = |globs: &Option<NameGlobs>, name| {
            globs.as_ref().is_none_or(|globs| globs.matches(name))
        };
        matches(&self.namespace, pod.namespace.as_str()) && matches(&self.pod, pod.pod.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_namespace_may_be_named() {
        for (namespace, only) in [
            (None, None),
            (Some("shop"), Some("shop")),
            (Some("sh?p"), None),
            (Some("*"), None),
            (Some("shop,bank"), None),
        ] {
            let namespace = namespace.map(|globs| globs.parse().unwrap());
            let choice = PodChoice { namespace, pod: None };
            assert_eq!(choice.only_namespace(), only);
        }
    }
}
