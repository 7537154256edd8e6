//! What a merge of logs comes to next.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::line::target::LogName;

/// What is next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MergeStep {
    Line,
    /// Lines were lost here.
    Gap(Gap),
    /// Something happened to a log as a whole. It is to be taken before the next step.
    Notice,
    /// Nothing in much that was read. There is more to read.
    Reading,
    /// Nothing yet.
    Pending,
    /// Nothing yet, but something is on its way.
    Awaited,
    /// Nothing ever.
    End,
}

/// Lines that were lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Gap {
    /// Which of the logs they are missing in. `None` of one that is gone.
    pub(crate) log: Option<usize>,
    /// The time of the line before, if there was one.
    pub(crate) from: Option<DateTime<Utc>>,
    /// The time of the line after, if there was one.
    pub(crate) to: Option<DateTime<Utc>>,
    /// How much is known to be lost, in bytes of the files' content.
    pub(crate) bytes: Option<u64>,
}

/// Something that happened to a log as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LogNotice {
    pub(crate) kind: NoticeKind,
    pub(crate) name: Arc<LogName>,
    pub(crate) restart: u32,
    /// Which of the logs it was. `None` if it was none of them.
    pub(crate) log: Option<usize>,
}

/// What happened to a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoticeKind {
    /// The container was started again, and lines of its next run were not asked for.
    Ended,
    /// The log was removed.
    Gone,
    /// It is one too many, and is left out.
    Skipped,
    /// It may not be read any more.
    Forbidden,
    /// The source gives no more of it, and answers with this status, if at all.
    Unreachable(Option<u16>),
}

/// What is new about the run that lines are from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RunNews {
    /// The container was not started yet, for this reason.
    Waiting(String),
    /// Lines of this run come.
    Opened,
    /// The log appeared while others were followed.
    Joined,
    /// The container was started again while its log was followed.
    Restarted,
    /// The source gives no more of it at present, and answers with this status, if at all.
    Unreachable(Option<u16>),
}
