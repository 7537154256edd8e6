//! What the tests of both services expect of their documents.

use std::collections::BTreeSet;

use serde_json::Value;
use utoipa::openapi::OpenApi;

use super::document::{described, name_of, template};
use crate::http::RouteRow;

/// Checks a document against the routes of its service.
///
/// # Panics
/// When a route is not an operation, or an operation not a route; when an operation leaves out a
/// parameter of its path, an answer every operation can give, or an example; when a reference leads
/// nowhere; when two operations have the same id, or one is in a group that is not declared.
pub fn check_document(document: &OpenApi, routes: impl IntoIterator<Item = RouteRow>) {
    let json = serde_json::to_value(document).unwrap_or_default();
    let operations: Vec<_> = operations(&json).collect();
    let documented: BTreeSet<_> =
        operations.iter().map(|(path, method, _)| format!("{method} {path}")).collect();
    let routed: BTreeSet<_> = routes.into_iter().flat_map(|row| names(&row)).collect();
    assert_eq!(documented, routed, "operations and routes");
    let mut ids = BTreeSet::new();
    for (path, method, operation) in &operations {
        let place = format!("{method} {path}");
        check_operation(&place, path, operation);
        let declared = document.tags.iter().flatten().any(|tag| operation["tags"][0] == tag.name);
        assert!(declared, "{place}: its group is not declared");
        assert!(ids.insert(operation["operationId"].as_str()), "{place}: the id is not unique");
    }
    check_references(&json, &json);
}

fn names(row: &RouteRow) -> Vec<String> {
    let methods = row.methods().iter().filter_map(described);
    methods.map(|method| format!("{} {}", name_of(&method), template(row.path()))).collect()
}

fn operations(document: &Value) -> impl Iterator<Item = (&String, &String, &Value)> {
    let paths = document["paths"].as_object().into_iter().flatten();
    paths.flat_map(|(path, item)| {
        let methods = item.as_object().into_iter().flatten();
        methods.map(move |(method, operation)| (path, method, operation))
    })
}

fn check_operation(place: &str, path: &str, operation: &Value) {
    let responses = operation["responses"].as_object().cloned().unwrap_or_default();
    for status in ["500", "503"] {
        assert!(responses.contains_key(status), "{place} leaves out {status}");
    }
    let successful = |status: &String| status.starts_with(['1', '2', '3']);
    assert!(responses.keys().any(successful), "{place} has no successful answer");
    let is_secured = operation["security"].as_array().is_some_and(|any| {
        !any.is_empty() && any.iter().all(|one| one.as_object().is_some_and(|one| !one.is_empty()))
    });
    assert!(!is_secured || responses.contains_key("401"), "{place} leaves out 401");
    let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
    for name in path.split('{').skip(1).filter_map(|part| part.split('}').next()) {
        let is_it = |given: &&Value| given["in"] == "path" && given["name"] == name;
        assert!(parameters.iter().any(|given| is_it(&given)), "{place} leaves out {name}");
    }
    for given in parameters {
        let examples = [&given["example"], &given["schema"]["examples"][0]];
        let has_example = examples.iter().any(|example| !example.is_null());
        assert!(has_example, "{place}: {} has no example", given["name"]);
    }
    check_contents(place, &operation["requestBody"]);
    responses.values().for_each(|response| check_contents(place, response));
}

fn check_contents(place: &str, of: &Value) {
    for (media_type, content) in of["content"].as_object().into_iter().flatten() {
        assert!(!content["schema"].is_null(), "{place}: {media_type} has no schema");
        assert!(!content["example"].is_null(), "{place}: {media_type} has no example");
    }
}

fn check_references(document: &Value, part: &Value) {
    match part {
        Value::Object(members) => {
            if let Some(reference) = members.get("$ref").and_then(Value::as_str) {
                let target = document.pointer(reference.trim_start_matches('#'));
                assert!(target.is_some(), "{reference} leads nowhere");
            }
            members.values().for_each(|member| check_references(document, member));
        }
        Value::Array(items) => items.iter().for_each(|item| check_references(document, item)),
        _ => {}
    }
}
