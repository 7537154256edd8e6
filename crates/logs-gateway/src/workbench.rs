//! Parsers and the log engine by themselves, for benches and fuzz targets: no network, no users.
//!
//! The service uses nothing of this.

use std::{borrow::Cow, io, path::Path};

use bytes::Bytes;
use pod_logs::{Cursor, Entry, FilesSource, LogQuery, PodRef};

use crate::{reader::LogReader, stream::LogStream};

/// How many compressed files are read at once.
const MAX_SCANS: usize = 4;

/// What the container wrote with a line of a log file, its newline removed. `None` when the line
/// is in neither format.
#[must_use]
pub fn content_of_line(line: &[u8]) -> Option<Cow<'_, [u8]>> {
    let entry = Entry::parse(line)?;
    Some(match entry.content_start() {
        Some(start) => Cow::Borrowed(&line[start..]),
        None => Cow::Owned(entry.content(line).to_vec()),
    })
}

/// Appends what containers wrote with these lines, up to the first that is not quite usual, and
/// says how many bytes the lines have.
pub fn strip_usual_lines(lines: &[u8], out: &mut Vec<u8>) -> usize {
    pod_logs::strip(lines, out)
}

/// Whether a file of this name is one of a container's logs.
#[must_use]
pub fn is_log_file(name: &str) -> bool {
    pod_logs::is_log_file(name)
}

/// A cursor, read and written again. `None` when the text is none.
#[must_use]
pub fn cursor_again(text: &str) -> Option<String> {
    Cursor::decode(text).ok().and_then(|cursor| cursor.encode())
}

/// These bytes as a cursor's text, with the checksum of one.
#[must_use]
pub fn cursor_of(content: &[u8]) -> String {
    pod_logs::with_checksum(content.to_vec())
}

/// The log directory of a node, whose pods of the namespace `default` may be read as text.
#[derive(Debug)]
pub struct Node(LogReader);

impl Node {
    /// # Errors
    /// When the directory cannot be opened.
    pub fn open(logs: &Path) -> io::Result<Self> {
        let source = FilesSource::open(logs, &[]).map_err(io::Error::other)?;
        Ok(Self(LogReader::new(source, MAX_SCANS)?))
    }

    /// All of a pod's log, rotated files included.
    ///
    /// # Errors
    /// When there is no such log, or it cannot be read.
    pub async fn all_of(&self, pod: &str) -> io::Result<Text> {
        self.read(pod, LogQuery::default()).await
    }

    /// The last lines of a pod's log.
    ///
    /// # Errors
    /// When there is no such log, or it cannot be read.
    pub async fn last_of(&self, pod: &str, lines: u64) -> io::Result<Text> {
        self.read(pod, LogQuery { tail: Some(lines), ..LogQuery::default() }).await
    }

    /// What is written to a pod's log from now on.
    ///
    /// # Errors
    /// When there is no such log, or it cannot be read.
    pub async fn follow(&self, pod: &str) -> io::Result<Text> {
        self.read(pod, LogQuery { follow: true, tail: Some(0), ..LogQuery::default() }).await
    }

    async fn read(&self, pod: &str, query: LogQuery) -> io::Result<Text> {
        let pod = PodRef {
            namespace: "default".parse().map_err(io::Error::other)?,
            pod: pod.parse().map_err(io::Error::other)?,
        };
        Ok(Text(self.0.open_unasked(pod, query).await.map_err(io::Error::other)?))
    }
}

/// The text of a log, chunk by chunk.
pub struct Text(LogStream);

impl Text {
    /// The next chunk; waits for one if the log is followed. `None` at the end.
    ///
    /// # Errors
    /// When the log ends early.
    pub async fn next(&mut self) -> io::Result<Option<Bytes>> {
        self.0.next().await.map_err(io::Error::other)
    }
}
