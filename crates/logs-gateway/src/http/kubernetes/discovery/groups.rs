//! The groups of the API and their resources.

use pod_logs::WorkloadKind;

/// A resource and its verbs.
pub(super) struct ResourceInfo {
    pub(super) name: &'static str,
    pub(super) singular: &'static str,
    pub(super) kind: &'static str,
    pub(super) is_namespaced: bool,
    pub(super) verbs: &'static [&'static str],
    pub(super) short_names: &'static [&'static str],
    /// Name, kind and verbs of each.
    pub(super) subresources: &'static [(&'static str, &'static str, &'static [&'static str])],
}

pub(super) struct GroupInfo {
    /// The group; empty for the core.
    pub(super) name: &'static str,
    pub(super) resources: &'static [ResourceInfo],
}

pub(super) const CORE: GroupInfo = GroupInfo {
    name: "",
    resources: &[
        ResourceInfo {
            name: "events",
            singular: "event",
            kind: "Event",
            is_namespaced: true,
            verbs: &["list"],
            short_names: &["ev"],
            subresources: &[],
        },
        ResourceInfo {
            name: "namespaces",
            singular: "namespace",
            kind: "Namespace",
            is_namespaced: false,
            verbs: &["get", "list", "watch"],
            short_names: &["ns"],
            subresources: &[],
        },
        ResourceInfo {
            name: "pods",
            singular: "pod",
            kind: "Pod",
            is_namespaced: true,
            verbs: &["get", "list", "watch"],
            short_names: &["po"],
            subresources: &[("log", "Pod", &["get"])],
        },
    ],
};

pub(super) const AUTHORIZATION: GroupInfo = GroupInfo {
    name: "authorization.k8s.io",
    resources: &[
        review("selfsubjectaccessreviews", "selfsubjectaccessreview", "SelfSubjectAccessReview"),
        review("selfsubjectrulesreviews", "selfsubjectrulesreview", "SelfSubjectRulesReview"),
    ],
};

pub(super) const AUTHENTICATION: GroupInfo = GroupInfo {
    name: "authentication.k8s.io",
    resources: &[review("selfsubjectreviews", "selfsubjectreview", "SelfSubjectReview")],
};

const fn review(name: &'static str, singular: &'static str, kind: &'static str) -> ResourceInfo {
    let (verbs, none): (&[&str], &[&str]) = (&["create"], &[]);
    ResourceInfo {
        name,
        singular,
        kind,
        is_namespaced: false,
        verbs,
        short_names: none,
        subresources: &[],
    }
}

/// Where an API server is the source.
pub(super) const APPS: GroupInfo = GroupInfo {
    name: "apps",
    resources: &[
        workload(WorkloadKind::DaemonSet, "daemonset", &["ds"]),
        workload(WorkloadKind::Deployment, "deployment", &["deploy"]),
        workload(WorkloadKind::ReplicaSet, "replicaset", &["rs"]),
        workload(WorkloadKind::StatefulSet, "statefulset", &["sts"]),
    ],
};

/// Where an API server is the source.
pub(super) const BATCH: GroupInfo =
    GroupInfo { name: "batch", resources: &[workload(WorkloadKind::Job, "job", &[])] };

const fn workload(
    kind: WorkloadKind,
    singular: &'static str,
    short_names: &'static [&'static str],
) -> ResourceInfo {
    ResourceInfo {
        name: kind.resource(),
        singular,
        kind: kind.kind(),
        is_namespaced: true,
        verbs: &["get"],
        short_names,
        subresources: &[],
    }
}
