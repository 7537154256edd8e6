//! The logs of a cluster, as its API server gives them.

use std::io;

use http::StatusCode;
use serde_json::{Value, json};

use super::{
    api::{
        api_error::ApiError,
        api_server::{ApiServer, ImpersonatedUser},
        container_runs::uid_of,
        log_request::pod_uri,
    },
    choice::{begin_of, check_cursor, choose},
    container_log::{ContainerLog, OpenError},
    passthrough::{PassError, PassOptions, PassedLog},
    pods::reduced_pod::reduce,
    workloads::workload::{Workload, WorkloadRef},
};
use crate::{
    line::target::{LogName, PodRef, PodUid},
    query::{ContainerChoice, LogQuery},
    source::{
        files::{locate::locate_error::LocateError, located::LocatedLog},
        log_input::LogInput,
        pods::seen_pod::SeenPod,
    },
};

/// How often a log is begun anew because its container was started again meanwhile.
pub(super) const ATTEMPTS: usize = 3;

/// The logs of a cluster.
#[derive(Debug, Clone)]
pub struct KubernetesSource {
    server: ApiServer,
}

/// The logs of a pod that answer a query. Nothing was read of them.
#[derive(Debug)]
pub struct FoundPodLogs {
    uid: PodUid,
    logs: Vec<ContainerLog>,
}

impl KubernetesSource {
    /// The logs that this API server gives.
    #[must_use]
    pub fn new(server: ApiServer) -> Self {
        Self { server }
    }

    /// The log of a pod in the very bytes of the API server.
    ///
    /// # Errors
    /// When the API server gives another answer, or none.
    pub async fn pass(
        &self,
        pod: &PodRef,
        options: PassOptions,
        user: Option<ImpersonatedUser>,
    ) -> Result<PassedLog, PassError> {
        PassedLog::open(&self.server.for_user(user), pod, options).await
    }

    /// Whether the cluster gives out one stream of a container alone, as far as that is known.
    #[must_use]
    pub fn offers_streams(&self) -> bool {
        self.server.is_known_to_offer_streams()
    }

    /// The API server, asked for a user, if the rights of a user in the cluster count.
    #[must_use]
    pub fn server(&self, user: Option<ImpersonatedUser>) -> ApiServer {
        self.server.for_user(user)
    }

    /// The workload; asked for `user`, if the rights of a user in the cluster count.
    ///
    /// # Errors
    /// When it does not exist, or the API server does not tell.
    pub async fn workload(
        &self,
        workload: &WorkloadRef,
        user: Option<ImpersonatedUser>,
    ) -> Result<Workload, ApiError> {
        Workload::ask(&self.server.for_user(user), workload).await
    }

    /// The pod, reduced to what readers of its logs may see; asked for `user`, if the rights of a
    /// user in the cluster count.
    ///
    /// # Errors
    /// When it does not exist, or the API server does not tell.
    pub async fn reduced_pod(
        &self,
        pod: &PodRef,
        user: Option<ImpersonatedUser>,
    ) -> Result<Option<SeenPod>, ApiError> {
        let object = self.server.for_user(user).object(&pod_uri(pod)).await?;
        let object: Value =
            serde_json::from_slice(&object).map_err(|error| ApiError::Unreachable(error.into()))?;
        let version = object.pointer("/metadata/resourceVersion").and_then(Value::as_str);
        let version = version.and_then(|version| version.parse().ok()).unwrap_or_default();
        Ok(reduce(&object).map(|pod| SeenPod { version, ..pod }))
    }

    /// Whether a user may do this in the cluster (`ResourceAttributes` of `authorization.k8s.io`).
    ///
    /// # Errors
    /// When the API server does not tell.
    pub async fn is_allowed(
        &self,
        attributes: &Value,
        user: ImpersonatedUser,
    ) -> Result<bool, ApiError> {
        let review = json!({
            "kind": "SelfSubjectAccessReview",
            "apiVersion": "authorization.k8s.io/v1",
            "spec": { "resourceAttributes": attributes },
        });
        let uri = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
        let answer = self.server.for_user(Some(user)).posted(uri, &review).await?;
        let answer: Value =
            serde_json::from_slice(&answer).map_err(|error| ApiError::Unreachable(error.into()))?;
        Ok(answer["status"]["allowed"] == true)
    }

