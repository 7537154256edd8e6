//! Requests to the API server.

use std::{io, path::Path, sync::Arc, time::Duration};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::{
    Request, Response, StatusCode,
    header::{CONTENT_TYPE, DATE},
    request,
};
use http_body_util::{BodyExt, Collected, Limited};
use k8s_openapi::api::core::v1::Pod;
use kube::{Client, Config, client::Body, config::Kubeconfig};
use serde_json::Value;
use tokio::{
    sync::{OnceCell, OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use super::{
    api_error::ApiError,
    log_request::{LogRequest, pod_uri},
};
use crate::line::target::PodRef;

/// How long the API server may take to begin an answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(5);
/// The longest answer that is read whole, in bytes. An object has at most 1.5 MiB in etcd.
const MAX_OBJECT: usize = 4 * 1024 * 1024;
/// How many logs are read at once.
const MAX_LOGS: usize = 1000;

/// The API server of a cluster.
#[derive(Clone)]
pub struct ApiServer {
    client: Client,
    /// A place for each log that is read.
    logs: Arc<Semaphore>,
    offers_streams: Arc<OnceCell<bool>>,
    /// Whose rights count. `None`: those of the gateway.
    user: Option<Arc<ImpersonatedUser>>,
}

/// A user for whom the API server is asked, whose rights in the cluster then count.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ImpersonatedUser {
    /// The name of the user in the cluster.
    pub user: String,
    /// The groups of the user in the cluster.
    pub groups: Vec<String>,
}

/// An answer of the API server, as it is.
#[derive(Debug)]
pub struct ApiAnswer {
    /// The status code.
    pub status: u16,
    /// The type of the body.
    pub content_type: String,
    /// The whole body.
    pub body: Bytes,
}

/// The credentials for an API server cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ConnectError(String);

/// The log of a container on its way, and its place among those that are read.
pub(crate) struct OpenLog {
    pub(crate) body: Body,
    /// When the API server answered, by its own clock. `None` if it did not tell.
    pub(crate) answered_at: Option<DateTime<Utc>>,
    pub(crate) place: OwnedSemaphorePermit,
}

impl ApiServer {
    /// The API server that a kubeconfig names; without one, that of the cluster that the gateway
    /// runs in. Has to be called within a tokio runtime. Nothing is asked yet.
    ///
    /// # Errors
    /// When the kubeconfig or the credentials of the pod cannot be read or used.
    pub fn connect(kubeconfig: Option<&Path>) -> Result<Self, ConnectError> {
        let client = Client::try_from(configuration(kubeconfig)?).map_err(told)?;
        Ok(Self {
            client,
            logs: Arc::new(Semaphore::new(MAX_LOGS)),
            offers_streams: Arc::default(),
            user: None,
        })
    }

    /// Reads the configuration without using it.
    ///
    /// # Errors
    /// As [`connect`](Self::connect).
    pub fn check(kubeconfig: Option<&Path>) -> Result<(), ConnectError> {
        configuration(kubeconfig).map(drop)
    }

    /// The same API server, asked for this user.
    #[must_use]
    pub fn for_user(&self, user: Option<ImpersonatedUser>) -> Self {
        Self { user: user.map(Arc::new), ..self.clone() }
    }

    /// Whether the rights of a user count, not those of the gateway.
    pub(crate) fn is_for_user(&self) -> bool {
        self.user.is_some()
    }

    /// The pod.
    pub(crate) async fn pod(&self, pod: &PodRef) -> Result<Pod, ApiError> {
        let body = self.object(&pod_uri(pod)).await?;
        serde_json::from_slice(&body).map_err(|error| ApiError::Unreachable(error.into()))
    }

    /// Begins to read the log of a container.
    pub(crate) async fn log(&self, pod: &PodRef, log: &LogRequest) -> Result<OpenLog, ApiError> {
        let place = self.place().ok_or_else(ApiError::too_many_logs)?;
        let answer = self.send(&log.uri(pod)).await?;
        match answer.status() {
            StatusCode::OK => {
                let answered_at = time_of(&answer);
                Ok(OpenLog { body: answer.into_body(), answered_at, place })
            }
            // The pod has not been assigned to a node.
            StatusCode::NO_CONTENT => Err(ApiError::Refused {
                status: StatusCode::NO_CONTENT,
                message: "the pod has not been assigned to a node".into(),
            }),
            status => Err(ApiError::refused(status, &whole(answer, MAX_OBJECT).await?)),
        }
    }

    /// Whether the cluster gives out one stream of a container alone. Asked once, by way of this pod
    /// or of any.
    pub(crate) async fn offers_streams(&self, pod: Option<&PodRef>) -> Result<bool, ApiError> {
        let ask = async || {
            // Options are validated before a pod is looked for, and after permissions. What is no
            // stream is refused in other words where none may be named, and ignored by clusters that
            // know no streams.
            let pod = pod.map_or_else(|| "/api/v1/namespaces/default/pods/none".into(), pod_uri);
            match self.object(&format!("{pod}/log?stream=None")).await {
                Err(ApiError::Refused { status: StatusCode::UNPROCESSABLE_ENTITY, message }) => {
                    Ok(message.contains("Unsupported value"))
                }
                Err(error) if error.is_passing() || error.is_forbidden() => Err(error),
                Ok(_) | Err(_) => Ok(false),
            }
        };
        self.offers_streams.get_or_try_init(ask).await.copied()
    }

    /// Whether the cluster gives out one stream of a container alone, as far as that is known.
    pub(crate) fn is_known_to_offer_streams(&self) -> bool {
        self.offers_streams.get().copied().unwrap_or_default()
    }

    /// An answer that is read whole.
    pub(crate) async fn object(&self, uri: &str) -> Result<Bytes, ApiError> {
        self.bounded_object(uri, MAX_OBJECT).await
    }

    /// The same, of at most so many bytes.
    pub(crate) async fn bounded_object(&self, uri: &str, max: usize) -> Result<Bytes, ApiError> {
        whole(self.succeeded(self.send(uri).await?).await?, max).await
    }

    /// The answer, if it is not a refusal.
    pub(crate) async fn succeeded(
        &self,
        answer: Response<Body>,
    ) -> Result<Response<Body>, ApiError> {
        match answer.status() {
            StatusCode::OK => Ok(answer),
            status => Err(ApiError::refused(status, &whole(answer, MAX_OBJECT).await?)),
        }
    }

    /// A place among the logs that are read. `None` if there are too many.
    pub(crate) fn place(&self) -> Option<OwnedSemaphorePermit> {
        self.logs.clone().try_acquire_owned().ok()
    }

    /// The answer about a pod, as it is.
    ///
    /// # Errors
    /// When there is none.
    pub async fn answer_about(&self, pod: &PodRef) -> Result<ApiAnswer, ApiError> {
        ApiAnswer::read(self.send(&pod_uri(pod)).await?).await
    }

    /// The answer to an object that is posted, read whole.
    pub(crate) async fn posted(&self, uri: &str, object: &Value) -> Result<Bytes, ApiError> {
        let request = Request::post(uri).header(CONTENT_TYPE, "application/json");
        let answer = self.send_request(request, object.to_string().into_bytes().into()).await?;
        let status = answer.status();
        let body = whole(answer, MAX_OBJECT).await?;
        if status.is_success() { Ok(body) } else { Err(ApiError::refused(status, &body)) }
    }

    /// An answer of any status, once its head is there.
    pub(crate) async fn send(&self, uri: &str) -> Result<Response<Body>, ApiError> {
        self.send_request(Request::get(uri), Body::empty()).await
    }

    async fn send_request(
        &self,
        request: request::Builder,
        body: Body,
    ) -> Result<Response<Body>, ApiError> {
        let mut request = request.header("accept", "application/json");
        if let Some(user) = &self.user {
            request = request.header("impersonate-user", &user.user);
            for group in &user.groups {
                request = request.header("impersonate-group", group);
            }
        }
        let request = request.body(body);
        let request = request.map_err(|error| ApiError::Unreachable(io::Error::other(error)))?;
        let answer = timeout(PATIENCE, self.client.send(request)).await;
        Ok(answer.map_err(|_| ApiError::TimedOut(PATIENCE))??)
    }
}

impl std::fmt::Debug for ApiServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The client holds credentials.
        f.debug_struct("ApiServer").field("user", &self.user).finish_non_exhaustive()
    }
}

