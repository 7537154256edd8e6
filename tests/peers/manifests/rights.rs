//! What the services may do in the cluster.

use serde_json::{Value, json};

use super::overlay::BuiltOverlay;

/// A gateway that asks the API server may read what it shows, or ask for its callers; nothing else
/// has any rights.
pub(super) fn least(overlay: &BuiltOverlay) {
    let of_kind = |kind| overlay.objects.of_kind(kind).collect::<Vec<_>>();
    assert!(of_kind("Role").is_empty() && of_kind("RoleBinding").is_empty());
    let rules: Vec<&Value> = of_kind("ClusterRole").iter().map(|role| &role["rules"]).collect();
    let expected = match overlay.name {
        "apiserver" => vec![json!([
            {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list", "watch"]},
            {"apiGroups": [""], "resources": ["pods/log"], "verbs": ["get"]},
            {
                "apiGroups": ["apps"],
                "resources": ["daemonsets", "deployments", "replicasets", "statefulsets"],
                "verbs": ["get"],
            },
            {"apiGroups": ["batch"], "resources": ["jobs"], "verbs": ["get"]},
        ])],
        // Without names of groups, the rule would cover `system:masters`.
        "impersonation" => vec![json!([
            {"apiGroups": [""], "resources": ["users"], "verbs": ["impersonate"]},
            {
                "apiGroups": [""],
                "resources": ["groups"],
                "verbs": ["impersonate"],
                "resourceNames": ["sso:admin", "sso:reader", "sso:user"],
            },
        ])],
        _ => Vec::new(),
    };
    assert_eq!(rules, expected.iter().collect::<Vec<_>>());
}
