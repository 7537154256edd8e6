//! Which pods there are.

use std::io;

use super::{anchor::ClaimedPosition, finder::LogFinder, locate_error::LocateError};
use crate::{
    line::target::{ContainerName, PodRef},
    query::LogQuery,
    source::files::{directory::pod_logs::PodLogs, lines::file_lines::FileLog},
};

impl LogFinder {
    /// Looks at all logs that are followed, as their tasks do.
    #[cfg(test)]
    pub(crate) fn look_at_followed(&self, now: std::time::Instant) {
        self.followers.look_at_all(&self.directory, now);
    }

    /// The names of the pods that are chosen, sorted.
    pub(super) fn pod_names(&self, is_chosen: &dyn Fn(&PodRef) -> bool) -> io::Result<Vec<PodRef>> {
        let root = self.directory.open()?;
        let pods = self.directory.pods(&root)?;
        let mut names: Vec<_> = pods.keys().filter(|pod| is_chosen(pod)).cloned().collect();
        names.sort();
        Ok(names)
    }

    /// The incarnations of a pod, the one written last at the end.
    pub(super) fn incarnations_of(&self, pod: &PodRef) -> io::Result<Vec<PodLogs<'_>>> {
        let root = self.directory.open()?;
        let pods = self.directory.pods(&root)?;
        self.directory.open_incarnations(&root, pods.get(pod).into_iter().flatten())
    }

    /// The log of a container in one incarnation of its pod. What the query's cursor says is
    /// checked.
    pub(super) fn find_in_incarnation(
        &self,
        pod: &PodLogs<'_>,
        container: &ContainerName,
        query: &LogQuery,
    ) -> Result<FileLog, LocateError> {
        let mut claims = Vec::new();
        let log = self.find_container(std::slice::from_ref(pod), container, query, &mut claims)?;
        claims.iter().try_for_each(ClaimedPosition::check)?;
        Ok(log)
    }
}
