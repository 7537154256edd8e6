//! Reads the event stream of one address, again and again.

use std::{collections::HashMap, sync::Arc, time::Duration};

use pod_logs::{PodRef, PodSummary};
use reqwest::{
    Response, StatusCode,
    header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, VIA},
};
use tokio::time::{Instant, error::Elapsed, sleep, timeout, timeout_at};

use super::{
    cluster::Cluster,
    cluster_state::StreamOrder,
    endpoint::{NodeEndpoint, NodeError, root_cause},
    event_stream::{EventReader, EventTooLong, StreamEvent},
    on_behalf::{OWN_VIA, REMOTE_USER},
    told_pod::{InvalidEvent, NodeIdentity, ToldPod},
};

/// The path of the stream. A heartbeat a second tells that the node is alive.
const EVENTS: &str = "/pods?heartbeat=1s";
/// Heartbeats may be this late at least.
const LEAST_SILENCE: Duration = Duration::from_secs(2);
/// How long a node may take to look at all its pods before it answers.
const FIRST_LOOK: Duration = Duration::from_secs(15);
/// How long all pods may take to be told.
const SYNC_TIMEOUT: Duration = Duration::from_secs(60);
/// The most pods of a node. A kubelet runs some hundreds.
const MAX_PODS: usize = 4096;
/// The most that a node may tell of its pods, in bytes.
const MAX_BYTES: usize = 16 * 1024 * 1024;
/// The first wait after a failure. Each further one is twice as long.
const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// How a front names itself to nodes.
const OWN_USER: HeaderValue = HeaderValue::from_static("logs-gateway-front");

