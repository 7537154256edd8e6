//! Reads as the audit describes them.

use std::sync::Arc;

use actix_web::{
    HttpMessage,
    http::{StatusCode, header},
};
use pod_logs::{ContainerName, PodRef, PodUid};
use service_runtime::http::{ClientNote, RequestContext};

use super::streaming::open_log::AuthenticatedRequest;
use crate::{
    audit::{ReadOptions, ReadRequest, ReadTarget, bounded},
    reader::ReadError,
};

/// Describes a request for this log.
pub(super) fn read_request(asked: &AuthenticatedRequest, target: ReadTarget) -> ReadRequest {
    let AuthenticatedRequest { request, caller, .. } = asked;
    let context = RequestContext::of(request);
    let headers = request.headers();
    let header = |name| headers.get(name).map(|value: &header::HeaderValue| value.as_bytes());
    let client = request.extensions().get::<ClientNote>().cloned().unwrap_or_default();
    ReadRequest {
        arrived: context.arrived,
        request_id: context.request_id,
        user: caller.username.clone(),
        user_id: caller.user_id,
        session_id: caller.session_id,
        ip: context.client_ip,
        user_agent: header(header::USER_AGENT).map(bounded),
        kubectl_command: client.command,
        kubectl_session: client.session,
        target,
        options: ReadOptions::of(request.query_string(), last_event(asked)),
    }
}

/// A cursor from the header `Last-Event-ID`, where it has an effect.
fn last_event(asked: &AuthenticatedRequest) -> Option<&str> {
    let is_of_events = asked.request.path().starts_with("/logs");
    let cursor = asked.request.headers().get("last-event-id").filter(|_| is_of_events)?;
    cursor.to_str().ok().filter(|cursor| !cursor.is_empty())
}

/// The name of the container, or `*` if there are several.
pub(super) fn container_of(containers: &[ContainerName]) -> &str {
    match containers {
        [container] => container.as_str(),
        _ => "*",
    }
}

/// The log of a pod.
pub(super) fn target_of(pod: &PodRef, uid: &PodUid, containers: &[ContainerName]) -> ReadTarget {
    let container = container_of(containers);
    ReadTarget {
        namespace: pod.namespace.to_string(),
        pod: pod.pod.to_string(),
        pods: None,
        container: Some(container.to_owned()),
        node: None,
        uid: Some(uid.to_string()),
    }
}

/// The log of a pod that this node reads. Which container it is, is known if it was asked for.
pub(super) fn forwarded_target(
    pod: &PodRef,
    container: Option<&str>,
    uid: Option<&PodUid>,
    node: &Arc<str>,
) -> ReadTarget {
    ReadTarget {
        namespace: pod.namespace.to_string(),
        pod: pod.pod.to_string(),
        pods: None,
        container: container.map(|name| bounded(name.as_bytes())),
        uid: uid.map(ToString::to_string),
        node: Some(node.clone()),
    }
}

impl AuthenticatedRequest {
    /// Records that the caller may not read, if that is the error.
    pub(in crate::http) fn record_refusal(&self, error: &ReadError, pod: &PodRef) {
        if let ReadError::Denied(_) = error {
            self.record_denied(pod.namespace.as_str(), pod.pod.as_str());
        }
    }

    /// Records that the caller may not read the logs of this pod, which need not exist, or of these
    /// globs.
    pub(in crate::http) fn record_denied(&self, namespace: &str, pod: &str) {
        let [namespace, pod] = [namespace, pod].map(|name| bounded(name.as_bytes()));
        let target = ReadTarget { namespace, pod, ..ReadTarget::default() };
        let request = read_request(self, target);
        self.state.audit.deny(request, StatusCode::FORBIDDEN.as_u16());
    }
}
