//! What is told while there is no line to give out.

use bytes::Bytes;
use pod_logs::LogForm;
use tokio::time::Instant;

use super::{LogStream, append_progress};

impl LogStream {
    /// Up to when everything was given, if there is nothing else to say and a front waits for it.
    pub(super) fn watermark(&mut self) -> Option<Bytes> {
        let source = self.source.as_mut().filter(|_| self.chunk.is_empty())?;
        let mut watermark = Vec::new();
        source.write_watermark(&mut watermark);
        (!watermark.is_empty()).then(|| watermark.into())
    }

    /// Writes that the stream is still there, and how far it has come.
    pub(super) fn write_heartbeat(&mut self) {
        self.last_given = Instant::now();
        if self.form == LogForm::Events {
            self.chunk.extend_from_slice(b": still here\n\n");
        }
        if let Some(source) = &self.source {
            append_progress(source, &mut self.chunk);
        }
    }
}
