//! Which pods there are, whatever source knows them.

use std::{collections::BTreeSet, io, sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use pod_logs::{
    FilesSource, PodRef, PodSummaries, PodSummary, PodSurvey, PodWatch, PodsByName, TooOld,
};
use service_runtime::clock::Clock;
use shared_types::AskedPermission;

use super::pod_choice::PodChoice;
use crate::auth::Caller;

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
}

/// Why a caller gets no list of pods.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ListPodsError {
    #[error("the permission {0} is missing")]
    Denied(AskedPermission),
    #[error("cannot look up pods: {0}")]
    Unavailable(#[from] io::Error),
}

impl PodCatalog {
    pub(crate) fn new(source: PodSource, clock: Arc<dyn Clock>) -> Self {
        Self { source, clock }
    }

    /// Checks that pods can be looked up at all. May block.
    pub(crate) fn check(&self) -> io::Result<()> {
        match &self.source {
            PodSource::Files(files) => files.check(),
        }
    }

    /// All pods at the time `now`, before permissions are applied. May block.
    pub(crate) fn survey(&self, now: DateTime<Utc>) -> io::Result<PodSurvey> {
        match &self.source {
            PodSource::Files(files) => files.survey(now),
        }
    }

    /// All pods as they were at this version of the survey, before permissions are applied.
    pub(crate) fn pods_at(&self, version: u64) -> Result<PodsByName, TooOld> {
        match &self.source {
            PodSource::Files(files) => files.pods_at(version),
        }
    }

    /// What changes after this version of the survey, before permissions are applied.
    pub(crate) fn watch(&self, version: u64) -> Result<PodWatch, TooOld> {
        match &self.source {
            PodSource::Files(files) => {
                let clock = self.clock.clone();
                files.watch(version, move || clock.now())
            }
        }
    }

    /// The pods among the chosen ones whose logs the caller may read. May block.
    pub(crate) fn readable_pods(
        &self,
        caller: &Caller,
        choice: &PodChoice,
    ) -> Result<Vec<PodSummary>, ListPodsError> {
        caller.may_read_any().map_err(ListPodsError::Denied)?;
        let may_see = |pod: &PodRef| choice.includes(pod) && caller.may_read(pod).is_ok();
        Ok(self.summaries(may_see)?)
    }

    /// The pods of these names, before permissions are applied. May block.
    pub(crate) fn pods_named(&self, names: &BTreeSet<PodRef>) -> io::Result<Vec<PodSummary>> {
        self.summaries(|pod| names.contains(pod))
    }

    /// All pods as they were at most `max_age` ago, before permissions are applied. May block.
    pub(crate) fn pods_lately(&self, max_age: Duration) -> io::Result<PodSummaries> {
        match &self.source {
            PodSource::Files(files) => files.pods_lately(max_age),
        }
    }

    /// Begins to wait for what changes from now on. May block.
    pub(crate) fn watch_from_now(&self) -> io::Result<PodWatch> {
        let survey = self.survey(self.clock.now())?;
        // The version was just given.
        self.watch(survey.version).map_err(|TooOld| io::Error::other("too old"))
    }

    fn summaries(&self, may_see: impl Fn(&PodRef) -> bool) -> io::Result<Vec<PodSummary>> {
        match &self.source {
            PodSource::Files(files) => files.pods(may_see),
        }
    }
}
