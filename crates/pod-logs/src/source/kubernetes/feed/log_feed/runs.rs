//! What becomes of a run of a container, and which one comes next.

use std::time::Duration;

use tokio::time::sleep;

use super::{Connection, ConnectionError, LogFeed, Stop, retry::Retry};
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
    pub(super) async fn next_run(&mut self) -> Result<Connection, Stop> {
        let mut retry = Retry::new();
        loop {
            match self.start_of_run().await {
                Ok(Some(connection)) => return Ok(connection),
                Ok(None) => {
                    self.pieces.be_quiet();
                    sleep(START_LOOK).await;
                }
                Err(GoOnError::Stop(stop)) => return Err(stop),
                Err(GoOnError::Connection(error)) => retry.after(&error).await?,
            }
        }
    }

    /// The beginning of another run than the last one, if there is one.
    async fn start_of_run(&mut self) -> Result<Option<Connection>, GoOnError> {
        let pod = match self.server.pod(&self.log.pod).await {
            Err(error) if error.is_not_found() => return Err(Stop::End(FeedEnd::Gone).into()),
            pod => pod.map_err(ConnectionError::from)?,
        };
        if uid_of(&pod).as_ref() != Some(&self.log.uid) {
            return Err(Stop::End(FeedEnd::Gone).into());
        }
        let run = match run_of(&pod, &self.log.container, false) {
            RunFound::Run(run) if !self.is_run(&run) => run,
            RunFound::Waiting(reason) if self.run.is_none() && reason != self.waits_for => {
                self.waits_for.clone_from(&reason);
                self.pieces.send(Piece::Waiting(reason)).await.map_err(Stop::from)?;
                return Ok(None);
            }
            RunFound::Run(_) | RunFound::Waiting(_) | RunFound::None => return Ok(None),
        };
        let missed = self.run.as_ref().is_some_and(|last| run.restart > last.restart + 1);
        if missed {
            self.pieces.send(Piece::Gap).await.map_err(Stop::from)?;
        }
        self.tracker = LineTracker::new(run.id, None);
        self.options.tail_lines = None;
        self.run = Some(run.clone());
        self.pieces.send(Piece::Run(run)).await.map_err(Stop::from)?;
        Ok(Some(self.connect_to(self.options.follow, false).await?))
    }
}
