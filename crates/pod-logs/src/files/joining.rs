//! Containers that appear in a pod while all of its containers are followed.

use std::{collections::BTreeSet, io, sync::Arc};

use super::{layout::PodDirectory, located::LocatedLog, source::FilesSource};
use crate::{
    merge::LogInput,
    query::{ContainerChoice, History, LogQuery},
    target::{ContainerName, PodRef},
};

/// Finds the containers of one pod directory that a reader does not have yet.
#[derive(Debug)]
pub struct NewContainers {
    source: Arc<FilesSource>,
    pod: PodDirectory,
    /// Asks for a container's log from its first line and through all its runs.
    query: LogQuery,
    known: BTreeSet<ContainerName>,
}

/// The result of a look at the pod's directory.
#[derive(Debug)]
pub(crate) enum Appeared {
    /// The logs of containers that are new; often none.
    Logs(Vec<LogInput>),
    /// The pod's directory was removed, so no container can appear any more.
    PodGone,
}

impl NewContainers {
    /// For a reader that has the logs in `located` already.
    pub fn new(
        source: Arc<FilesSource>,
        pod: PodRef,
        located: &LocatedLog,
        query: &LogQuery,
    ) -> Self {
        let pod = PodDirectory { pod, uid: located.uid.clone() };
        let known = located.logs.iter().map(|log| log.container.clone()).collect();
        let query = LogQuery {
            container: ContainerChoice::All,
            history: History::All,
            anchor: None,
            tail: None,
            ..query.clone()
        };
        Self { source, pod, query, known }
    }

    /// Opens the logs of the containers that appeared since the last call. A container whose log
    /// does not exist yet, or cannot be opened, is looked for again by the next call.
    pub(crate) fn take(&mut self) -> Appeared {
        let found = self.find();
        found.unwrap_or_else(|error| {
            tracing::debug!(%error, "cannot look for new containers of a followed pod");
            Appeared::Logs(Vec::new())
        })
    }

    fn find(&mut self) -> io::Result<Appeared> {
        let source = self.source.clone();
        let Some(pod) = source.open_pod(&self.pod)? else {
            return Ok(Appeared::PodGone);
        };
        let mut logs = Vec::new();
        for name in pod.containers()?.iter() {
            if !self.known.contains(name)
                && let Ok(log) = source.find_new_container(&pod, name, &self.query)
            {
                self.known.insert(name.clone());
                logs.push(log);
            }
        }
        Ok(Appeared::Logs(logs))
    }
}
