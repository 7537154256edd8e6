//! Containers that appear in a pod while all of its containers are followed.

use std::{collections::BTreeSet, io, sync::Arc};

use super::finder::LogFinder;
use crate::{
    line::target::{ContainerName, PodRef, PodUid},
    query::{ContainerChoice, History, LogQuery},
    source::files::{directory::layout::PodDirectory, lines::file_lines::FileLog},
};

/// Finds the containers of one pod directory that a reader does not have yet.
#[derive(Debug)]
pub(crate) struct NewContainers {
    finder: Arc<LogFinder>,
    pod: PodDirectory,
    /// Asks for a container's log from its first line and through all its runs.
    query: LogQuery,
    known: BTreeSet<ContainerName>,
}

/// The result of a look at the pod's directory.
#[derive(Debug)]
pub(crate) enum ContainerSearch {
    /// The logs of containers that are new; often none.
    Logs(Vec<FileLog>),
    /// The pod's directory was removed, so no container can appear any more.
    PodGone,
}

impl NewContainers {
    /// For a reader that has these logs already.
    pub(crate) fn new(
        finder: Arc<LogFinder>,
        pod: PodRef,
        uid: PodUid,
        logs: &[FileLog],
        query: &LogQuery,
    ) -> Self {
        let pod = PodDirectory { pod, uid };
        let known = logs.iter().map(|log| log.name.container.clone()).collect();
        let query = LogQuery {
            container: ContainerChoice::All,
            history: History::All,
            anchor: None,
            tail: None,
            ..query.clone()
        };
        Self { finder, pod, query, known }
    }

    /// Opens the logs of the containers that appeared since the last call. A container whose log
    /// does not exist yet, or cannot be opened, is looked for again by the next call.
    pub(crate) fn take(&mut self) -> ContainerSearch {
        let found = self.find();
        found.unwrap_or_else(|error| {
            tracing::debug!(%error, "cannot look for new containers of a followed pod");
            ContainerSearch::Logs(Vec::new())
        })
    }

    fn find(&mut self) -> io::Result<ContainerSearch> {
        let finder = self.finder.clone();
        let Some(pod) = finder.open_pod(&self.pod)? else {
            return Ok(ContainerSearch::PodGone);
        };
        let mut logs = Vec::new();
        for name in pod.containers()?.iter() {
            if !self.known.contains(name)
                && let Ok(log) = finder.find_new_container(&pod, name, &self.query)
            {
                self.known.insert(name.clone());
                logs.push(log);
            }
        }
        Ok(ContainerSearch::Logs(logs))
    }
}
