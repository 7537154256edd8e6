//! What only a front is told.

use chrono::{DateTime, Utc};

use super::Rendering;
use crate::render::front_records::{BeginRecord, write_begin, write_watermark};

/// What only a front is told, and what it was told.
#[derive(Debug)]
pub(super) struct FrontRecords {
    /// Taken when it is told.
    begin: Option<BeginRecord>,
    watermark: Option<DateTime<Utc>>,
}

impl Rendering {
    /// Tells a front all that it needs to merge the lines with those of other nodes.
    pub(crate) fn for_front(mut self, begin: BeginRecord) -> Self {
        let begin = BeginRecord { lines: self.lines.tail_lines(), ..begin };
        self.front = Some(Box::new(FrontRecords { begin: Some(begin), watermark: None }));
        self
    }

    /// Whether a front waits for watermarks.
    pub(crate) fn tells_watermarks(&self) -> bool {
        self.front.is_some() && self.follows
    }

    pub(super) fn tell_front_begin(&mut self, out: &mut Vec<u8>) {
        if let Some(begin) = self.front.as_mut().and_then(|front| front.begin.take()) {
            write_begin(&begin, out);
        }
    }

    /// Tells a front the instant before which everything was given, if that is later than what it
    /// was told. Only to be called when there is nothing more to write at present.
    pub(crate) fn write_watermark(&mut self, out: &mut Vec<u8>) {
        if let Some(front) = &mut self.front
            && let given_until = self.lines.given_until()
            && given_until > front.watermark
        {
            front.watermark = given_until;
            given_until.iter().for_each(|time| write_watermark(*time, out));
        }
    }
}
