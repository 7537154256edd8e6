//! A pod as a node tells of it in its event stream, checked.

use chrono::{DateTime, Utc};
use pod_logs::{ContainerSummary, InvalidName, PodRef, PodSummary, RunSummary};
use serde::{Deserialize, Deserializer, de::Error};

use super::node_name::parse_node_name;

/// The most containers of a pod, and runs of a container. A kubelet keeps one earlier run.
const MAX_PARTS: usize = 1024;

/// Data of an event that no gateway writes.
#[derive(Debug, thiserror::Error)]
pub(super) enum InvalidEvent {
    #[error("an event is no JSON of a pod: {0}")]
    Json(#[from] serde_json::Error),
    #[error("an event names no pod: {0}")]
    Name(#[from] InvalidName),
    #[error("an event has too many parts")]
    TooManyParts,
}

/// The data of the event `pod`.
#[derive(Debug)]
pub(super) enum ToldPod {
    Present(PodSummary),
    Removed(PodRef),
}

/// The data of the event `synced`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct NodeIdentity {
    /// The name of the node.
    #[serde(deserialize_with = "node_name")]
    pub(super) node: String,
    /// When its gateway started.
    pub(super) started_at: DateTime<Utc>,
}

fn node_name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    parse_node_name(&String::deserialize(deserializer)?).map_err(D::Error::custom)
}

impl NodeIdentity {
    pub(super) fn parse(data: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(data)
    }
}

#[derive(Deserialize)]
struct WirePod {
    event: PodEvent,
    namespace: String,
    pod: String,
    uid: String,
    created_at: Option<DateTime<Utc>>,
    #[serde(default)]
    incarnations: Vec<String>,
    #[serde(default)]
    containers: Vec<WireContainer>,
}

#[derive(Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum PodEvent {
    Added,
    Changed,
    Removed,
}

#[derive(Deserialize)]
struct WireContainer {
    name: String,
    last_write: Option<DateTime<Utc>>,
    runs: Vec<WireRun>,
}

#[derive(Deserialize)]
struct WireRun {
    restart: u32,
    first_time: Option<DateTime<Utc>>,
    last_time: Option<DateTime<Utc>>,
    size: u64,
}

impl ToldPod {
    pub(super) fn parse(data: &[u8]) -> Result<Self, InvalidEvent> {
        let wire: WirePod = serde_json::from_slice(data)?;
        let pod = PodRef { namespace: wire.namespace.parse()?, pod: wire.pod.parse()? };
        if wire.event == PodEvent::Removed {
            return Ok(Self::Removed(pod));
        }
        if wire.incarnations.len() > MAX_PARTS || wire.containers.len() > MAX_PARTS {
            return Err(InvalidEvent::TooManyParts);
        }
        let incarnations = wire.incarnations.iter().map(|uid| uid.parse());
        Ok(Self::Present(PodSummary {
            pod,
            uid: wire.uid.parse()?,
            node: None,
            object: None,
            incarnations: incarnations.collect::<Result<_, _>>()?,
            created_at: wire.created_at,
            containers: wire
                .containers
                .into_iter()
                .map(WireContainer::check)
                .collect::<Result<_, _>>()?,
        }))
    }
}

impl WireContainer {
    fn check(self) -> Result<ContainerSummary, InvalidEvent> {
        if self.runs.len() > MAX_PARTS {
            return Err(InvalidEvent::TooManyParts);
        }
        let runs = self.runs.into_iter().map(|run| {
            let WireRun { restart, first_time, last_time, size } = run;
            RunSummary { restart, first_time, last_time, size }
        });
        Ok(ContainerSummary {
            name: self.name.parse()?,
            last_write: self.last_write,
            runs: runs.collect(),
            status: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pod_that_a_gateway_writes_is_read() {
        let data = r#"{"event":"added","namespace":"shop","pod":"web","uid":"2","node":"n","labels":null,
            "phase":null,"created_at":"2026-11-01T10:00:00Z","incarnations":["1","2"],"containers":[
            {"name":"app","restart":1,"state":null,"started_at":null,"last_write":null,"size":9,
            "runs":[{"restart":1,"first_time":null,"last_time":null,"size":9}]}]}"#;
        let ToldPod::Present(pod) = ToldPod::parse(data.as_bytes()).unwrap() else { panic!() };
        assert_eq!((pod.pod.pod.as_str(), pod.uid.as_str()), ("web", "2"));
        assert_eq!((pod.incarnations.len(), pod.containers[0].size()), (2, Some(9)));
        let greatest =
            data.replace("\"runs\":[", "\"runs\":[{\"restart\":0,\"size\":18446744073709551615},");
        let ToldPod::Present(pod) = ToldPod::parse(greatest.as_bytes()).unwrap() else { panic!() };
        assert_eq!(pod.containers[0].size(), Some(u64::MAX));
        let data = br#"{"event":"removed","namespace":"shop","pod":"web","uid":"2"}"#;
        assert!(matches!(ToldPod::parse(data), Ok(ToldPod::Removed(_))));
    }

    #[test]
    fn name_of_a_node_is_one_of_kubernetes() {
        let parse = |name: &str| {
            let data = serde_json::json!({"node": name, "started_at": "2026-11-01T10:00:00Z"});
            NodeIdentity::parse(data.to_string().as_bytes())
        };
        assert_eq!(parse("node-1.example_a").unwrap().node, "node-1.example_a");
        for name in ["", "a b", "a\r\nx: y", "\"", "é", &"a".repeat(254)] {
            assert!(parse(name).is_err(), "{name}");
        }
    }

    #[test]
    fn lies_are_refused() {
        let pod = |namespace: &str, name: &str, uid: &str, containers: &str| {
            let data = format!(
                r#"{{"event":"added","namespace":"{namespace}","pod":"{name}","uid":"{uid}","containers":[{containers}]}}"#
            );
            ToldPod::parse(data.as_bytes()).map(|_| ())
        };
        pod("shop", "web", "1", "").unwrap();
        let container = r#"{"name":"app","runs":[]}"#;
        pod("shop", "web", "1", container).unwrap();
        for (namespace, name, uid, containers) in [
            ("..", "web", "1", ""),
            ("shop", "a/b", "1", ""),
            ("shop", "web", "../1", ""),
            ("shop", "web", "1", r#"{"name":"..","runs":[]}"#),
            ("shop", "web", "1", r#"{"name":"app","runs":[{"restart":-1,"size":0}]}"#),
            ("shop", "web", "1", &vec![container; MAX_PARTS + 1].join(",")),
        ] {
            assert!(pod(namespace, name, uid, containers).is_err(), "{namespace}/{name}/{uid}");
        }
        for data in ["", "true", "[]", "{}", "\u{0}"] {
            assert!(ToldPod::parse(data.as_bytes()).is_err(), "{data}");
        }
    }
}