    /// Finds the logs that answer a query about a pod, from what the pod says of its containers; for
    /// `user`, if the rights of a user in the cluster count.
    ///
    /// # Errors
    /// When the log does not exist, or the API server does not tell.
    pub async fn find(
        &self,
        pod: &PodRef,
        query: &LogQuery,
        user: Option<ImpersonatedUser>,
    ) -> Result<FoundPodLogs, LocateError> {
        let server = self.server.for_user(user);
        if query.filter.stream.is_some()
            && !server.offers_streams(Some(pod)).await.map_err(LocateError::from)?
        {
            return Err(LocateError::NoStreams);
        }
        let object = server.pod(pod).await.map_err(no_pod)?;
        let uid = uid_of(&object).ok_or(LocateError::NoPod)?;
        if query.uid.as_ref().is_some_and(|asked| *asked != uid) {
            return Err(LocateError::NoPod);
        }
        check_cursor(query, &uid)?;
        let mut logs = Vec::new();
        for container in choose(&object, query)? {
            let name = LogName { pod: pod.clone(), uid: uid.clone(), container };
            match begin_of(&server, &object, name, query) {
                Ok(log) => logs.push(log),
                // What is there of several logs is what there is.
                Err(LocateError::NoPrevious | LocateError::NoRun | LocateError::Refused(_))
                    if query.container == ContainerChoice::All => {}
                Err(error) => return Err(error),
            }
        }
        match logs.is_empty() {
            false => Ok(FoundPodLogs { uid, logs }),
            true if query.previous => Err(LocateError::NoPrevious),
            true if query.run.is_some() => Err(LocateError::NoRun),
            true => Err(LocateError::NoLog),
        }
    }

    /// Finds the logs and begins to read them.
    ///
    /// # Errors
    /// When a log does not exist, or the API server does not give it.
    pub async fn open(
        &self,
        pod: &PodRef,
        query: &LogQuery,
        user: Option<ImpersonatedUser>,
    ) -> Result<LocatedLog, LocateError> {
        let mut attempts = 1;
        loop {
            let found = self.find(pod, query, user.clone()).await?;
            match found.open(query).await {
                Err(OpenError::Begun) if attempts < ATTEMPTS => attempts += 1,
                Err(OpenError::Begun) => {
                    let error = io::Error::other("the container is started again and again");
                    return Err(LocateError::ServerUnavailable(error));
                }
                Err(OpenError::Locate(error)) => return Err(error),
                Ok(log) => return Ok(log),
            }
        }
    }
}

impl FoundPodLogs {
    /// Checks that there is something to read now, or that the query waits for it.
    ///
    /// # Errors
    /// When no container was started.
    pub fn check(&self, query: &LogQuery) -> Result<(), LocateError> {
        let is_waiting = !query.follow && self.logs.iter().all(|log| log.start.run.is_none());
        match self.logs.first().filter(|_| is_waiting) {
            Some(waiting) => Err(waiting.waiting()),
            None => Ok(()),
        }
    }

    async fn open(self, query: &LogQuery) -> Result<LocatedLog, OpenError> {
        let Self { uid, logs } = self;
        let mut inputs = Vec::new();
        for log in logs {
            match log.open(query).await {
                Ok(log) => inputs.push(LogInput::Kubernetes(Box::new(log))),
                Err(OpenError::Locate(LocateError::Refused(_)))
                    if query.container == ContainerChoice::All => {}
                Err(error) => return Err(error),
            }
        }
        if inputs.is_empty() {
            return Err(OpenError::Locate(LocateError::NoLog));
        }
        Ok(LocatedLog { uid, logs: inputs, new_containers: None })
    }
}

impl From<ApiError> for LocateError {
    fn from(error: ApiError) -> Self {
        match error {
            ApiError::Refused { status: StatusCode::FORBIDDEN, message } => {
                Self::Forbidden(message)
            }
            ApiError::Refused {
                status: StatusCode::NO_CONTENT | StatusCode::BAD_REQUEST | StatusCode::NOT_FOUND,
                message,
            } => Self::Refused(message),
            error => Self::ServerUnavailable(error.into()),
        }
    }
}

fn no_pod(error: ApiError) -> LocateError {
    if error.is_not_found() { LocateError::NoPod } else { error.into() }
}
