//! How container runtimes write a line: CRI, and Docker's JSON.

mod cri;
mod docker;
mod strip;
mod time;

pub use strip::strip_usual_lines;
pub use time::LineTime;

/// Where a container wrote a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

impl Stream {
    fn parse(text: &[u8]) -> Option<Self> {
        match text {
            b"stdout" => Some(Self::Stdout),
            b"stderr" => Some(Self::Stderr),
            _ => None,
        }
    }
}

/// The name of a stream that is neither of the two. The kubelet minds it only when it writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UnknownStream(pub(crate) Vec<u8>);

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
    pub(crate) fn parse(self, line: &[u8]) -> Option<LogEntry<Result<Stream, UnknownStream>>> {
        match self {
            Self::Cri => cri::parse(line).map(|entry| entry.map_stream(Ok)),
            Self::DockerJson => docker::parse_leniently(line),
        }
    }
}

/// What a runtime wrote at once: a line, or a piece of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogEntry<S = Stream> {
    pub(crate) time: LineTime,
    pub(crate) stream: S,
    /// A piece whose line goes on in a later entry of the stream.
    pub(crate) partial: bool,
    content: Content,
}

/// Where the bytes are that the container wrote, without the newline. They may be no UTF-8.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Content {
    /// All of the line from this byte on.
    From(usize),
    /// Not in the line as such: they were escaped.
    Decoded(Vec<u8>),
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

impl<S> LogEntry<S> {
    /// What the container wrote, given the line that the entry was read from.
    pub fn content<'a>(&'a self, line: &'a [u8]) -> &'a [u8] {
        match &self.content {
            Content::From(start) => line.get(*start..).unwrap_or_default(),
            Content::Decoded(bytes) => bytes,
        }
    }

    /// Where in its line the content begins; `None` when it is not there as such.
    pub fn content_start(&self) -> Option<usize> {
        match self.content {
            Content::From(start) => Some(start),
            Content::Decoded(_) => None,
        }
    }

    fn map_stream<T>(self, map: impl FnOnce(S) -> T) -> LogEntry<T> {
        let Self { time, stream, partial, content } = self;
        LogEntry { time, stream: map(stream), partial, content }
    }
}
