//! What comes next, and how it is written.

use super::FrontReading;
use crate::{
    chunk::{CHUNK_BYTES, LogEnd, Progress},
    cursor::log_key::LogKey,
    nodes::{
        feed_record::{FeedLine, ToldRecord},
        front_log::{FrontMembership, LogPlace},
        front_order::{NextLineOf, next_line_of},
        node_feed::{FeedState, NodeFeed},
    },
    render::objects::PodEvent,
};

impl FrontReading {
    pub(super) fn write_steps(&mut self, out: &mut Vec<u8>) -> Progress {
        while out.len() < CHUNK_BYTES {
            if self.writing.is_full() {
                return Progress::Done(LogEnd::Limit);
            }
            self.tell_begin(out);
            if let Some(told) = self.take_told() {
                if let Some(end) = self.write_told(&told, out) {
                    return Progress::Done(end);
                }
                continue;
            }
            match next_line_of(&self.feeds, self.clock.now()) {
                NextLineOf::Node(node) => {
                    self.has_started = true;
                    self.give_head(node, out);
                }
                NextLineOf::Wait { .. } => {
                    self.has_started |= self.is_ready();
                    self.tell_live(out);
                    return Progress::CaughtUp;
                }
                NextLineOf::Nothing if self.follows && self.may_any_come() => {
                    self.has_started = true;
                    return Progress::CaughtUp;
                }
                NextLineOf::Nothing => {
                    let is_exit = self.follows;
                    return Progress::Done(match is_exit {
                        true => LogEnd::ContainerExit,
                        false => LogEnd::Complete,
                    });
                }
            }
        }
        Progress::More
    }

    /// Whether a node may return, or appear.
    fn may_any_come(&self) -> bool {
        self.feeds.is_empty() || (0..self.feeds.len()).any(|node| self.may_return(node))
    }

    /// Writes the line of a node, and looks for its next one.
    fn give_head(&mut self, node: usize, out: &mut Vec<u8>) {
        let Some(head) = self.feeds[node].head.take() else { return };
        self.feeds[node].has_given = true;
        self.give_line(node, &head.line, out);
        self.read_feed(node);
    }

    fn give_line(&mut self, node: usize, line: &FeedLine, out: &mut Vec<u8>) {
        let Some(key) = self.key_of(node, line) else { return };
        let log = self.logs.entry(key, node);
        let Some(name) = log.name.clone() else { return };
        if log.membership != FrontMembership::Open {
            return;
        }
        let highest = log.last_given.max(Some(line.time.instant()));
        let mut is_whole = true;
        if self.skip > 0 && !line.is_continuation {
            self.skip -= 1;
        } else {
            let is_late = highest < self.cursor.watermark;
            is_whole = self.writing.write_line(line, &name, log.number, is_late, out);
        }
        if is_whole {
            log.last_given = highest;
            if let Some(position) = line.cursor.as_ref().and_then(|(_, cursor)| cursor.logs.first())
            {
                log.place = Some(LogPlace::Line(position.clone()));
            }
            self.cursor.watermark = self.cursor.watermark.max(highest);
        }
    }

    /// Writes what is told beside the lines. The answer is the end, if the form has no words for it.
    fn write_told(&mut self, told: &ToldRecord, out: &mut Vec<u8>) -> Option<LogEnd> {
        if let ToldRecord::Gap(_) = told {
            self.skip = 0;
            if !self.writing.count_gap() {
                return Some(LogEnd::Gap);
            }
        }
        let is_lost = matches!(told, ToldRecord::Unreachable { .. });
        if is_lost && self.follows && self.has_started && !self.form().has_words() {
            return Some(LogEnd::Source);
        }
        let name = |node: usize| self.feeds[node].name.clone();
        let node = match told {
            ToldRecord::Unreachable { node, .. } => Some(name(*node)),
            ToldRecord::Pod { name: log, .. } => {
                self.logs.logs.get(&LogKey::of(log)).map(|log| name(log.node))
            }
            ToldRecord::Gap(_) | ToldRecord::Volume(_) => None,
        };
        let cursor = if self.tells_checkpoints() { self.checkpoint() } else { None };
        self.writing.end_event(cursor.as_deref(), out);
        self.writing.write_told(told, node.as_deref(), out);
        if let ToldRecord::Pod { event: PodEvent::Gone, name, .. } = told {
            let log = self.logs.logs.remove(&LogKey::of(name));
            log.iter().for_each(|log| self.writing.close_log(log.number));
        }
        None
    }

    /// What is to be told next. It waits until all nodes have said where they begin.
    fn take_told(&mut self) -> Option<ToldRecord> {
        let told = if self.is_ready() { self.told.pop_front() } else { None };
        if self.told.is_empty() {
            self.feeds.iter_mut().for_each(|feed| feed.told = 0);
        }
        told
    }

    /// Whether every node has said where it begins, or is not waited for.
    pub(super) fn is_ready(&self) -> bool {
        self.counts_volume
            || self.feeds.iter().all(|feed| match feed.state {
                FeedState::Opening | FeedState::Open => {
                    feed.has_checkpoint || feed.keeps_up || feed.is_live || feed.head.is_some()
                }
                FeedState::Lost { .. } | FeedState::Done => true,
            })
    }

    /// Tells where the body begins.
    fn tell_begin(&mut self, out: &mut Vec<u8>) {
        let is_too_early = matches!(
            self.told.front(),
            Some(ToldRecord::Gap(_))
                | Some(ToldRecord::Pod {
                    event: PodEvent::Skipped | PodEvent::Forbidden | PodEvent::Gone,
                    ..
                })
        );
        if self.has_begun || is_too_early || !self.is_ready() || self.skip > 0 {
            return;
        }
        if !self.tells_checkpoints() {
            self.has_begun = true;
        } else if let Some(cursor) = self.checkpoint() {
            self.writing.write_checkpoint(&cursor, out);
            self.has_begun = true;
        }
    }

    fn tell_live(&mut self, out: &mut Vec<u8>) {
        let is_live = self.follows
            && self.feeds.iter().all(|feed| match feed.state {
                FeedState::Opening => feed.keeps_up,
                FeedState::Open => feed.is_live || feed.keeps_up,
                FeedState::Lost { .. } | FeedState::Done => true,
            });
        self.is_live |= is_live;
        if is_live {
            let cursor = self.checkpoint();
            self.writing.tell_live(cursor.as_deref(), out);
        }
    }

    pub(super) fn tells_checkpoints(&self) -> bool {
        !self.counts_volume && self.form().has_words()
    }

    pub(super) fn checkpoint(&self) -> Option<String> {
        let is_known = |feed: &NodeFeed| match feed.state {
            FeedState::Open => feed.has_checkpoint,
            FeedState::Opening | FeedState::Lost { .. } => feed.has_checkpoint || !feed.has_given,
            FeedState::Done => true,
        };
        let has_all = !self.counts_volume && self.feeds.iter().all(is_known);
        has_all.then(|| self.cursor.cursor(&self.logs, None))?.encode()
    }
}
