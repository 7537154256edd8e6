//! Keeping the pods of a cluster current: a list, and watches from there on.

use std::{
    collections::BTreeSet,
    sync::Arc,
    time::{Duration, Instant},
};

use http::StatusCode;
use http_body_util::BodyExt;
use serde::Deserialize;
use serde_json::Value;
use tokio::{
    task::AbortHandle,
    time::{sleep, timeout},
};
use tracing::{Instrument, error_span};

use super::{
    pod_list::PodList,
    pod_scope::PodScope,
    reduced_pod::reduce,
    watch_events::{EventReader, NoEvent, WatchEvent},
};
use crate::{
    line::target::PodRef,
    source::{
        kubernetes::api::{api_error::ApiError, denial::Denial},
        pods::seen_pod::SeenPod,
    },
};

/// How many pods are listed at once.
const PAGE: usize = 250;
/// The longest page of a list, in bytes.
const MAX_PAGE: usize = 64 * 1024 * 1024;
/// How long a watch lasts. Then the next one begins where it ended.
const WATCH: Duration = Duration::from_secs(120);
/// The same for a user, whose rights are decided anew with each watch.
const WATCH_OF_USER: Duration = Duration::from_secs(10);
/// How much longer a watch may take before it is given up.
const WATCH_PATIENCE: Duration = Duration::from_secs(15);
/// The first and the longest wait before the API server is asked again.
const RETRY: [Duration; 2] = [Duration::from_millis(200), Duration::from_secs(10)];

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

/// Tasks that follow the pods. They end when it is dropped.
#[derive(Debug)]
pub(super) struct Following {
    pods: Arc<PodList>,
    tasks: Vec<AbortHandle>,
}

impl Following {
    /// Begins to follow the pods, each scope on a task of its own.
    pub(super) fn start(pods: &Arc<PodList>) -> Self {
        let spawn = |scope| {
            let following = follow(pods.clone(), scope);
            tokio::spawn(following.instrument(error_span!("cluster_pods"))).abort_handle()
        };
        Self { pods: pods.clone(), tasks: (0..pods.scopes.len()).map(spawn).collect() }
    }

    /// Lets the tasks go on as long as the process.
    pub(super) fn detach(mut self) {
        self.tasks.clear();
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        for (task, scope) in self.tasks.iter().zip(&self.pods.scopes) {
            task.abort();
            scope.set_watched(false);
        }
    }
}

impl WatchError {
    /// What the API server refused, if it did.
    fn refusal(&self) -> Option<&ApiError> {
        match self {
            Self::Api(error) => Some(error),
            Self::Event(_) | Self::Cut(_) | Self::TooOld | Self::Ended(_) => None,
        }
    }
}

/// Has the API server decide again which pods of the scope there are for the user.
///
/// # Errors
/// When the user may not list them, or the API server does not answer.
pub(super) async fn refresh(pods: &PodList, scope: &PodScope) -> Result<(), ApiError> {
    let asked = Instant::now();
    let mut last_list = scope.last_list.lock().await;
    if last_list.is_some_and(|began| began >= asked) {
        // Another request of the user that waited has listed since.
        return Ok(());
    }
    let began = Instant::now();
    if scope.is_watched() {
        // What there is, is known; whether the user may know it, is asked.
        pods.server.object(&format!("{}?limit=1", scope.uri())).await?;
    } else {
        list(pods, scope).await?;
    }
    *last_list = Some(began);
    Ok(())
}

/// Lists and watches, again and again.
async fn follow(pods: Arc<PodList>, scope: usize) {
    let scope = &pods.scopes[scope];
    let (mut version, mut wait, mut denial) = (None, RETRY[0], Denial::default());
    loop {
        let followed = follow_once(&pods, scope, &mut version).await;
        scope.set_watched(false);
        let failure = match followed {
            Ok(()) => {
                (wait, denial) = (RETRY[0], Denial::default());
                continue;
            }
            Err(WatchError::TooOld) => {
                version = None;
                continue;
            }
            Err(error) => error,
        };
        tracing::debug!(error = %failure, "a watch of pods ended");
        if denial.is_lasting(failure.refusal()) {
            pods.forget(scope);
            version = None;
        }
        if !matches!(failure, WatchError::Cut(_)) {
            pods.note(Some(failure.to_string()));
        }
        sleep(wait).await;
        wait = (2 * wait).min(RETRY[1]);
    }
}

/// Lists the pods if nothing is known, and watches them until the watch ends.
async fn follow_once(
    pods: &PodList,
    scope: &PodScope,
    version: &mut Option<String>,
) -> Result<(), WatchError> {
    let last_list = scope.last_list.lock().await;
    // What was forgotten is not told again by a watch.
    let from = match version.take().filter(|_| !scope.is_refused()) {
        Some(version) => version,
        None => list(pods, scope).await?,
    };
    let from = version.insert(from);
    let time = if pods.server.is_for_user() { WATCH_OF_USER } else { WATCH };
    let uri = format!(
        "{}?watch=true&allowWatchBookmarks=true&timeoutSeconds={}&resourceVersion={from}",
        scope.uri(),
        time.as_secs(),
    );
    let answer = pods.server.send(&uri).await?;
    if answer.status() == StatusCode::GONE {
        return Err(WatchError::TooOld);
    }
    let mut body = pods.server.succeeded(answer).await?.into_body();
    pods.note(None);
    scope.set_watched(true);
    drop(last_list);
    let watching = async {
        let mut events = EventReader::default();
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(WatchError::Cut)?;
            let Ok(bytes) = frame.into_data() else { continue };
            apply(pods, events.take(&bytes)?, from)?;
        }
        Ok(())
    };
    // One that does not end in time is dead.
    timeout(time + WATCH_PATIENCE, watching).await.unwrap_or(Ok(()))
}

/// Applies events, and notes the version up to which they are known.
fn apply(pods: &PodList, events: Vec<WatchEvent>, version: &mut String) -> Result<(), WatchError> {
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
        pods.tell(told);
    }
    end
}

/// Lists the pods, page by page. The answer is the version of the list.
async fn list(pods: &PodList, scope: &PodScope) -> Result<String, ApiError> {
    let server = &pods.server;
    let (mut listed, mut token) = (Vec::new(), String::new());
    let version = loop {
        let uri = format!("{}?limit={PAGE}{token}", scope.uri());
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
    let gone = pods.known(scope).into_iter().filter(|pod| !names.contains(pod));
    let gone = gone.map(|pod| (pod, None)).collect::<Vec<_>>();
    let listed = listed.into_iter().map(|pod| (pod.pod.clone(), Some(pod)));
    pods.tell(gone.into_iter().chain(listed));
    scope.set_refused(false);
    pods.note_listed();
    if !server.is_for_user()
        && let Err(error) = server.offers_streams(None).await
    {
        tracing::debug!(%error, "cannot ask for the streams of containers");
    }
    Ok(version)
}

fn encoded(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}
