//! What nodes say, taken record by record.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::FrontReading;
use crate::{
    cursor::{log_key::LogKey, merged_cursor::MergedCursor},
    line::target::{ContainerName, PodRef},
    nodes::{
        feed_record::{BadRecord, FeedLine, FeedRecord, ToldRecord},
        front_log::FrontMembership,
        node_feed::{FeedState, NodeFeed},
    },
    render::{front_records::BeginRecord, objects::PodEvent},
};

/// How many logs a node may tell of, at least.
const MAX_KNOWN_LOGS: usize = 1000;
/// How much of a node, for each log that it may tell of, waits to be told.
const MAX_TOLD_OF_LOG: usize = 4;

impl FrontReading {
    /// Reads what was received of a node, up to its next line.
    pub(super) fn read_feed(&mut self, node: usize) {
        let now = self.clock.now();
        while self.feeds[node].state == FeedState::Open && self.feeds[node].head.is_none() {
            let taken = match self.feeds[node].next_record(now) {
                // A node that tells without end must not hold up all others.
                Ok(None) if self.tells_too_much(node) && !self.is_ready() => Err(BadRecord),
                Ok(None) => return,
                Ok(Some(record)) => self.take_record(node, record, now),
                Err(BadRecord) => Err(BadRecord),
            };
            if taken.is_err() {
                // What it says is not to be believed, and would not be when it is asked again.
                self.lose(node, None, false);
            }
        }
    }

    fn take_record(
        &mut self,
        node: usize,
        record: FeedRecord,
        now: DateTime<Utc>,
    ) -> Result<(), BadRecord> {
        let feed = &mut self.feeds[node];
        match record {
            FeedRecord::Line(line) => {
                self.check(&line.pod, &line.container)?;
                if !(self.selection.may_read)(&line.pod) {
                    return Ok(());
                }
                self.key_of(node, &line).ok_or(BadRecord)?;
                self.feeds[node].take_line(line, now);
            }
            FeedRecord::Told(told) => self.take_told_record(node, told)?,
            FeedRecord::Begin(begin) => self.take_begin(node, begin),
            FeedRecord::Live => feed.is_live = true,
            FeedRecord::Progress(progress) => {
                let cursor = progress.cursor.as_deref().map(MergedCursor::decode);
                feed.progress = progress;
                if let Some(cursor) = cursor.transpose().map_err(|_| BadRecord)? {
                    self.take_checkpoint(node, &cursor)?;
                }
            }
            FeedRecord::Checkpoint(cursor) => self.take_checkpoint(node, &cursor)?,
            FeedRecord::Watermark(time) => feed.take_watermark(time, now),
            FeedRecord::End(reason) => match reason.as_str() {
                "complete" | "container_exit" | "limit" => feed.close(FeedState::Done),
                _ => self.lose(node, None, true),
            },
        }
        Ok(())
    }

    fn take_begin(&mut self, node: usize, begin: BeginRecord) {
        self.cursor.claim(node, &begin.unknown, &mut self.logs);
        let lost = begin.unknown.iter().filter_map(|key| {
            let log = self.logs.logs.get(key).filter(|log| log.node == node)?;
            Some((*key, log.name.clone(), log.last_given, log.membership))
        });
        for (key, name, last, membership) in lost.collect::<Vec<_>>() {
            self.logs.logs.remove(&key);
            if membership == FrontMembership::Open {
                self.told.push_back(ToldRecord::lost(name.as_deref(), last));
            }
        }
        let feed = &mut self.feeds[node];
        feed.begin = Some(begin);
        let has_given = self.feeds.iter().any(|feed| feed.has_given);
        if let Some(tail) = self.tail.filter(|_| !has_given) {
            let of_feed = |feed: &NodeFeed| feed.begin.as_ref().and_then(|begin| begin.lines);
            // A node gives no more than the tail.
            let lines = self.feeds.iter().filter_map(of_feed).map(|lines| lines.min(tail));
            let lines = lines.fold(0, u64::saturating_add);
            // None is given before all nodes have begun, or are lost.
            self.skip = lines.saturating_sub(tail);
        }
        let has_begun = |feed: &NodeFeed| feed.begin.is_some();
        if self.feeds.iter().all(has_begun) {
            let lost = self.cursor.take_lost();
            self.told.extend(lost.into_iter().map(|last| ToldRecord::lost(None, last)));
        }
    }

