//! Which logs of many pods a caller asks for.

use std::sync::Arc;

use pod_logs::{ContainerName, LabelPredicate, MergedCursor, Namespace, PodRef};
use shared_types::{AskedPermission, InvalidNameGlobs, NameGlobs};

use crate::{auth::Caller, label_selector::LabelSelector};

/// The logs of all pods that the patterns match.
#[derive(Debug, Clone)]
pub(crate) struct ManyChoice {
    pub(crate) namespaces: NameGlobs,
    pub(crate) pods: NameGlobs,
    /// Only containers of this name.
    pub(crate) container: Option<ContainerName>,
    /// Only pods with such labels.
    pub(crate) labels: Option<ChosenLabels>,
}

/// Labels that pods have to have.
#[derive(Debug, Clone)]
pub(crate) struct ChosenLabels {
    /// As it was written.
    text: String,
    selector: Arc<LabelSelector>,
}

impl ChosenLabels {
    /// Parses a selector.
    ///
    /// # Errors
    /// With what is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let selector = Arc::new(LabelSelector::parse(text)?);
        Ok(Self { text: text.to_owned(), selector })
    }

    /// Decides whether a pod has them.
    fn predicate(&self) -> LabelPredicate {
        let selector = self.selector.clone();
        Arc::new(move |labels| selector.matches(|name| labels.get(name).map(String::as_str)))
    }
}

impl ManyChoice {
    /// The logs of one pod, of all its containers or of this one.
    ///
    /// # Errors
    /// When the names are longer than patterns may be.
    pub(crate) fn of_pod(
        pod: &PodRef,
        container: Option<ContainerName>,
    ) -> Result<Self, InvalidNameGlobs> {
        let namespaces = pod.namespace.as_str().parse()?;
        let pods = pod.pod.as_str().parse()?;
        Ok(Self { namespaces, pods, container, labels: None })
    }

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

    /// Decides about the labels of pods, if it depends on them.
    pub(crate) fn labels(&self) -> Option<LabelPredicate> {
        self.labels.as_ref().map(ChosenLabels::predicate)
    }

    /// The namespace, if only one is asked for by its name.
    pub(crate) fn only_namespace(&self) -> Option<&str> {
        let mut patterns = self.namespaces.patterns();
        let first = patterns.next().filter(|name| name.parse::<Namespace>().is_ok())?;
        patterns.next().is_none().then_some(first)
    }

    /// What a cursor knows of the choice.
    pub(crate) fn checksum(&self) -> u32 {
        let (namespaces, pods) = (self.namespaces.to_string(), self.pods.to_string());
        let mut parts = vec![&*namespaces, &pods, self.container_name()];
        parts.extend(self.labels.as_ref().map(|labels| &*labels.text));
        MergedCursor::selection_checksum(&parts)
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
            labels: None,
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
            ManyChoice {
                labels: ChosenLabels::parse("app=web").ok(),
                ..choice("shop", "web-*", None)
            },
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
