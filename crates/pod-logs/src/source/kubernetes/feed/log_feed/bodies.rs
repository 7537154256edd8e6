//! Connections, and what is received over them.

use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http_body_util::BodyExt;
use tokio::time::timeout;

use super::{BodyEnd, Connection, ConnectionError, LogFeed, Stop};
use crate::source::kubernetes::{
    api::{
        api_server::OpenLog,
        container_runs::{RunFound, run_of, uid_of},
        log_request::LogRequest,
    },
    feed::{
        continuation::{Continuation, Continued},
        piece::Piece,
    },
};

/// After this long without a byte of a followed log, nothing is expected before the container
/// writes.
const QUIET: Duration = Duration::from_millis(100);
/// After this long without a byte, a line that is looked for is not expected any more.
const LOOKED_FOR: Duration = Duration::from_secs(1);
/// After this long without a byte, a connection may be dead without a sign of it.
const SILENT: Duration = Duration::from_secs(300);

impl LogFeed {
    /// Begins to read the run behind what was received of it.
    pub(super) async fn connect_to(
        &self,
        follow: bool,
        is_previous: bool,
    ) -> Result<Connection, ConnectionError> {
        let _turn = match &self.options.group {
            Some(group) => group.turn().await,
            None => None,
        };
        let place = self.tracker.place();
        let request = LogRequest {
            container: self.log.container.clone(),
            previous: is_previous,
            follow,
            since: place.map_or(self.options.since, |place| Some(place.since())),
            tail_lines: self.options.tail_lines.filter(|_| place.is_none()),
            stream: self.options.stream,
        };
        let log = self.server.log(&self.log.pod, &request).await?;
        // Only now is it certain whose log it is.
        let pod = self.server.pod(&self.log.pod).await?;
        let is_ours = uid_of(&pod).as_ref() == Some(&self.log.uid)
            && matches!(
                run_of(&pod, &self.log.container, is_previous),
                RunFound::Run(run) if self.is_run(&run)
            );
        let continuation = Some(Continuation::behind(&self.tracker));
        let connection = Connection { log, continuation, is_followed: follow };
        is_ours.then_some(connection).ok_or(ConnectionError::OtherRun)
    }

    pub(super) async fn receive_body(&mut self, connection: Connection) -> Result<BodyEnd, Stop> {
        let Connection { log, mut continuation, is_followed } = connection;
        let OpenLog { mut body, answered_at, place: _place } = log;
        loop {
            let frame = match timeout(QUIET, body.frame()).await {
                Ok(frame) => frame,
                Err(_) if !is_followed => body.frame().await,
                Err(_) => {
                    self.pieces.be_quiet();
                    match timeout(LOOKED_FOR, body.frame()).await {
                        Ok(frame) => frame,
                        Err(_) => {
                            if continuation.as_ref().is_some_and(Continuation::keeps_lines) {
                                self.give_up(continuation.take()).await?;
                            }
                            match timeout(SILENT, body.frame()).await {
                                Ok(frame) => frame,
                                Err(_) => return Ok(BodyEnd::Cut),
                            }
                        }
                    }
                }
            };
            match frame {
                None => {
                    self.give_up(continuation.take()).await?;
                    return Ok(BodyEnd::Clean);
                }
                Some(Err(error)) => {
                    tracing::debug!(%error, "the connection of a log was cut");
                    return Ok(BodyEnd::Cut);
                }
                Some(Ok(frame)) => {
                    let Ok(bytes) = frame.into_data() else { continue };
                    self.take(bytes, &mut continuation).await?;
                    if is_followed && self.has_lines_since(answered_at) {
                        self.pieces.be_quiet();
                    }
                }
            }
        }
    }

    /// Whether the last of the lines was written after this time, and is whole: what was there before
    /// has come.
    fn has_lines_since(&self, time: Option<DateTime<Utc>>) -> bool {
        let last = self.tracker.place().filter(|_| self.tracker.begun().length() == 0);
        last.zip(time).is_some_and(|(last, time)| last.instant() >= time)
    }

    /// Hands on what was received, from where the log goes on.
    async fn take(
        &mut self,
        bytes: Bytes,
        continuation: &mut Option<Continuation>,
    ) -> Result<(), Stop> {
        let continued = match continuation {
            None => Some(Continued::Here(bytes)),
            Some(looking) => looking.look(&bytes),
        };
        match continued {
            None => Ok(()),
            Some(continued) => {
                *continuation = None;
                self.hand_on(continued).await
            }
        }
    }

    async fn give_up(&mut self, continuation: Option<Continuation>) -> Result<(), Stop> {
        match continuation.and_then(|mut looking| looking.give_up()) {
            Some(continued) => self.hand_on(continued).await,
            None => Ok(()),
        }
    }

    async fn hand_on(&mut self, continued: Continued) -> Result<(), Stop> {
        let bytes = match continued {
            Continued::Here(bytes) => bytes,
            Continued::AfterLoss(bytes) => {
                self.tracker.drop_begun();
                self.pieces.send(Piece::Gap).await?;
                bytes
            }
        };
        self.tracker.advance(&bytes);
        Ok(self.pieces.send_bytes(&bytes).await?)
    }
}
