//! One list and watch of all pods, which feeds the inventory.

use std::{
    collections::BTreeSet,
    io,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use chrono::{DateTime, Utc};
use http::StatusCode;
use http_body_util::BodyExt;
use serde::Deserialize;
use serde_json::Value;
use tokio::time::{sleep, timeout};
use tracing::{Instrument, error_span};

use super::{
    reduced_pod::{reduce, summary},
    watch_events::{EventReader, NoEvent, WatchEvent},
};
use crate::{
    line::target::PodRef,
    merge_clock::MergeClock,
    source::{
        kubernetes::api::{api_error::ApiError, api_server::ApiServer},
        pods::{
            inventory::{PodInventory, PodSurvey, TooOld},
            pod_change::PodsByName,
            pod_summary::{PodSummaries, PodSummary},
            pod_watch::PodWatch,
            seen_pod::SeenPod,
        },
    },
};

/// How many pods are listed at once.
const PAGE: usize = 250;
/// The longest page of a list, in bytes.
const MAX_PAGE: usize = 64 * 1024 * 1024;
/// How long a watch lasts, in seconds. Then the next one begins where it ended.
const WATCH_SECONDS: u64 = 120;
/// After how long a watch that has not ended is given up.
const WATCH_PATIENCE: Duration = Duration::from_secs(WATCH_SECONDS + 15);
/// The first and the longest wait before the API server is asked again.
const RETRY: [Duration; 2] = [Duration::from_millis(200), Duration::from_secs(10)];

/// The pods of a cluster.
#[derive(Debug)]
pub struct ClusterPods {
    inventory: Arc<PodInventory>,
    /// All pods were listed once.
    is_listed: AtomicBool,
    /// Why the pods are not known at present, if so.
    failure: Mutex<Option<String>>,
}

/// A page of a list.
#[derive(Deserialize)]
struct PodPage {
    metadata: PageMetadata,
    #[serde(default)]
    items: Vec<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PageMetadata {
    resource_version: String,
    #[serde(default)]
    r#continue: String,
}

/// Why a watch ends before its time.
#[derive(Debug, thiserror::Error)]
enum WatchError {
    #[error(transparent)]
    Api(#[from] ApiError),
    #[error(transparent)]
    Event(#[from] NoEvent),
    #[error("the connection was cut: {0}")]
    Cut(kube::Error),
    /// What changed since the version is not known there any more.
    #[error("the version is too old")]
    TooOld,
    #[error("the API server ends the watch: {0}")]
    Ended(String),
}

impl ClusterPods {
    /// Watches the pods of the cluster from now on, on a task of its own.
    #[must_use]
    pub fn watched(server: ApiServer, clock: MergeClock) -> Arc<Self> {
        let failure = Mutex::new(Some("the pods of the cluster are not listed yet".to_owned()));
        let pods =
            Arc::new(Self { inventory: Arc::default(), is_listed: AtomicBool::default(), failure });
        let following = follow(pods.clone(), server, clock);
        tokio::spawn(following.instrument(error_span!("cluster_pods")));
        pods
    }

    /// Checks that the pods are known.
    ///
    /// # Errors
    /// When they are not listed yet, or the API server does not answer.
    pub fn check(&self) -> io::Result<()> {
        let failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        failure.as_ref().map_or(Ok(()), |failure| Err(io::Error::other(failure.clone())))
    }

    /// The pods as they are known at the time `now`.
    ///
    /// # Errors
    /// When they are not listed yet.
    pub fn survey(&self, now: DateTime<Utc>) -> io::Result<PodSurvey> {
        if !self.is_listed.load(Ordering::Acquire) {
            self.check()?;
        }
        Ok(self.inventory.present(now))
    }

    /// The pods as they were at this version of the survey.
    ///
    /// # Errors
    /// When that is not known.
    pub fn pods_at(&self, version: u64) -> Result<PodsByName, TooOld> {
        self.inventory.pods_at(version)
    }

    /// Begins to wait for what changes after this version of the survey.
    ///
    /// # Errors
    /// When that is not known.
    pub fn watch(&self, version: u64) -> Result<PodWatch, TooOld> {
        self.inventory.watch(version)
    }

    /// The pods that `may_see` lets through, sorted by namespace and name.
    ///
    /// # Errors
    /// When they are not listed yet.
    pub fn summaries(
        &self,
        now: DateTime<Utc>,
        may_see: impl Fn(&PodRef) -> bool,
    ) -> io::Result<Vec<PodSummary>> {
        let survey = self.survey(now)?;
        let seen = survey.pods.values().filter(|pod| may_see(&pod.pod));
        Ok(seen.map(|pod| summary(pod)).collect())
    }

    /// All pods, sorted by namespace and name.
    ///
    /// # Errors
    /// When they are not listed yet.
    pub fn all(&self, now: DateTime<Utc>) -> io::Result<PodSummaries> {
        Ok(Arc::new(self.summaries(now, |_| true)?.into_iter().map(Arc::new).collect()))
    }

    fn note(&self, failure: Option<String>) {
        let mut known = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(failure) = failure.as_ref().filter(|_| known.is_none()) {
            tracing::warn!(failure, "cannot watch the pods of the cluster");
        } else if failure.is_none() && known.is_some() {
            tracing::info!("the pods of the cluster are watched");
        }
        *known = failure;
    }
}

/// Lists and watches, again and again.
async fn follow(pods: Arc<ClusterPods>, server: ApiServer, clock: MergeClock) {
    let (mut version, mut wait) = (None, RETRY[0]);
    loop {
        let failure = match follow_once(&pods, &server, &clock, &mut version).await {
            Ok(()) => {
                wait = RETRY[0];
                continue;
            }
            Err(WatchError::TooOld) => {
                version = None;
                continue;
            }
            Err(error) => error,
        };
        tracing::debug!(error = %failure, "a watch of pods ended");
        if !matches!(failure, WatchError::Cut(_)) {
            pods.note(Some(failure.to_string()));
        }
        sleep(wait).await;
        wait = (2 * wait).min(RETRY[1]);
    }
}

/// Lists all pods if nothing is known, and watches them until the watch ends.
async fn follow_once(
    pods: &ClusterPods,
    server: &ApiServer,
    clock: &MergeClock,
    version: &mut Option<String>,
) -> Result<(), WatchError> {
    let from = match version.take() {
        Some(version) => version,
        None => list(pods, server, clock).await?,
    };
    let from = version.insert(from);
    let uri = format!(
        "/api/v1/pods?watch=true&allowWatchBookmarks=true&timeoutSeconds={WATCH_SECONDS}\
         &resourceVersion={from}"
    );
    let answer = server.send(&uri).await?;
    if answer.status() == StatusCode::GONE {
        return Err(WatchError::TooOld);
    }
    let mut body = server.succeeded(answer).await?.into_body();
    pods.note(None);
    let watching = async {
        let mut events = EventReader::default();
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(WatchError::Cut)?;
            let Ok(bytes) = frame.into_data() else { continue };
            apply(pods, events.take(&bytes)?, clock, from)?;
        }
        Ok(())
    };
    // One that does not end in time is dead.
    timeout(WATCH_PATIENCE, watching).await.unwrap_or(Ok(()))
}

/// Applies events, and notes the version up to which they are known.
fn apply(
    pods: &ClusterPods,
    events: Vec<WatchEvent>,
    clock: &MergeClock,
    version: &mut String,
) -> Result<(), WatchError> {
    let mut told: Vec<(PodRef, Option<SeenPod>)> = Vec::new();
    let mut end = Ok(());
    for WatchEvent { kind, object } in events {
        if kind == "ERROR" {
            let is_too_old = object["code"] == u16::from(StatusCode::GONE);
            let message = object["message"].as_str().unwrap_or_default().to_owned();
            end = Err(if is_too_old { WatchError::TooOld } else { WatchError::Ended(message) });
            break;
        }
        if let Some(newest) = object.pointer("/metadata/resourceVersion").and_then(Value::as_str) {
            newest.clone_into(version);
        }
        let pod = reduce(&object).filter(|_| kind != "BOOKMARK");
        told.extend(pod.map(|pod| (pod.pod.clone(), Some(pod).filter(|_| kind != "DELETED"))));
    }
    if !told.is_empty() {
        pods.inventory.tell(told, clock.now());
    }
    end
}

/// Lists all pods, page by page. The answer is the version of the list.
async fn list(
    pods: &ClusterPods,
    server: &ApiServer,
    clock: &MergeClock,
) -> Result<String, ApiError> {
    let (mut listed, mut token) = (Vec::new(), String::new());
    let version = loop {
        let uri = format!("/api/v1/pods?limit={PAGE}{token}");
        let page = server.bounded_object(&uri, MAX_PAGE).await?;
        let page: PodPage =
            serde_json::from_slice(&page).map_err(|error| ApiError::Unreachable(error.into()))?;
        listed.extend(page.items.iter().filter_map(reduce));
        if page.metadata.r#continue.is_empty() {
            break page.metadata.resource_version;
        }
        token = format!("&continue={}", encoded(&page.metadata.r#continue));
    };
    let names: BTreeSet<PodRef> = listed.iter().map(|pod: &SeenPod| pod.pod.clone()).collect();
    let known = pods.inventory.present(clock.now()).pods;
    let gone = known.values().filter(|pod| !names.contains(&pod.pod));
    let gone = gone.map(|pod| (pod.pod.clone(), None));
    let listed = listed.into_iter().map(|pod| (pod.pod.clone(), Some(pod)));
    pods.inventory.tell(gone.chain(listed).collect::<Vec<_>>(), clock.now());
    pods.is_listed.store(true, Ordering::Release);
    if let Err(error) = server.offers_streams().await {
        tracing::debug!(%error, "cannot ask for the streams of containers");
    }
    Ok(version)
}

fn encoded(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}
