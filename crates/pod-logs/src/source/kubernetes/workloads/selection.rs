//! Which pods a workload selects, by their labels.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, LabelSelectorRequirement};

/// Whether a selector matches these labels. One without any requirement matches every pod
/// (`apimachinery/pkg/apis/meta/v1/helpers.go`, `LabelSelectorAsSelector`); an unknown operator
/// matches none.
pub(super) fn selects(selector: &LabelSelector, labels: &BTreeMap<String, String>) -> bool {
    let mut equal = selector.match_labels.iter().flatten();
    let mut requirements = selector.match_expressions.iter().flatten();
    equal.all(|(key, value)| labels.get(key) == Some(value))
        && requirements.all(|requirement| is_met(requirement, labels))
}

fn is_met(requirement: &LabelSelectorRequirement, labels: &BTreeMap<String, String>) -> bool {
    let value = labels.get(&requirement.key);
    let is_among =
        || value.is_some_and(|value| requirement.values.iter().flatten().any(|one| one == value));
    match &*requirement.operator {
        "In" => is_among(),
        "NotIn" => !is_among(),
        "Exists" => value.is_some(),
        "DoesNotExist" => value.is_none(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[track_caller]
    fn check(selector: &Value, expected: bool) {
        let labels = [("app", "web"), ("tier", "front")];
        let labels = labels.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
        let parsed: LabelSelector = serde_json::from_value(selector.clone()).unwrap();
        assert_eq!(selects(&parsed, &labels), expected, "{selector}");
    }

    #[test]
    fn every_requirement_must_be_met() {
        check(&json!({}), true);
        check(&json!({"matchLabels": {"app": "web"}}), true);
        check(&json!({"matchLabels": {"app": "web", "tier": "back"}}), false);
        check(&json!({"matchLabels": {"none": ""}}), false);
        for (key, operator, values, expected) in [
            ("app", "In", &["cart", "web"][..], true),
            ("app", "In", &["cart"], false),
            ("none", "In", &["cart"], false),
            ("app", "NotIn", &["cart"], true),
            ("app", "NotIn", &["web"], false),
            ("none", "NotIn", &["web"], true),
            ("app", "Exists", &[], true),
            ("none", "Exists", &[], false),
            ("none", "DoesNotExist", &[], true),
            ("app", "DoesNotExist", &[], false),
            ("app", "Near", &["web"], false),
        ] {
            let expression = json!({"key": key, "operator": operator, "values": values});
            check(&json!({"matchExpressions": [expression]}), expected);
            let labels = json!({"tier": "back"});
            check(&json!({"matchLabels": labels, "matchExpressions": [expression]}), false);
        }
    }
}
