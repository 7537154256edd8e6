//! Where a request came from, as the audit log has it.

use service_runtime::http::RequestContext;

use crate::audit::Origin;

/// The origin of a request that came through the edge.
pub(super) fn origin(context: &RequestContext) -> Origin<'_> {
    Origin { ip: context.client_ip, request_id: &context.request_id }
}
