//! A log as the API server gives it out.

use std::io::{self, Write};

use tokio::sync::watch;

use super::{
    options::{KubeletError, KubeletOptions},
    rendering::KubeletRendering,
};
use crate::{
    chunk::{LogEnd, Progress},
    cost::ReadingCost,
    counts::ReadCounts,
    source::files::lines::file_lines::FileLog,
};

/// Writes a log as the API server gives it out. The kubelet's complaint about a log that it cannot
/// read is the log's last text, as there.
#[derive(Debug)]
pub(crate) struct KubeletReading(KubeletRendering);

impl KubeletReading {
    /// Ready to write: the files were read as far as is needed to find where the tail begins.
    pub(crate) fn new(log: FileLog, options: &KubeletOptions) -> io::Result<Self> {
        let FileLog { chain, following, .. } = log;
        Ok(Self(KubeletRendering::new(&chain, options)?.follow(following)))
    }

    /// Wakes when the log may have grown; `None` if it is not followed.
    pub(crate) fn changes(&self) -> Option<watch::Receiver<u64>> {
        self.0.physical().changes()
    }

    /// The cost of reading the rest, as far as it is there.
    pub(crate) fn cost_ahead(&self) -> ReadingCost {
        self.0.physical().cost_ahead()
    }

    /// How much of the log was written; what the kubelet complains of is not of the log.
    pub(crate) fn counts(&self) -> ReadCounts {
        self.0.counts()
    }

    /// Writes what was read and is held. To be called when nothing more is read.
    pub(crate) fn write_held(&mut self, out: &mut Vec<u8>) {
        self.0.write_held(out);
    }

    /// Writes the next chunk behind what stands in `out`.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub(crate) fn write_chunk(&mut self, out: &mut Vec<u8>) -> io::Result<Progress> {
        match self.0.write_chunk(out) {
            Ok(progress) => Ok(progress),
            Err(KubeletError::Read(error)) => Err(error),
            Err(complaint) => {
                write!(out, "{complaint}")?;
                Ok(Progress::Done(LogEnd::Complete))
            }
        }
    }
}
