//! Alert rules and the dashboard, as Prometheus and Grafana read them.

use std::{collections::BTreeSet, fs, process::Command};

use libtest_mimic::Trial;
use serde_json::Value;

use super::{
    Objects,
    objects::{list, text},
    overlay::{manifests, succeeded},
    tools,
};
use crate::{
    harness::scratch,
    installed::{self, program},
};

pub(super) fn trials() -> Vec<Trial> {
    let promtool = || Ok((program("promtool")?, tools()?));
    vec![
        installed::trial(
            "manifests::monitoring::prometheus_accepts_every_rule".to_owned(),
            promtool(),
            |(promtool, tools)| {
                let objects = tools.build_directory("monitoring");
                let home = scratch();
                let file = home.path().join("rules.json");
                // JSON is YAML.
                fs::write(&file, rules(&objects)["spec"].to_string()).unwrap();
                succeeded(Command::new(promtool).args(["check", "rules"]).arg(&file));
            },
        ),
        installed::trial(
            "manifests::monitoring::prometheus_accepts_every_query_of_the_dashboard".to_owned(),
            promtool(),
            |(promtool, tools)| {
                let objects = tools.build_directory("monitoring");
                let queries = queries(&objects);
                assert!(queries.len() > 10, "{queries:?}");
                let records = queries.iter().map(|query| {
                    // Grafana puts a duration there.
                    let query = query.replace("$__rate_interval", "5m");
                    serde_json::json!({"record": "query", "expr": query})
                });
                let groups = serde_json::json!({"groups": [
                    {"name": "dashboard", "rules": records.collect::<Vec<_>>()},
                ]});
                let home = scratch();
                let file = home.path().join("queries.json");
                fs::write(&file, groups.to_string()).unwrap();
                succeeded(
                    Command::new(promtool).args(["check", "rules", "--lint=none"]).arg(&file),
                );
            },
        ),
        installed::trial(
            "manifests::monitoring::every_metric_is_documented".to_owned(),
            tools(),
            |tools| {
                let objects = tools.build_directory("monitoring");
                let alerts = list(&rules(&objects)["spec"]["groups"])
                    .flat_map(|group| list(&group["rules"]))
                    .map(|rule| text(&rule["expr"]).to_owned());
                let used: BTreeSet<_> =
                    alerts.chain(queries(&objects)).flat_map(|query| metrics(&query)).collect();
                assert!(used.len() > 20, "{used:?}");
                let unknown: Vec<_> = used.difference(&documented()).cloned().collect();
                assert!(unknown.is_empty(), "{unknown:?}");
            },
        ),
    ]
}

fn rules(objects: &Objects) -> &Value {
    objects.of_kind("PrometheusRule").next().unwrap()
}

fn queries(objects: &Objects) -> Vec<String> {
    let dashboard = objects.of_kind("ConfigMap").next().unwrap();
    let dashboard: Value =
        serde_json::from_str(text(&dashboard["data"]["logs-gateway.json"])).unwrap();
    let targets = list(&dashboard["panels"]).flat_map(|panel| list(&panel["targets"]));
    targets.map(|target| text(&target["expr"]).to_owned()).collect()
}

/// The names of our metrics in a query. `up` is Prometheus' own.
fn metrics(query: &str) -> BTreeSet<String> {
    let is_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let words = query.split(|letter| !is_name(letter)).filter(|word| word.contains('_'));
    words
        // A function and a variable of Grafana.
        .filter(|word| !matches!(*word, "histogram_quantile" | "__rate_interval" | "__name__"))
        .map(|word| word.strip_suffix("_bucket").unwrap_or(word).to_owned())
        .collect()
}

/// The metrics that the section of `docs/operations.md` lists.
fn documented() -> BTreeSet<String> {
    let page = fs::read_to_string(manifests().join("../../docs/operations.md")).unwrap();
    let (_, section) = page.split_once("\n## Metrics\n").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    section.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}
