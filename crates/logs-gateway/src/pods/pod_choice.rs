//! Which pods a caller asks for.

use pod_logs::PodRef;
use shared_types::NameGlobs;

/// Patterns that pods have to match; without one, every name does.
#[derive(Debug, Clone, Default)]
pub(crate) struct PodChoice {
    pub(crate) namespace: Option<NameGlobs>,
    pub(crate) pod: Option<NameGlobs>,
}

impl PodChoice {
    /// Whether the pod is asked for.
    pub(crate) fn includes(&self, pod: &PodRef) -> bool {
        let matches = |globs: &Option<NameGlobs>, name| {
            globs.as_ref().is_none_or(|globs| globs.matches(name))
        };
        matches(&self.namespace, pod.namespace.as_str()) && matches(&self.pod, pod.pod.as_str())
    }
}
