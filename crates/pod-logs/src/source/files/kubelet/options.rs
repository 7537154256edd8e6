//! What is asked of the kubelet, and why it gives no more.

use std::io;

use chrono::{DateTime, Utc};

use super::quote::GoQuoted;
use crate::line::stream::OutputStream;

/// What is asked for, in the words of Kubernetes' `PodLogOptions`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct KubeletOptions {
    /// Lines of the file, finished ones, before `since` takes some of them away. With `stream`
    /// lines of that stream, which Kubernetes does not allow together.
    pub tail_lines: Option<u64>,
    /// Only lines of this time or later. `sinceSeconds` has been subtracted from the time it is.
    pub since: Option<DateTime<Utc>>,
    /// Only lines of an earlier time. Kubernetes has nothing like it.
    pub until: Option<DateTime<Utc>>,
    /// Of what is written, time stamps included.
    pub limit_bytes: Option<u64>,
    /// Each line begins with its time.
    pub timestamps: bool,
    /// `None`: all.
    pub stream: Option<OutputStream>,
    /// The log's last file grows, or others come after it. A line is not read before its end is
    /// there.
    pub follow: bool,
}

/// Why the kubelet reads no further, in its words.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KubeletError {
    /// The first line that is read, with its newline.
    #[error("failed to get parse function: unsupported log format: {}", GoQuoted(.0))]
    UnsupportedFormat(Vec<u8>),
    #[error("unexpected stream type {}", GoQuoted(.0))]
    UnexpectedStream(Vec<u8>),
    #[error("failed to read log file: {0}")]
    Read(#[from] io::Error),
}
