//! Which pods there are, whatever source knows them.

use std::{collections::BTreeSet, io, sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use pod_logs::{
    ClusterPods, FilesSource, PodRef, PodSummaries, PodSummary, PodSurvey, PodWatch, PodsByName,
    TooOld,
};
use service_runtime::clock::Clock;
use shared_types::AskedPermission;

use super::pod_choice::PodChoice;
use crate::{auth::Caller, nodes::Nodes, unavailable_source::UnavailableSource};

/// Knows the pods of the source.
#[derive(Debug, Clone)]
pub(crate) struct PodCatalog {
    source: PodSource,
    clock: Arc<dyn Clock>,
}

/// Where pods are known from.
#[derive(Debug, Clone)]
pub(crate) enum PodSource {
    /// Their log files show them. Looking at them may block: not to be done on a thread of
    /// requests.
    Files(Arc<FilesSource>),
    /// The gateways of nodes have told of them.
    Nodes(Arc<Nodes>),
    /// The API server of the cluster tells of them.
    Cluster(Arc<ClusterPods>),
}

/// Why a caller gets no list of pods.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ListPodsError {
    #[error("the permission {0} is missing")]
    Denied(AskedPermission),
    #[error("cannot look up pods: {1}")]
    Unavailable(UnavailableSource, #[source] io::Error),
}

impl PodCatalog {
    pub(crate) fn new(source: PodSource, clock: Arc<dyn Clock>) -> Self {
        Self { source, clock }
    }

    /// Why the gateway is not ready while pods cannot be looked up.
    pub(crate) fn source_unavailable(&self) -> &'static str {
        match &self.source {
            PodSource::Files(_) => "the log directory is unavailable",
            PodSource::Nodes(_) => "the nodes are unavailable",
            PodSource::Cluster(_) => "the API server is unavailable",
        }
    }

    /// What cannot be read while pods cannot be looked up.
    pub(crate) fn source(&self) -> UnavailableSource {
        match &self.source {
            PodSource::Files(_) => UnavailableSource::LogDirectory,
            PodSource::Nodes(_) => UnavailableSource::Node,
            PodSource::Cluster(_) => UnavailableSource::ApiServer,
        }
    }

    /// Checks that pods can be looked up at all. May block.
    pub(crate) fn check(&self) -> io::Result<()> {
        match &self.source {
            PodSource::Files(files) => files.check(),
            // What is missing is marked in each answer.
            PodSource::Nodes(_) => Ok(()),
            PodSource::Cluster(pods) => pods.check(),
        }
    }

    /// The name of the source.
    pub(crate) fn source_name(&self) -> &'static str {
        match &self.source {
            PodSource::Files(_) => "files",
            PodSource::Nodes(_) => "nodes",
            PodSource::Cluster(_) => "kubernetes",
        }
    }

    /// The pods of the cluster, if its API server tells of them.
    pub(crate) fn cluster(&self) -> Option<&Arc<ClusterPods>> {
        match &self.source {
            PodSource::Files(_) | PodSource::Nodes(_) => None,
            PodSource::Cluster(pods) => Some(pods),
        }
    }

    /// The nodes behind a front.
    pub(crate) fn nodes(&self) -> Option<&Arc<Nodes>> {
        match &self.source {
            PodSource::Files(_) | PodSource::Cluster(_) => None,
            PodSource::Nodes(nodes) => Some(nodes),
        }
    }

    /// All pods at the time `now`, before permissions are applied. May block.
    pub(crate) fn survey(&self, now: DateTime<Utc>) -> io::Result<PodSurvey> {
        match &self.source {
            PodSource::Files(files) => files.survey(now),
            PodSource::Nodes(nodes) => Ok(nodes.inventory().present(now)),
            PodSource::Cluster(pods) => pods.survey(now),
        }
    }

    /// All pods as they were at this version of the survey, before permissions are applied.
    pub(crate) fn pods_at(&self, version: u64) -> Result<PodsByName, TooOld> {
        match &self.source {
            PodSource::Files(files) => files.pods_at(version),
            PodSource::Nodes(nodes) => nodes.inventory().pods_at(version),
            PodSource::Cluster(pods) => pods.pods_at(version),
        }
    }

    /// What changes after this version of the survey, before permissions are applied.
    pub(crate) fn watch(&self, version: u64) -> Result<PodWatch, TooOld> {
        match &self.source {
            PodSource::Files(files) => {
                let clock = self.clock.clone();
                files.watch(version, move || clock.now())
            }
            PodSource::Nodes(nodes) => nodes.inventory().watch(version),
            PodSource::Cluster(pods) => pods.watch(version),
        }
    }

    /// The pods among the chosen ones whose logs the caller may read. May block.
    pub(crate) fn readable_pods(
        &self,
        caller: &Caller,
        choice: &PodChoice,
    ) -> Result<Vec<Arc<PodSummary>>, ListPodsError> {
        caller.may_read_any().map_err(ListPodsError::Denied)?;
        let may_see = |pod: &PodRef| choice.includes(pod) && caller.may_read(pod).is_ok();
        self.summaries(may_see).map_err(|error| ListPodsError::Unavailable(self.source(), error))
    }

    /// The pods of these names, before permissions are applied. May block.
    pub(crate) fn pods_named(&self, names: &BTreeSet<PodRef>) -> io::Result<Vec<Arc<PodSummary>>> {
        self.summaries(|pod| names.contains(pod))
    }

    /// All pods as they were at most `max_age` ago, before permissions are applied. May block.
    pub(crate) fn pods_lately(&self, max_age: Duration) -> io::Result<PodSummaries> {
        match &self.source {
            PodSource::Files(files) => files.pods_lately(max_age),
            PodSource::Nodes(nodes) => Ok(Arc::new(nodes.summaries(|_| true))),
            PodSource::Cluster(pods) => pods.all(self.clock.now()),
        }
    }

    /// Begins to wait for what changes from now on. May block.
    pub(crate) fn watch_from_now(&self) -> io::Result<PodWatch> {
        let survey = self.survey(self.clock.now())?;
        // The version was just given.
        self.watch(survey.version).map_err(|TooOld| io::Error::other("too old"))
    }

    fn summaries(&self, may_see: impl Fn(&PodRef) -> bool) -> io::Result<Vec<Arc<PodSummary>>> {
        match &self.source {
            PodSource::Files(files) => Ok(files.pods(may_see)?.into_iter().map(Arc::new).collect()),
            PodSource::Nodes(nodes) => Ok(nodes.summaries(may_see)),
            PodSource::Cluster(pods) => {
                let pods = pods.summaries(self.clock.now(), may_see)?;
                Ok(pods.into_iter().map(Arc::new).collect())
            }
        }
    }
}
