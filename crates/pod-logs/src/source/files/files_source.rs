//! The logs of a node.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use chrono::{DateTime, Utc};

use super::{
    directory::log_directory::{LogDirectory, OpenRootError},
    follow::followers::Followers,
    locate::{
        finder::{FoundFiles, LogFinder},
        locate_error::LocateError,
        log_selection::LogSelection,
        new_containers::NewContainers,
        new_pod_logs::NewPodLogs,
        selected_logs::SelectError,
    },
    located::{FoundLog, LocatedLog, LocatedLogs},
    pods::surveyed_pods::SurveyedPods,
    watching::directory_watch::DirectoryWatch,
};
use crate::{
    cursor::merged_cursor::MergedCursor,
    line::target::PodRef,
    merge_clock::MergeClock,
    query::LogQuery,
    source::{
        log_input::{LogInput, NewLogs},
        pods::{
            inventory::{PodSurvey, TooOld},
            pod_change::PodsByName,
            pod_summary::{PodSummaries, PodSummary},
            pod_watch::PodWatch,
        },
    },
};

/// The logs of a node.
#[derive(Debug)]
pub struct FilesSource {
    directory: Arc<LogDirectory>,
    watch: Arc<DirectoryWatch>,
    finder: Arc<LogFinder>,
    pods: Arc<SurveyedPods>,
}

impl FilesSource {
    /// Opens the log directory; links in it may lead beneath the extra roots.
    ///
    /// # Errors
    /// When one of the directories is missing or cannot be opened, or the kernel is too old.
    pub fn open(root: &Path, extra_roots: &[PathBuf]) -> Result<Self, OpenRootError> {
        let directory = LogDirectory::new(root, extra_roots)?;
        Ok(Self::of(directory, DirectoryWatch::new()))
    }

    fn of(directory: LogDirectory, watch: DirectoryWatch) -> Self {
        let (directory, watch) = (Arc::new(directory), Arc::new(watch));
        let followers = Arc::new(Followers::new(watch.clone()));
        Self {
            finder: Arc::new(LogFinder::new(directory.clone(), followers)),
            pods: Arc::new(SurveyedPods::new(directory.clone(), watch.clone(), None)),
            directory,
            watch,
        }
    }

    /// The same on a node of this name, which its pods then have.
    #[must_use]
    pub fn on_node(self, name: Arc<str>) -> Self {
        let (directory, watch) = (self.directory.clone(), self.watch.clone());
        Self { pods: Arc::new(SurveyedPods::new(directory, watch, Some(name))), ..self }
    }

    /// A source that is not told of changes.
    #[cfg(test)]
    pub(crate) fn open_unwatched(root: &Path) -> Result<Self, OpenRootError> {
        Ok(Self::of(LogDirectory::new(root, &[])?, DirectoryWatch::none()))
    }

    /// A source that opens everything anew for each request.
    #[cfg(test)]
    pub(crate) fn open_keeping_nothing(root: &Path) -> Result<Self, OpenRootError> {
        let directory = LogDirectory::new(root, &[])?.keeping_nothing();
        Ok(Self::of(directory, DirectoryWatch::none()))
    }

    #[cfg(test)]
    pub(crate) fn finder(&self) -> &LogFinder {
        &self.finder
    }

    #[cfg(test)]
    pub(crate) fn directory(&self) -> &LogDirectory {
        &self.directory
    }

    /// The number of followed directories that are watched.
    #[must_use]
    pub fn watched_directories(&self) -> u64 {
        self.watch.watched()
    }

    /// The number of followed directories that cannot be watched and are looked at instead.
    #[must_use]
    pub fn polled_directories(&self) -> u64 {
        self.watch.polled()
    }

    /// Opens the files that answer a query about a pod. A query that follows has to come from
    /// within a tokio runtime, which then runs a task that keeps the log up to date.
    ///
    /// # Errors
    /// When the log does not exist or cannot be read.
    pub fn find(&self, pod: &PodRef, query: &LogQuery) -> Result<FoundLog, LocateError> {
        let found = self.finder.find(pod, query)?;
        Ok(self.found(found, pod, query))
    }