impl ApiAnswer {
    pub(crate) async fn read(answer: Response<Body>) -> Result<Self, ApiError> {
        let status = answer.status().as_u16();
        let kind = answer.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let content_type = kind.unwrap_or("application/json").to_owned();
        Ok(Self { status, content_type, body: whole(answer, MAX_OBJECT).await? })
    }
}

/// When the answer was made, by the clock of the API server.
fn time_of(answer: &Response<Body>) -> Option<DateTime<Utc>> {
    let date = answer.headers().get(DATE)?.to_str().ok()?;
    DateTime::parse_from_rfc2822(date).ok().map(|date| date.to_utc())
}

/// The rest of an answer.
async fn whole(answer: Response<Body>, max: usize) -> Result<Bytes, ApiError> {
    let reading = Limited::new(answer.into_body(), max).collect();
    let body = timeout(PATIENCE, reading).await.map_err(|_| ApiError::TimedOut(PATIENCE))?;
    body.map(Collected::to_bytes).map_err(|error| ApiError::Unreachable(io::Error::other(error)))
}

fn configuration(kubeconfig: Option<&Path>) -> Result<Config, ConnectError> {
    let mut config = match kubeconfig {
        Some(path) => {
            let kubeconfig = Kubeconfig::read_from(path).map_err(told)?;
            Config::try_from(kubeconfig).map_err(told)?
        }
        None => Config::incluster().map_err(told)?,
    };
    config.connect_timeout = Some(CONNECT);
    // A log that is followed may be silent.
    (config.read_timeout, config.write_timeout) = (None, Some(PATIENCE));
    // No proxy of the environment stands between the gateway and its cluster, and what is to be
    // asked again is decided here.
    (config.proxy_url, config.default_retry) = (None, false);
    Ok(config)
}

/// All causes of an error in one line.
fn told(error: impl std::error::Error) -> ConnectError {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        cause = error.source();
    }
    ConnectError(text)
}
