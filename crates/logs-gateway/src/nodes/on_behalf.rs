//! What a front tells a node about the caller for whom it asks.
//!
//! The node believes it because of the front's certificate, as a kubelet believes kube-apiserver. The
//! caller's token never reaches a node.

use reqwest::header::{HeaderMap, HeaderValue, VIA};
use service_runtime::http::RequestContext;

use super::endpoint::NodeError;
use crate::auth::Caller;

/// The user.
pub(crate) const REMOTE_USER: &str = "x-remote-user";
/// The id of the user, or of the key.
pub(crate) const REMOTE_USER_ID: &str = "x-remote-uid";
/// The session.
pub(crate) const REMOTE_SESSION: &str = "x-remote-session";
/// The permissions to read, separated by commas. Without this header the front has decided that the
/// user may read what is asked for.
pub(crate) const REMOTE_PERMISSIONS: &str = "x-remote-extra-permissions";
/// A front itself, in [`VIA`].
pub(crate) const OWN_VIA: &str = "1.1 logs-gateway";

const REQUEST_ID: &str = "x-request-id";
const TRACE_PARENT: &str = "traceparent";
const FORWARDED_FOR: &str = "x-forwarded-for";

/// Who decides what the caller may read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PermissionCheck {
    /// The front has decided that the caller may read everything that is asked for.
    ByFront,
    /// The node, by the caller's permissions: for what is asked of many pods.
    ByNode,
}

/// The headers of a request for this caller.
///
/// # Errors
/// When the caller has a name that no header can hold.
pub(super) fn headers_for(
    caller: &Caller,
    context: &RequestContext,
    check: PermissionCheck,
) -> Result<HeaderMap, NodeError> {
    let mut headers = HeaderMap::new();
    headers.insert(REMOTE_USER, value(&caller.username)?);
    if let Some(id) = caller.user_id {
        headers.insert(REMOTE_USER_ID, value(&id.to_string())?);
    }
    if let Some(id) = caller.session_id {
        headers.insert(REMOTE_SESSION, value(&id.to_string())?);
    }
    if check == PermissionCheck::ByNode {
        let permissions = caller.reading_permissions().collect::<Vec<_>>().join(",");
        headers.insert(REMOTE_PERMISSIONS, value(&permissions)?);
    }
    headers.insert(REQUEST_ID, value(&context.request_id)?);
    headers.insert(TRACE_PARENT, value(&context.trace_parent.to_string())?);
    headers.insert(FORWARDED_FOR, value(&context.client_ip.to_string())?);
    headers.insert(VIA, HeaderValue::from_static(OWN_VIA));
    Ok(headers)
}

fn value(text: &str) -> Result<HeaderValue, NodeError> {
    let unsendable = |_| NodeError::Unsendable("the name of the user is not valid in a header");
    HeaderValue::from_bytes(text.as_bytes()).map_err(unsendable)
}
