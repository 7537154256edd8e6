//! The seam between sources and everything that works on lines.

use std::{io, time::Duration};

use tokio::sync::watch;

use super::{
    files::lines::{file_lines::FileLines, logical::resumption::FileResumption},
    kubernetes::{
        feed::piece::FailureKind,
        lines::{api_lines::ApiLines, api_resumption::ApiResumption},
    },
};
use crate::{
    cost::ReadingCost,
    counts::ReadCounts,
    cursor::LogPosition,
    line::{
        log_line::{LogLine, NextLine},
        log_run::LogRun,
        target::PodUid,
    },
};

/// Gives the lines of one log: [`next`](Self::next), then look at [`line`](Self::line).
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "there is one a log, and most are files")]
pub(crate) enum LineSource {
    /// The files of a node.
    Files(FileLines),
    /// What the API server gives.
    Kubernetes(Box<ApiLines>),
}

/// Where a log can be taken up again behind a line.
#[derive(Debug, Clone)]
pub(crate) enum Resumption {
    /// In the files of a node.
    Files(FileResumption),
    /// In what the API server gives.
    Kubernetes(ApiResumption),
}

impl LineSource {
    /// Goes to the next line.
    pub(crate) fn next(&mut self) -> io::Result<NextLine> {
        match self {
            Self::Files(lines) => lines.next(),
            Self::Kubernetes(lines) => lines.next(),
        }
    }

    /// Goes to the next line that is not finished, when [`next`](Self::next) is pending.
    pub(crate) fn next_unfinished(&mut self) -> io::Result<NextLine> {
        match self {
            Self::Files(lines) => lines.next_unfinished(),
            Self::Kubernetes(lines) => lines.next_unfinished(),
        }
    }

    /// The present line; `None` before the first and after the last.
    pub(crate) fn line(&self) -> Option<LogLine<'_>> {
        match self {
            Self::Files(lines) => lines.line(),
            Self::Kubernetes(lines) => lines.line(),
        }
    }

    /// Whether it is known which stream a line is of.
    pub(crate) fn knows_streams(&self) -> bool {
        match self {
            Self::Files(_) => true,
            Self::Kubernetes(lines) => lines.knows_streams(),
        }
    }

    /// Appends the text of lines that come next, newlines included, up to about so many bytes;
    /// maybe none. There is no present line then. How much was appended is the answer.
    pub(crate) fn strip(&mut self, max_bytes: usize, out: &mut Vec<u8>) -> ReadCounts {
        match self {
            Self::Files(lines) => lines.strip(max_bytes, out),
            Self::Kubernetes(lines) => lines.strip(max_bytes, out),
        }
    }

    /// Where to go on behind the last line that was looked at. `None` if that cannot be said.
    pub(crate) fn resumption(&self) -> Option<Resumption> {
        match self {
            Self::Files(lines) => lines.resumption().map(Resumption::Files),
            Self::Kubernetes(lines) => lines.resumption().map(Resumption::Kubernetes),
        }
    }

    /// The run of the present line; without one, the run that the reading has come to.
    pub(crate) fn run(&self) -> LogRun {
        match self {
            Self::Files(lines) => lines.run(),
            Self::Kubernetes(lines) => lines.run(),
        }
    }

    /// Why the container was not started yet, if it was not.
    pub(crate) fn waits_for(&self) -> Option<&str> {
        match self {
            // Files are found when there is something in them.
            Self::Files(_) => None,
            Self::Kubernetes(lines) => lines.waits_for(),
        }
    }

    /// No more of the log comes though it goes on. It is one of many, which do.
    pub(crate) fn failure(&self) -> Option<FailureKind> {
        match self {
            Self::Files(_) => None,
            Self::Kubernetes(lines) => lines.failure(),
        }
    }

    /// The source gives no more of it at present; the status with which it answers, if at all.
    pub(crate) fn unreachable(&self) -> Option<Option<u16>> {
        match self {
            Self::Files(_) => None,
            Self::Kubernetes(lines) => lines.unreachable(),
        }
    }

    /// Whether a line that was written is there at once: a log that has no line then had none.
    pub(crate) fn shows_lines_at_once(&self) -> bool {
        match self {
            Self::Files(_) => true,
            Self::Kubernetes(_) => false,
        }
    }

    /// How long ago the present line had come, if it came by itself.
    pub(crate) fn age(&self) -> Duration {
        match self {
            Self::Files(_) => Duration::ZERO,
            Self::Kubernetes(lines) => lines.age(),
        }
    }

    /// The incarnation of the pod that a run is in.
    pub(crate) fn uid_of(&self, run: LogRun) -> &PodUid {
        match self {
            Self::Files(lines) => lines.uid_of(run),
            Self::Kubernetes(lines) => lines.uid(),
        }
    }

    /// Whether the log has ended because it was removed.
    pub(crate) fn is_gone(&self) -> bool {
        match self {
            Self::Files(lines) => lines.is_gone(),
            Self::Kubernetes(lines) => lines.is_gone(),
        }
    }

    /// What was written up to here is not given before its line is finished.
    pub(crate) fn hold_until(&mut self, end: u64) {
        match self {
            Self::Files(lines) => lines.hold_until(end),
            Self::Kubernetes(lines) => lines.hold_until(end),
        }
    }

    /// Says that nothing more is read, though the log goes on.
    pub(crate) fn cut_off(&mut self) {
        match self {
            Self::Files(lines) => lines.cut_off(),
            Self::Kubernetes(lines) => lines.cut_off(),
        }
    }

    /// Reads less at once, and so holds less: there are other logs.
    pub(crate) fn read_little(&mut self) {
        match self {
            Self::Files(lines) => lines.read_little(),
            // It holds little in any case.
            Self::Kubernetes(_) => {}
        }
    }

    /// Lets go of the files. Nothing more is read.
    pub(crate) fn close(&mut self) {
        match self {
            Self::Files(lines) => lines.close(),
            Self::Kubernetes(lines) => lines.close(),
        }
    }

    /// Wakes when the log may have grown; `None` if it is not followed.
    pub(crate) fn changes(&self) -> Option<watch::Receiver<u64>> {
        match self {
            Self::Files(lines) => lines.changes(),
            Self::Kubernetes(lines) => lines.changes(),
        }
    }

    /// Whether it reads what was not there when it was opened.
    pub(crate) fn has_advanced(&self) -> bool {
        match self {
            Self::Files(lines) => lines.has_advanced(),
            Self::Kubernetes(lines) => lines.has_advanced(),
        }
    }

    /// How much has been read, in bytes of the log's content.
    pub(crate) fn bytes_read(&self) -> u64 {
        match self {
            Self::Files(lines) => lines.bytes_read(),
            Self::Kubernetes(lines) => lines.bytes_read(),
        }
    }

    /// The cost of reading the rest, as far as it is there.
    pub(crate) fn cost_ahead(&self) -> ReadingCost {
        match self {
            Self::Files(lines) => lines.cost_ahead(),
            Self::Kubernetes(lines) => lines.cost_ahead(),
        }
    }
}

impl Resumption {
    /// The position for a cursor.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub(crate) fn position<N>(&self, container: N) -> io::Result<LogPosition<N>> {
        match self {
            Self::Files(resumption) => resumption.position(container),
            Self::Kubernetes(resumption) => Ok(resumption.position(container)),
        }
    }
}