/// Why an event stream ended.
#[derive(Debug, thiserror::Error)]
enum StreamEnd {
    #[error(transparent)]
    NoAnswer(#[from] NodeError),
    #[error("the node answered {0}")]
    Status(StatusCode),
    #[error("the node did not answer with events")]
    NoEvents,
    #[error("the node was silent for too long")]
    Silent(#[from] Elapsed),
    #[error("the connection broke: {}", root_cause(.0))]
    Broken(reqwest::Error),
    #[error("the node ended the stream")]
    Ended,
    #[error(transparent)]
    TooLong(#[from] EventTooLong),
    #[error(transparent)]
    Invalid(#[from] InvalidEvent),
    #[error("the node does not say its name: {0}")]
    NoIdentity(serde_json::Error),
    #[error("the node has more than {MAX_PODS} pods, or more than {MAX_BYTES} bytes about them")]
    TooManyPods,
}

/// Reads the event stream of this address for ever, and tells the cluster.
pub(super) async fn watch_node(endpoint: Arc<NodeEndpoint>, cluster: Arc<Cluster>) {
    let address = endpoint.address();
    let (mut wait, mut is_known_to_fail) = (FIRST_WAIT, false);
    loop {
        let mut stream = PodEvents::new(&endpoint, &cluster);
        let ended = stream.read().await;
        if stream.has_synced {
            (wait, is_known_to_fail) = (FIRST_WAIT, false);
        }
        // The stream that was told to begin anew has not failed.
        if let Err(end) = ended {
            cluster.lost(address, Instant::now());
            if !std::mem::replace(&mut is_known_to_fail, true) {
                tracing::warn!(error = %end, "a node is unreachable");
            } else {
                tracing::debug!(error = %end, "a node is still unreachable");
            }
        }
        sleep(wait).await;
        wait = (2 * wait).min(LONGEST_WAIT);
    }
}

/// One event stream.
struct PodEvents<'a> {
    endpoint: &'a NodeEndpoint,
    cluster: &'a Cluster,
    /// Until the first sync: what was told so far.
    told: HashMap<PodRef, PodSummary>,
    /// How many bytes were told of each pod that is there.
    sizes: HashMap<PodRef, usize>,
    bytes: usize,
    has_synced: bool,
}

impl<'a> PodEvents<'a> {
    fn new(endpoint: &'a NodeEndpoint, cluster: &'a Cluster) -> Self {
        let (told, sizes) = (HashMap::new(), HashMap::new());
        Self { endpoint, cluster, told, sizes, bytes: 0, has_synced: false }
    }

    /// Reads until the stream has to begin anew.
    async fn read(&mut self) -> Result<(), StreamEnd> {
        let mut response = self.open().await?;
        let mut reader = EventReader::default();
        let silence = self.endpoint.connector().timeout().max(LEAST_SILENCE);
        let mut heard = Instant::now();
        let sync_end = heard + SYNC_TIMEOUT;
        loop {
            let chunk = timeout_at(heard + silence, response.chunk()).await?;
            let chunk = chunk.map_err(|error| StreamEnd::Broken(error.without_url()))?;
            let events = reader.read(&chunk.ok_or(StreamEnd::Ended)?)?;
            // Parts of an event and comments are no heartbeats.
            if !self.has_synced || !events.is_empty() {
                heard = Instant::now();
            }
            for event in events {
                if self.take(&event)? == StreamOrder::BeginAnew {
                    return Ok(());
                }
            }
            if !self.has_synced && Instant::now() > sync_end {
                return Err(StreamEnd::NoEvents);
            }
        }
    }

    async fn open(&self) -> Result<Response, StreamEnd> {
        let headers = HeaderMap::from_iter([
            (HeaderName::from_static(REMOTE_USER), OWN_USER),
            (VIA, HeaderValue::from_static(OWN_VIA)),
            (ACCEPT, HeaderValue::from_static("text/event-stream")),
        ]);
        let response = timeout(FIRST_LOOK, self.endpoint.get(EVENTS, &headers)).await??;
        let content_type = response.headers().get(CONTENT_TYPE);
        let is_stream = content_type.is_some_and(|kind| kind == "text/event-stream");
        match response.status() {
            StatusCode::OK if is_stream => Ok(response),
            StatusCode::OK => Err(StreamEnd::NoEvents),
            status => Err(StreamEnd::Status(status)),
        }
    }

    fn take(&mut self, event: &StreamEvent) -> Result<StreamOrder, StreamEnd> {
        match &*event.name {
            b"pod" => self.take_pod(&event.data),
            b"synced" => self.sync(&event.data),
            b"end" => Err(StreamEnd::Ended),
            _ if self.has_synced => Ok(self.cluster.told(self.endpoint.address(), None)),
            _ => Ok(StreamOrder::GoOn),
        }
    }

    fn take_pod(&mut self, data: &[u8]) -> Result<StreamOrder, StreamEnd> {
        let told = ToldPod::parse(data)?;
        let (name, size) = match &told {
            ToldPod::Present(pod) => (&pod.pod, data.len()),
            ToldPod::Removed(pod) => (pod, 0),
        };
        self.count(name, size)?;
        if self.has_synced {
            return Ok(self.cluster.told(self.endpoint.address(), Some(told)));
        }
        match told {
            ToldPod::Present(pod) => drop(self.told.insert(pod.pod.clone(), pod)),
            ToldPod::Removed(pod) => drop(self.told.remove(&pod)),
        }
        Ok(StreamOrder::GoOn)
    }

    fn count(&mut self, pod: &PodRef, size: usize) -> Result<(), StreamEnd> {
        let before = match size {
            0 => self.sizes.remove(pod),
            _ => self.sizes.insert(pod.clone(), size),
        };
        self.bytes = self.bytes + size - before.unwrap_or(0);
        if self.sizes.len() > MAX_PODS || self.bytes > MAX_BYTES {
            return Err(StreamEnd::TooManyPods);
        }
        Ok(())
    }

    fn sync(&mut self, data: &[u8]) -> Result<StreamOrder, StreamEnd> {
        let identity = NodeIdentity::parse(data).map_err(StreamEnd::NoIdentity)?;
        let pods = std::mem::take(&mut self.told).into_values().collect();
        if !std::mem::replace(&mut self.has_synced, true) {
            tracing::info!(node = identity.node, "a node is reachable");
        }
        self.cluster.synced(self.endpoint.address(), identity, pods, Instant::now());
        Ok(StreamOrder::GoOn)
    }
}
