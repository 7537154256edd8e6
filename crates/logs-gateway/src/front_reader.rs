//! Reading logs of nodes: on which are they, what do they answer.

use std::{io, sync::Arc};

use bytes::Bytes;
use pod_logs::{
    ContainerName, FrontSelection, History, LocateError, LogForm, LogQuery, MergedCursor, PodRef,
    PodUid,
};
use reqwest::{
    Method, Response, StatusCode,
    header::{CONTENT_TYPE, HeaderMap},
};
use service_runtime::clock::Clock;

use crate::{
    end_reason::EndReason,
    many_choice::ManyChoice,
    nodes::{NodeError, NodeHandle, Nodes, PermissionCheck},
    reader::{ReadError, ReadManyError},
    stream::{ForwardedLog, MergedNodes, MergedQuery, NodesQuestion, TooManyLogs},
};

/// The longest answer of a node that is no log, in bytes.
const MAX_REFUSAL_BYTES: usize = 64 * 1024;
/// What a node may answer that is passed on. Others are about the front, not about its client.
const REFUSALS: [StatusCode; 7] = [
    StatusCode::BAD_REQUEST,
    StatusCode::NOT_FOUND,
    StatusCode::NOT_ACCEPTABLE,
    StatusCode::GONE,
    StatusCode::UNPROCESSABLE_ENTITY,
    StatusCode::TOO_MANY_REQUESTS,
    StatusCode::SERVICE_UNAVAILABLE,
];

/// Reads logs by asking the gateways of the nodes that have them. Permissions are checked before.
#[derive(Debug, Clone)]
pub(crate) struct FrontReader {
    nodes: Arc<Nodes>,
    max_logs: usize,
    clock: Arc<dyn Clock>,
}

/// A log on one node, and how it is to be answered.
pub(crate) struct PodLog<'a> {
    pub(crate) pod: &'a PodRef,
    /// The incarnation; by default the last one.
    pub(crate) uid: Option<&'a PodUid>,
    pub(crate) history: History,
    /// The form of the answer, and its media type.
    pub(crate) form: LogForm,
    pub(crate) media_type: &'static str,
}

/// What a node answers.
pub(crate) enum NodeAnswer {
    Log { log: Box<ForwardedLog>, headers: HeaderMap, node: Arc<str> },
    Refusal(NodeRefusal),
}

/// What a node answers instead of a log. It is passed on as it is.
pub(crate) struct NodeRefusal {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// Why no node is asked, or gives an answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ForwardError {
    #[error(transparent)]
    Read(#[from] ReadError),
    /// All incarnations are asked for, and they are on several nodes.
    #[error("the incarnations of the pod are on several nodes")]
    SeveralNodes,
}

impl FrontReader {
    pub(crate) fn new(nodes: Arc<Nodes>, max_logs: usize, clock: Arc<dyn Clock>) -> Self {
        Self { nodes, max_logs, clock }
    }

    /// Asks the node of a pod, and begins to receive the log.
    ///
    /// # Errors
    /// When the pod is on no node, or its node does not answer.
    pub(crate) async fn forward(
        &self,
        log: &PodLog<'_>,
        question: &NodesQuestion,
    ) -> Result<NodeAnswer, ForwardError> {
        let node = self.node_of(log)?;
        let response = ask(&node, Method::GET, question).await?;
        let status = response.status();
        if status != StatusCode::OK {
            return Ok(NodeAnswer::Refusal(refusal(&node, response).await?));
        }
        let content_type = response.headers().get(CONTENT_TYPE);
        if content_type.is_none_or(|found| found.as_bytes() != log.media_type.as_bytes()) {
            return Err(unavailable(&node, "the node answers in another form").into());
        }
        let (headers, name) = (response.headers().clone(), node.name().clone());
        let broken = |_: EndReason| unavailable(&node, "the node's answer broke off");
        let opened = ForwardedLog::open(node.clone(), response, log.form, log.pod).await;
        Ok(NodeAnswer::Log { log: opened.map_err(broken)?.into(), headers, node: name })
    }

    /// Asks the node of a pod whether the log can be read. `None` if so.
    ///
    /// # Errors
    /// As for [`forward`](Self::forward).
    pub(crate) async fn check(
        &self,
        log: &PodLog<'_>,
        question: &NodesQuestion,
    ) -> Result<Option<NodeRefusal>, ForwardError> {
        let node = self.node_of(log)?;
        let response = ask(&node, Method::HEAD, question).await?;
        match response.status() {
            StatusCode::OK => Ok(None),
            _ => Ok(Some(refusal(&node, response).await?)),
        }
    }

