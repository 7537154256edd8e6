//! What becomes of a run of a container, and which one comes next.

use std::time::Duration;

use k8s_openapi::api::core::v1::Pod;
use tokio::time::sleep;

use super::{Connection, ConnectionError, LogFeed, Stop};
use crate::source::kubernetes::{
    api::container_runs::{ContainerRun, RunFound, run_of, uid_of},
    feed::{
        line_tracker::LineTracker,
        piece::{FeedEnd, Piece},
    },
};

/// How often it is looked whether a container was started.
const START_LOOK: Duration = Duration::from_secs(1);

/// What is to be done where a body has ended.
enum NextStep {
    /// The run goes on.
    Reconnect,
    /// The run is over, and maybe not all of it was received.
    ReadRest {
        is_previous: bool,
    },
    /// Neither the present run nor the one before is the one that was received.
    RunGone,
    PodGone,
}

/// Whether a run has begun.
pub(super) enum RunStart {
    /// Without a connection, it is still to be made.
    Begun(Option<Box<Connection>>),
    NotYet,
}

/// Why a log is not read on yet.
pub(super) enum GoOnError {
    Stop(Stop),
    Connection(ConnectionError),
}

impl From<Stop> for GoOnError {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

impl From<ConnectionError> for GoOnError {
    fn from(error: ConnectionError) -> Self {
        Self::Connection(error)
    }
}

impl LogFeed {
    /// Reads on where the last body ended; `None` if the rest of the run is gone.
    pub(super) async fn go_on(&self) -> Result<Option<Connection>, GoOnError> {
        let (follow, is_previous) = match self.next_step().await? {
            NextStep::Reconnect => (self.options.follow, false),
            NextStep::ReadRest { is_previous } => (false, is_previous),
            NextStep::PodGone => return Err(Stop::End(FeedEnd::Gone).into()),
            NextStep::RunGone => {
                self.pieces.send(Piece::Gap).await.map_err(Stop::from)?;
                return Ok(None);
            }
        };
        Ok(Some(self.connect_to(follow, is_previous).await?))
    }

    /// Finds out what has become of the run.
    async fn next_step(&self) -> Result<NextStep, ConnectionError> {
        let pod = match self.server.pod(&self.log.pod).await {
            Err(error) if error.is_not_found() => return Ok(NextStep::PodGone),
            pod => pod?,
        };
        if uid_of(&pod).as_ref() != Some(&self.log.uid) {
            return Ok(NextStep::PodGone);
        }
        for is_previous in [false, true] {
            match run_of(&pod, &self.log.container, is_previous) {
                RunFound::Run(run) if !self.is_run(&run) => {}
                RunFound::Run(run) if run.is_running => return Ok(NextStep::Reconnect),
                RunFound::Run(_) => return Ok(NextStep::ReadRest { is_previous }),
                RunFound::Waiting(_) | RunFound::None => {}
            }
        }
        Ok(NextStep::RunGone)
    }

    pub(super) fn is_run(&self, run: &ContainerRun) -> bool {
        self.run.as_ref().is_some_and(|ours| ours.id == run.id)
    }

    /// Waits until the container is started, and begins with its run.
    pub(super) async fn next_run(&mut self) -> Result<Option<Connection>, Stop> {
        let mut retry = self.retry();
        loop {
            let version = self.known_version();
            match self.start_of_run().await {
                Ok(RunStart::Begun(connection)) => return Ok(connection.map(|begun| *begun)),
                Ok(RunStart::NotYet) => {
                    self.pieces.be_quiet();
                    self.changed(version).await;
                    retry = self.retry();
                }
                Err(GoOnError::Stop(stop)) => return Err(stop),
                Err(GoOnError::Connection(error)) => self.wait_after(&error, &mut retry).await?,
            }
        }
    }

    /// Begins with the run that came after the one that is over, if there is one by now.
    pub(super) async fn present_run(&mut self) -> Result<RunStart, Stop> {
        let mut retry = self.retry();
        loop {
            match self.start_of_run().await {
                Ok(start) => return Ok(start),
                Err(GoOnError::Stop(stop)) => return Err(stop),
                Err(GoOnError::Connection(error)) => self.wait_after(&error, &mut retry).await?,
            }
        }
    }

    /// The version of the pod as a watch knows it.
    fn known_version(&self) -> Option<u64> {
        self.options.group.as_ref()?.version_of(&self.log.pod)
    }

    /// Waits until the pod may have changed since it had this version.
    async fn changed(&self, version: Option<u64>) {
        match &self.options.group {
            Some(group) => group.changed(&self.log.pod, version).await,
            None => sleep(START_LOOK).await,
        }
    }

    /// Begins with the run after the last one, if there is one.
    async fn start_of_run(&mut self) -> Result<RunStart, GoOnError> {
        let pod = match self.server.pod(&self.log.pod).await {
            Err(error) if error.is_not_found() => return Err(Stop::End(FeedEnd::Gone).into()),
            pod => pod.map_err(ConnectionError::from)?,
        };
        if uid_of(&pod).as_ref() != Some(&self.log.uid) {
            return Err(Stop::End(FeedEnd::Gone).into());
        }
        let (run, is_previous) = match self.run_after_last(&pod) {
            Ok(found) => found,
            Err(RunFound::Waiting(reason)) if self.run.is_none() && reason != self.waits_for => {
                self.waits_for.clone_from(&reason);
                self.pieces.send(Piece::Waiting(reason)).await.map_err(Stop::from)?;
                return Ok(RunStart::NotYet);
            }
            Err(_) => return Ok(RunStart::NotYet),
        };
        let missed = self.run.as_ref().is_some_and(|last| run.restart > last.restart + 1);
        if missed {
            self.pieces.send(Piece::Gap).await.map_err(Stop::from)?;
        }
        self.tracker = LineTracker::new(run.id, None);
        self.options.tail_lines = None;
        self.run = Some(run.clone());
        self.pieces.send(Piece::Run(run)).await.map_err(Stop::from)?;
        let connected = self.connect_to(self.options.follow && !is_previous, is_previous).await;
        let connected = connected.inspect_err(|error| {
            tracing::debug!(%error, "cannot begin to read a run");
        });
        Ok(RunStart::Begun(connected.ok().map(Box::new)))
    }

    /// The run after the last one, and whether it is over and another one has begun. If there is
    /// none, what there is.
    fn run_after_last(&self, pod: &Pod) -> Result<(ContainerRun, bool), RunFound> {
        let container = &self.log.container;
        let present = match run_of(pod, container, false) {
            RunFound::Run(run) if !self.is_run(&run) => run,
            other => return Err(other),
        };
        match run_of(pod, container, true) {
            RunFound::Run(before) if before.id != present.id && self.is_before(&before) => {
                Ok((before, true))
            }
            _ => Ok((present, false)),
        }
    }

    /// Whether the last run came before this one.
    fn is_before(&self, run: &ContainerRun) -> bool {
        self.run.as_ref().is_none_or(|last| last.id != run.id && last.restart < run.restart)
    }
}
