//! The state that handlers share.

use std::{rc::Rc, sync::Arc};

use chrono::{DateTime, Utc};
use service_runtime::{clock::Clock, http::openapi::ApiDocs, ops::Readiness};

use crate::{
    audit::ReadAudit,
    auth::{Authority, RevalidationTimes},
    front_reader::FrontReader,
    http::{PublicAddresses, SessionCookies, ViewerPage},
    metrics::BodyMetrics,
    nodes::Nodes,
    pods::PodCatalogs,
    reader::LogReader,
    streams::OpenStreams,
};

/// The state that the handlers of a worker share. The client of the authority belongs to the
/// worker; the rest is shared by all workers.
#[derive(Debug)]
pub(crate) struct GatewayState {
    pub(crate) authority: Rc<Authority>,
    pub(crate) cookies: SessionCookies,
    pub(crate) reader: Arc<LogReader>,
    /// The name of this gateway's node, if it reads the logs of one.
    pub(crate) node_name: Option<Arc<str>>,
    pub(crate) started_at: DateTime<Utc>,
    pub(crate) pods: PodCatalogs,
    /// Reads the logs of nodes, if this is a front.
    pub(crate) front: Option<FrontReader>,
    /// The nodes that are asked, if this is a front.
    pub(crate) nodes: Option<Arc<Nodes>>,
    pub(crate) audit: ReadAudit,
    pub(crate) bodies: BodyMetrics,
    pub(crate) streams: Arc<OpenStreams>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) readiness: Readiness,
    pub(crate) revalidation_times: RevalidationTimes,
    pub(crate) public: Arc<PublicAddresses>,
    pub(crate) docs: Arc<ApiDocs>,
    pub(crate) viewer: Arc<ViewerPage>,
}
