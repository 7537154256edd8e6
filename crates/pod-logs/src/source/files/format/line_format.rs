//! Reads a line in whichever format it is.

use super::{
    cri, docker,
    entry::{LogEntry, UnknownStream},
};
use crate::line::stream::OutputStream;

/// How a line is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LineFormat {
    Cri,
    DockerJson,
}

impl LineFormat {
    /// The format of a line, its newline removed. `None` when it is in neither.
    pub(crate) fn of(line: &[u8]) -> Option<Self> {
        [Self::Cri, Self::DockerJson].into_iter().find(|format| format.parse(line).is_some())
    }

    /// Reads a line, its newline removed, just as leniently as the kubelet. `None` when it is not
    /// in this format.
    pub(crate) fn parse(
        self,
        line: &[u8],
    ) -> Option<LogEntry<Result<OutputStream, UnknownStream>>> {
        match self {
            Self::Cri => cri::parse(line).map(|entry| entry.map_stream(Ok)),
            Self::DockerJson => docker::parse_leniently(line),
        }
    }
}

impl LogEntry {
    /// Reads a line of a log file, its newline removed. `None` when it is in neither format.
    ///
    /// The formats cannot be taken for each other: one begins with a digit, the other with `{`.
    pub fn parse(line: &[u8]) -> Option<Self> {
        match line.first()? {
            b'{' => docker::parse(line),
            _ => cri::parse(line),
        }
    }

    /// Reads the beginning of a line whose end is not written yet. `None` as well when only the
    /// whole line can be read.
    pub(crate) fn parse_unfinished(line: &[u8]) -> Option<Self> {
        match line.first()? {
            b'{' => None,
            _ => cri::parse(line),
        }
    }
}