    /// The same from files that are kept open, because the pod is asked about again and again, if
    /// they answer the query without being read. Else `None`: [`find`](Self::find) answers it.
    ///
    /// Makes two short system calls, one more for each rotated file. It is never found so if the
    /// query follows.
    #[must_use]
    pub fn find_kept(
        &self,
        pod: &PodRef,
        query: &LogQuery,
    ) -> Option<Result<FoundLog, LocateError>> {
        let found = self.finder.find_kept(pod, query)?;
        Some(found.map(|found| self.found(found, pod, query)))
    }

    fn found(&self, found: FoundFiles, pod: &PodRef, query: &LogQuery) -> FoundLog {
        let FoundFiles { uid, logs, claims } = found;
        let new_containers = query.is_joined_by_containers().then(|| {
            let (finder, pod) = (self.finder.clone(), pod.clone());
            NewLogs::Containers(NewContainers::new(finder, pod, uid.clone(), &logs, query))
        });
        let logs = logs.into_iter().map(LogInput::Files).collect();
        let log = LocatedLog { uid, logs, new_containers };
        FoundLog { log, claims }
    }

    /// How many files are kept open between requests.
    #[must_use]
    pub fn kept_files(&self) -> u64 {
        self.directory.kept_files()
    }

    /// Opens the files of the logs that are selected, each behind what `resumed` says of it. A query
    /// that follows has to come from within a tokio runtime, as for [`find`](Self::find).
    ///
    /// # Errors
    /// When there are too many logs, or one that is there cannot be read.
    pub fn find_many(
        &self,
        selection: LogSelection,
        query: &LogQuery,
        resumed: Option<&MergedCursor>,
        clock: &MergeClock,
    ) -> Result<LocatedLogs, SelectError> {
        // What changes after this is told by the watch.
        let watching = query.follow.then(|| self.watch_from_now(clock)).transpose()?;
        let selected = self.finder.find_selected(&selection, query, resumed)?;
        let (checksum, max_logs) = (selection.checksum, selection.max_logs);
        let new_logs = watching
            .filter(|_| !query.previous && query.run.is_none())
            .map(|watching| NewPodLogs::new(self.finder.clone(), selection, query, watching))
            .map(NewLogs::Pods);
        Ok(LocatedLogs { checksum, max_logs, selected, new_logs })
    }

    fn watch_from_now(&self, clock: &MergeClock) -> io::Result<PodWatch> {
        let survey = self.pods.survey(clock.now())?;
        let clock = clock.clone();
        // The version was just given.
        self.pods
            .watch(survey.version, move || clock.now())
            .map_err(|TooOld| io::Error::other("too old"))
    }

    /// Checks that pods can be looked up at all.
    ///
    /// # Errors
    /// When the log directory cannot be listed.
    pub fn check(&self) -> io::Result<()> {
        self.directory.check()
    }

    /// Looks which pods there are at the time `now`: of each the incarnation that was written last.
    ///
    /// # Errors
    /// When a directory or file cannot be read for a reason other than its absence.
    pub fn survey(&self, now: DateTime<Utc>) -> io::Result<PodSurvey> {
        self.pods.survey(now)
    }

    /// The pods as they were at this version of the survey.
    ///
    /// # Errors
    /// When that is not known.
    pub fn pods_at(&self, version: u64) -> Result<PodsByName, TooOld> {
        self.pods.inventory.pods_at(version)
    }

    /// Begins to wait for what changes after this version of the survey. `now` tells the time.
    ///
    /// # Errors
    /// When that is not known.
    pub fn watch(
        &self,
        version: u64,
        now: impl Fn() -> DateTime<Utc> + Send + Sync + 'static,
    ) -> Result<PodWatch, TooOld> {
        self.pods.watch(version, now)
    }

    /// All pods as they were at most `max_age` ago, sorted by namespace and name. Callers that ask
    /// at the same time share a look.
    ///
    /// # Errors
    /// When a directory or file cannot be read for a reason other than its absence.
    pub fn pods_lately(&self, max_age: Duration) -> io::Result<PodSummaries> {
        self.pods.summaries_lately(max_age)
    }

    /// The pods that `may_see` lets through, sorted by namespace and name.
    ///
    /// # Errors
    /// When a directory or file cannot be read for a reason other than its absence.
    pub fn pods(&self, may_see: impl Fn(&PodRef) -> bool) -> io::Result<Vec<PodSummary>> {
        self.pods.summaries(may_see)
    }
}