    fn take_checkpoint(&mut self, node: usize, cursor: &MergedCursor) -> Result<(), BadRecord> {
        if cursor.selection != self.selection.checksum {
            return Err(BadRecord);
        }
        self.feeds[node].has_checkpoint = true;
        self.logs.apply(node, cursor);
        Ok(())
    }

    fn take_told_record(&mut self, node: usize, told: ToldRecord) -> Result<(), BadRecord> {
        let ToldRecord::Pod { event, name, restart } = told else {
            return self.take_gap_or_volume(node, told);
        };
        self.check(&name.pod, &name.container)?;
        if !(self.selection.may_read)(&name.pod) {
            return Ok(());
        }
        let key = LogKey::of(&name);
        let (max_logs, open) = (self.selection.max_logs, self.logs.open_count());
        if self.logs.count_of(node) > self.max_known_logs() {
            return Err(BadRecord);
        }
        let log = self.logs.entry(key, node);
        let is_new = log.name.is_none();
        log.name = Some(Arc::new(name.clone()));
        let event = match event {
            PodEvent::Opened | PodEvent::Joined | PodEvent::Restarted => match log.membership {
                FrontMembership::Skipped => return Ok(()),
                _ if is_new && open >= max_logs => {
                    log.membership = FrontMembership::Skipped;
                    PodEvent::Skipped
                }
                _ => {
                    log.membership = FrontMembership::Open;
                    event
                }
            },
            PodEvent::Skipped => {
                log.membership = FrontMembership::Skipped;
                event
            }
            PodEvent::Forbidden if log.membership == FrontMembership::Forbidden => return Ok(()),
            PodEvent::Forbidden => {
                log.membership = FrontMembership::Forbidden;
                event
            }
            PodEvent::Ended => {
                log.membership = FrontMembership::Ended;
                event
            }
            PodEvent::Gone | PodEvent::Unreachable | PodEvent::Waiting => event,
        };
        // When a node returns, its logs are not opened for the client once more.
        let is_told_again = event == PodEvent::Opened && !is_new;
        if !is_told_again {
            self.tell(node, ToldRecord::Pod { event, name, restart });
        }
        Ok(())
    }

    fn take_gap_or_volume(&mut self, node: usize, told: ToldRecord) -> Result<(), BadRecord> {
        if let ToldRecord::Gap(gap) = &told
            && let Some(pod) = gap.pod_ref()
        {
            if !(self.selection.includes)(&pod) {
                return Err(BadRecord);
            }
            if !(self.selection.may_read)(&pod) {
                return Ok(());
            }
        }
        self.tell(node, told);
        Ok(())
    }

    fn tell(&mut self, node: usize, told: ToldRecord) {
        self.feeds[node].told += 1;
        self.told.push_back(told);
    }

    /// How many logs a node may tell of.
    fn max_known_logs(&self) -> usize {
        MAX_KNOWN_LOGS.max(2 * self.selection.max_logs)
    }

    /// Whether so much of what a node has told waits that no more of it is read.
    pub(super) fn tells_too_much(&self, node: usize) -> bool {
        self.feeds[node].told >= MAX_TOLD_OF_LOG * self.max_known_logs()
    }

    /// The log of a line. `None` if the node did not tell of it.
    pub(super) fn key_of(&self, node: usize, line: &FeedLine) -> Option<LogKey> {
        let key = line.key();
        let log = self.logs.logs.get(&key)?;
        (log.node == node && log.name.is_some()).then_some(key)
    }

    /// Checks that a node speaks of what it was asked for.
    fn check(&self, pod: &PodRef, container: &ContainerName) -> Result<(), BadRecord> {
        let asked = self.selection.container.as_ref().is_none_or(|asked| asked == container);
        if asked && (self.selection.includes)(pod) { Ok(()) } else { Err(BadRecord) }
    }

    pub(super) fn lose(&mut self, node: usize, status: Option<u16>, may_return: bool) {
        let feed = &mut self.feeds[node];
        let was_lost = matches!(feed.state, FeedState::Lost { .. });
        // Without a place to go on from, lines would be given twice.
        let may_return = may_return && (feed.has_checkpoint || !feed.has_given);
        let is_first_try = feed.state == FeedState::Opening && feed.is_unreachable_told;
        feed.close(FeedState::Lost { may_return });
        // When it returns, others have gone on.
        feed.keeps_up |= self.follows;
        if !was_lost && !is_first_try {
            self.feeds[node].is_unreachable_told = true;
            self.skip = 0;
            self.told.push_back(ToldRecord::Unreachable { node, status });
        }
    }
}
