//! What an API server shows of a pod.

use std::collections::BTreeMap;

/// What an API server shows of a pod, as far as readers of its logs may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PodObject {
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Its phase, like `Running`.
    pub phase: String,
    /// The object in JSON, without kind and versions.
    pub text: String,
}
