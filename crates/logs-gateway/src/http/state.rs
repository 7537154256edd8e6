//! What the handlers of a worker work with.

use std::sync::Arc;

use service_runtime::{clock::Clock, ops::Readiness};

use super::PublicAddresses;
use crate::{
    auth::{Authority, VigilTimes},
    reader::LogReader,
    streams::OpenStreams,
};

/// What the handlers of a worker work with. The authority's client is the worker's own; the rest
/// is shared by all.
#[derive(Debug, Clone)]
pub(crate) struct GatewayState {
    pub(crate) authority: Arc<Authority>,
    pub(crate) reader: Arc<LogReader>,
    pub(crate) streams: Arc<OpenStreams>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) readiness: Readiness,
    pub(crate) vigil_times: VigilTimes,
    pub(crate) public: Arc<PublicAddresses>,
}