    fn node_of(&self, log: &PodLog<'_>) -> Result<NodeHandle, ForwardError> {
        let PodLog { pod, uid, history, .. } = *log;
        if history == History::All && uid.is_none() && self.is_on_several_nodes(pod) {
            return Err(ForwardError::SeveralNodes);
        }
        let last = || self.nodes.node_of(pod, None);
        let found = self.nodes.node_of(pod, uid).or_else(|| uid.and_then(|_| last()));
        Ok(found.ok_or_else(|| self.not_found())?)
    }

    /// Why a pod is on no node: it may be on one that cannot be asked.
    fn not_found(&self) -> ReadError {
        if self.nodes.missing().is_empty() {
            return LocateError::NoPod.into();
        }
        let cause = io::Error::new(io::ErrorKind::HostUnreachable, "some nodes are unreachable");
        LocateError::NodeUnavailable(cause).into()
    }

    /// Whether incarnations of the pod are on several nodes.
    pub(crate) fn is_on_several_nodes(&self, pod: &PodRef) -> bool {
        self.nodes.is_on_several_nodes(pod)
    }

    /// The nodes of which the present pods are not known.
    pub(crate) fn missing(&self) -> Vec<String> {
        self.nodes.missing()
    }

    /// The containers that the pod has on any node, sorted.
    ///
    /// # Errors
    /// When the pod is on no node.
    pub(crate) fn containers(&self, pod: &PodRef) -> Result<Vec<ContainerName>, ReadError> {
        self.nodes.containers(pod).ok_or_else(|| self.not_found())
    }

    /// The containers that the last incarnation of the pod has.
    ///
    /// # Errors
    /// When the pod is on no node.
    pub(crate) fn last_containers(&self, pod: &PodRef) -> Result<Vec<ContainerName>, ReadError> {
        let summary = self.nodes.summary(pod).ok_or_else(|| self.not_found())?;
        Ok(summary.containers.iter().map(|container| container.name.clone()).collect())
    }

    /// Asks all nodes for the logs that are chosen. The answer also tells of how many pods they are.
    ///
    /// # Errors
    /// When there are too many logs.
    pub(crate) async fn merge(
        &self,
        choice: &ManyChoice,
        mut question: NodesQuestion,
        query: LogQuery,
        resumed: Option<MergedCursor>,
        form: LogForm,
    ) -> Result<(MergedNodes, usize), ReadManyError> {
        // Each node is told by `after` where it goes on, which the header would overrule.
        question.headers.remove("last-event-id");
        let asked = choice.clone();
        let selection = FrontSelection {
            includes: Arc::new(move |pod| asked.includes(pod)),
            may_read: question.caller.readable_pods(),
            container: choice.container.clone(),
            max_logs: self.max_logs,
            checksum: choice.checksum(),
        };
        let merged = MergedQuery { selection, query, resumed, form };
        let opened =
            MergedNodes::open(self.nodes.clone(), question, merged, self.clock.clone()).await;
        opened.map_err(|TooManyLogs| ReadManyError::TooManyLogs)
    }
}

/// Asks a node, for as long as it is heard of.
async fn ask(
    node: &NodeHandle,
    method: Method,
    question: &NodesQuestion,
) -> Result<Response, ReadError> {
    let NodesQuestion { caller, context, headers, .. } = question;
    let (path, check) = (question.whole_path_and_query(), PermissionCheck::ByFront);
    let asked = tokio::select! {
        asked = node.ask(method, &path, caller, context, check, headers.clone()) => asked,
        () = node.lost() => Err(NodeError::Unreachable),
    };
    asked.map_err(|error| unavailable(node, error))
}

fn unavailable(
    node: &NodeHandle,
    cause: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> ReadError {
    let cause = io::Error::other(cause);
    tracing::warn!(node = %node.name(), error = %cause, "a node cannot be read");
    LocateError::NodeUnavailable(cause).into()
}

/// What a node answers instead of a log.
async fn refusal(node: &NodeHandle, mut response: Response) -> Result<NodeRefusal, ReadError> {
    let (status, headers) = (response.status(), response.headers().clone());
    if !REFUSALS.contains(&status) {
        return Err(unavailable(node, format!("the node answers {status}")));
    }
    let mut body = Vec::new();
    loop {
        let received = response.chunk().await;
        match received.map_err(|error| unavailable(node, error.without_url()))? {
            Some(bytes) if body.len() + bytes.len() <= MAX_REFUSAL_BYTES => {
                body.extend_from_slice(&bytes);
            }
            Some(_) => return Err(unavailable(node, "the node's refusal is too long")),
            None => return Ok(NodeRefusal { status, headers, body: body.into() }),
        }
    }
}
