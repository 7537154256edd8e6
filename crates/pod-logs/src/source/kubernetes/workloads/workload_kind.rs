//! The kinds of workloads that clients of logs ask for.

/// A kind of workload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WorkloadKind {
    /// `apps/v1` Deployment.
    Deployment,
    /// `apps/v1` ReplicaSet.
    ReplicaSet,
    /// `apps/v1` StatefulSet.
    StatefulSet,
    /// `apps/v1` DaemonSet.
    DaemonSet,
    /// `batch/v1` Job.
    Job,
}

impl WorkloadKind {
    /// All kinds.
    pub const ALL: [Self; 5] =
        [Self::DaemonSet, Self::Deployment, Self::ReplicaSet, Self::StatefulSet, Self::Job];

    /// The kind of this group and plural resource name.
    #[must_use]
    pub fn of_resource(group: &str, resource: &str) -> Option<Self> {
        let is_named = |kind: &Self| kind.group() == group && kind.resource() == resource;
        Self::ALL.into_iter().find(is_named)
    }

    /// The group of the API. Its version is `v1`.
    #[must_use]
    pub const fn group(self) -> &'static str {
        match self {
            Self::Deployment | Self::ReplicaSet | Self::StatefulSet | Self::DaemonSet => "apps",
            Self::Job => "batch",
        }
    }

    /// The name of the resource: the kind in the plural and in lower case.
    #[must_use]
    pub const fn resource(self) -> &'static str {
        match self {
            Self::Deployment => "deployments",
            Self::ReplicaSet => "replicasets",
            Self::StatefulSet => "statefulsets",
            Self::DaemonSet => "daemonsets",
            Self::Job => "jobs",
        }
    }

    /// The kind as objects name it.
    #[must_use]
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Deployment => "Deployment",
            Self::ReplicaSet => "ReplicaSet",
            Self::StatefulSet => "StatefulSet",
            Self::DaemonSet => "DaemonSet",
            Self::Job => "Job",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_found_by_its_group_and_resource() {
        for kind in WorkloadKind::ALL {
            assert_eq!(WorkloadKind::of_resource(kind.group(), kind.resource()), Some(kind));
        }
        for (group, resource) in [("", "deployments"), ("apps", "jobs"), ("apps", "deployment")] {
            assert_eq!(WorkloadKind::of_resource(group, resource), None, "{group}/{resource}");
        }
    }
}
