//! The stream of one node, as far as it was received.

use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};

use super::{
    feed_record::{BadRecord, FeedLine, FeedProgress, FeedRecord},
    record_buffer::RecordBuffer,
};
use crate::render::front_records::BeginRecord;

/// A node that was not heard of for so long is not waited for.
const SILENCE: TimeDelta = TimeDelta::seconds(1);
/// How much earlier than the node's clock its watermarks are.
const WATERMARK_LAG: TimeDelta = TimeDelta::milliseconds(200);

/// The stream of one node.
#[derive(Debug)]
pub(super) struct NodeFeed {
    pub(super) name: Arc<str>,
    pub(super) state: FeedState,
    buffer: RecordBuffer,
    /// The next line.
    pub(super) head: Option<FeedHead>,
    /// What it has was read once: it is waited for only as long as it keeps up.
    pub(super) keeps_up: bool,
    /// Everything that it has was given.
    pub(super) is_live: bool,
    /// The first checkpoint came: its logs can be taken up again.
    pub(super) has_checkpoint: bool,
    /// A line was given.
    pub(super) has_given: bool,
    /// Everything before was given.
    watermark: Option<DateTime<Utc>>,
    /// How far its clock is ahead of ours.
    ahead: TimeDelta,
    last_heard: DateTime<Utc>,
    /// How far it has read.
    pub(super) progress: FeedProgress,
    /// That it cannot be read was told, and it has not been read since.
    pub(super) is_unreachable_told: bool,
    /// What it said first.
    pub(super) begin: Option<BeginRecord>,
    /// How much of what it told beside its lines may wait to be written.
    pub(super) told: usize,
}

/// The next line of a node.
#[derive(Debug)]
pub(super) struct FeedHead {
    pub(super) line: Box<FeedLine>,
    pub(super) time: DateTime<Utc>,
    since: DateTime<Utc>,
}

/// Whether a node's stream can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FeedState {
    /// It is asked.
    Opening,
    Open,
    /// It cannot be read. It is asked again, if that may help.
    Lost {
        may_return: bool,
    },
    /// It has given everything.
    Done,
}

impl NodeFeed {
    /// A node that is about to be asked.
    pub(super) fn new(name: Arc<str>, keeps_up: bool, now: DateTime<Utc>) -> Self {
        Self {
            name,
            state: FeedState::Opening,
            buffer: RecordBuffer::default(),
            head: None,
            keeps_up,
            is_live: false,
            has_checkpoint: false,
            has_given: false,
            watermark: None,
            ahead: TimeDelta::zero(),
            last_heard: now,
            progress: FeedProgress::default(),
            is_unreachable_told: false,
            begin: None,
            told: 0,
        }
    }

    /// Its body begins.
    pub(super) fn open(&mut self, now: DateTime<Utc>) {
        self.buffer.clear();
        (self.state, self.head, self.last_heard) = (FeedState::Open, None, now);
        (self.watermark, self.is_unreachable_told) = (None, false);
    }

    /// Nothing more is read of it.
    pub(super) fn close(&mut self, state: FeedState) {
        self.buffer.clear();
        self.head = None;
        self.state = state;
    }

    pub(super) fn push(&mut self, bytes: Bytes) {
        if self.state == FeedState::Open {
            self.buffer.push(bytes);
        }
    }

    /// The next record that was received as a whole.
    pub(super) fn next_record(
        &mut self,
        now: DateTime<Utc>,
    ) -> Result<Option<FeedRecord>, BadRecord> {
        let Some(record) = self.buffer.next().map_err(|_| BadRecord)? else {
            return Ok(None);
        };
        self.last_heard = now;
        FeedRecord::parse(&record).map(Some)
    }

    pub(super) fn take_watermark(&mut self, watermark: DateTime<Utc>, now: DateTime<Utc>) {
        self.watermark = self.watermark.max(Some(watermark));
        self.ahead = (watermark - now + WATERMARK_LAG).max(TimeDelta::zero());
    }

    pub(super) fn take_line(&mut self, line: Box<FeedLine>, now: DateTime<Utc>) {
        let time = line.time.instant();
        self.head = Some(FeedHead { line, time, since: now });
    }

    /// Whether it may still have a line that comes before this time.
    pub(super) fn may_precede(&self, time: DateTime<Utc>, now: DateTime<Utc>) -> bool {
        let may_give = match self.state {
            FeedState::Open => self.head.is_none(),
            FeedState::Opening => !self.keeps_up,
            FeedState::Lost { .. } | FeedState::Done => false,
        };
        if !may_give || (!self.keeps_up && !self.is_live) {
            return may_give;
        }
        let is_silent = now - self.last_heard >= SILENCE;
        !is_silent && self.watermark.is_none_or(|watermark| watermark < time)
    }

    /// When its next line is given, whether or not others may have earlier ones.
    pub(super) fn due(&self) -> Option<DateTime<Utc>> {
        let head = self.head.as_ref()?;
        let by_time = head.time - self.ahead;
        Some(by_time.min(head.since) + SILENCE)
    }
}
