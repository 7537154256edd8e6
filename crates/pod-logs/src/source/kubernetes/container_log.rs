//! The log of a container: where it is to be begun, and its beginning.

use std::sync::Arc;

use super::{
    api::{api_server::ApiServer, container_runs::waiting_reason},
    feed::{
        feed_group::FeedGroup,
        log_feed::{ConnectionError, FeedOptions, FeedStart, LogFeed},
        piece_channel::PieceReceiver,
    },
    lines::{
        api_lines::{ApiLines, LinesStart, UntilLine},
        api_log::ApiLog,
    },
    tail::{TailError, begin_at_tail},
};
use crate::{
    line::{filter::levels_before::LevelsBefore, log_line::LineCount, target::LogName},
    query::LogQuery,
    source::files::locate::locate_error::LocateError,
};

/// The log of a container, and where it is to be begun.
#[derive(Debug, Clone)]
pub(super) struct ContainerLog {
    pub(super) server: ApiServer,
    pub(super) name: LogName,
    pub(super) start: FeedStart,
    pub(super) until: Option<UntilLine>,
    pub(super) levels: LevelsBefore,
    /// What it shares with others that are read with it.
    pub(super) group: Option<Arc<FeedGroup>>,
}

/// Why a log is not opened.
pub(super) enum OpenError {
    /// The container was started since it was looked at.
    Begun,
    Locate(LocateError),
}

impl ContainerLog {
    /// What is asked of the API server.
    pub(super) fn options(&self, query: &LogQuery) -> FeedOptions {
        FeedOptions {
            follow: query.follow,
            spans_runs: query.spans_runs(),
            since: query.filter.since,
            tail_lines: None,
            stream: query.filter.stream,
            group: self.group.clone(),
        }
    }

    /// The lines, as those of one of many logs if it is one.
    pub(super) fn among_many(&self, lines: ApiLines) -> ApiLines {
        if self.group.is_some() { lines.among_many() } else { lines }
    }

    /// Why there is nothing to read.
    pub(super) fn waiting(&self) -> LocateError {
        let LogName { pod, container, .. } = &self.name;
        let (why, pod) = (waiting_reason(&self.start.waits_for), &pod.pod);
        LocateError::Refused(format!(
            "container \"{container}\" in pod \"{pod}\" is waiting to start: {why}"
        ))
    }

    /// Begins to read the log.
    pub(super) async fn open(self, query: &LogQuery) -> Result<ApiLog, OpenError> {
        let until = self.until;
        if let Some(run) = &self.start.run
            && (query.tail.is_some() || until.is_some())
        {
            return Ok(begin_at_tail(&self, run, query, until).await?);
        }
        if self.start.run.is_none() && !query.follow {
            return Err(OpenError::Locate(self.waiting()));
        }
        let (feed, pieces) = self.feed(self.options(query));
        let connection = match self.start.run {
            Some(_) => Some(feed.connect(self.start.is_previous).await?),
            None => None,
        };
        feed.start(connection, self.start.is_after_loss);
        Ok(self.log(pieces, query))
    }

    /// The same without waiting for the API server.
    pub(super) fn open_later(self, query: &LogQuery) -> ApiLog {
        // So many lines of the file, though it may take several for one line.
        let options = FeedOptions { tail_lines: query.tail, ..self.options(query) };
        let (feed, pieces) = self.feed(options);
        feed.start(None, self.start.is_after_loss);
        self.log(pieces, query)
    }

    fn feed(&self, options: FeedOptions) -> (LogFeed, PieceReceiver) {
        let Self { server, name, start, .. } = self;
        LogFeed::new(server.clone(), name.clone(), options, start)
    }

    fn log(self, pieces: PieceReceiver, query: &LogQuery) -> ApiLog {
        let (name, start) = (Arc::new(self.name.clone()), self.start.clone());
        let restart = start.run.as_ref().map_or(0, |run| run.restart);
        let waits_for = start.run.is_none().then_some(start.waits_for);
        let begin = LinesStart { tracker: start.tracker, received: Vec::new(), restart, waits_for };
        let stream = query.filter.stream;
        let lines = ApiLines::new(name.clone(), pieces, begin, query.follow, stream, None);
        let (lines, levels) = (self.among_many(lines), self.levels);
        ApiLog { name, lines, count: LineCount::default(), levels }
    }
}

impl From<ConnectionError> for OpenError {
    fn from(error: ConnectionError) -> Self {
        match error {
            ConnectionError::OtherRun => Self::Begun,
            ConnectionError::Api(error) => Self::Locate(error.into()),
        }
    }
}

impl From<TailError> for OpenError {
    fn from(error: TailError) -> Self {
        match error {
            TailError::Connection(error) => error.into(),
            TailError::Read(error) => Self::Locate(LocateError::ServerUnavailable(error)),
            TailError::NoEnd => Self::Locate(LocateError::CursorExpired),
        }
    }
}
