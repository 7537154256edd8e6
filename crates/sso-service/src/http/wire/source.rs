//! The source of a request for the audit log.

use service_runtime::http::RequestContext;

use crate::audit::Source;

/// The source of a request that came through the edge.
pub(in crate::http) fn source(context: &RequestContext) -> Source<'_> {
    Source { ip: context.client_ip, request_id: &context.request_id }
}
