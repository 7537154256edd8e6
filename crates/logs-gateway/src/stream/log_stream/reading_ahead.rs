//! Reading the next chunk while one is given out.

use pod_logs::{LogReading, Progress};
use service_runtime::telemetry::RequestSpan;

use super::{LogStream, ReadAhead, read_chunk};
use crate::scans::is_little;

impl LogStream {
    /// Begins to read the next chunk while this one is given out, if there is a place for it and it
    /// is more than a little.
    pub(super) fn read_ahead(&mut self) {
        if self.progress != Progress::More {
            return;
        }
        let Some(place) = self.scans.place_ahead() else {
            return;
        };
        let is_much = |source: &mut LogReading| {
            let cost = source.cost_ahead();
            !is_little(cost) && !cost.is_compressed
        };
        if let Some(source) = self.source.take_if(is_much) {
            let (scans, cost) = (self.scans.clone(), source.cost_ahead());
            let read = async move { scans.read_on(cost, || read_chunk(source)).await };
            let read = tokio::spawn(RequestSpan::current().instrument(read));
            self.ahead = Some(ReadAhead::new(read, place));
        }
    }
}
