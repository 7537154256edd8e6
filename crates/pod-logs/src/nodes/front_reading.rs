//! The logs of many nodes as the bytes of one answer.

mod steps;
mod taking;

use std::{collections::VecDeque, sync::Arc};

use bytes::Bytes;
use chrono::{DateTime, Utc};

use super::{
    feed_record::{FeedLine, ToldRecord},
    front_cursor::FrontCursor,
    front_log::FrontLogs,
    front_order::{NextLineOf, next_line_of},
    front_writing::FrontWriting,
    node_feed::{FeedState, NodeFeed},
};
use crate::{
    chunk::Progress,
    counts::ReadCounts,
    cursor::merged_cursor::MergedCursor,
    line::target::ContainerName,
    merge_clock::MergeClock,
    query::LogQuery,
    render::{form::LogForm, objects::PodEvent},
    source::known_logs::PodPredicate,
};

/// What is asked of all nodes.
#[derive(Clone)]
pub struct FrontSelection {
    /// Which pods are asked for.
    pub includes: PodPredicate,
    /// Which pods may be read.
    pub may_read: PodPredicate,
    /// Only containers of this name.
    pub container: Option<ContainerName>,
    /// How many logs may be read at once.
    pub max_logs: usize,
    /// What a cursor knows of the choice.
    pub checksum: u32,
}

/// Merges the records of many nodes, and writes what comes of it. Nodes are numbers here.
///
/// Each node is to be asked for objects, with the cursor of [`cursor_of`](Self::cursor_of) if there is
/// one, and its body handed over as it [`wants`](Self::wants) it.
pub struct FrontReading {
    selection: FrontSelection,
    clock: MergeClock,
    follows: bool,
    /// How many lines of a tail are asked for.
    tail: Option<u64>,
    counts_volume: bool,
    feeds: Vec<NodeFeed>,
    logs: FrontLogs,
    cursor: FrontCursor,
    /// What is to be told before the next line.
    told: VecDeque<ToldRecord>,
    /// How many lines come before the tail.
    skip: u64,
    has_begun: bool,
    /// What was known at the beginning was told.
    has_started: bool,
    /// All nodes have given what they had.
    is_live: bool,
    /// The client goes on behind a cursor.
    is_resumed: bool,
    writing: FrontWriting,
}

/// What all nodes together have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrontBegin {
    /// Not all of them have said it.
    Unknown,
    /// So many pods.
    Pods(usize),
    /// More logs than one reading may be of.
    TooManyLogs,
}

impl FrontReading {
    /// Ready to merge what these nodes say. `resumed` is where the client goes on.
    pub fn new(
        nodes: impl IntoIterator<Item = Arc<str>>,
        selection: FrontSelection,
        query: &LogQuery,
        resumed: Option<MergedCursor>,
        form: LogForm,
        clock: MergeClock,
    ) -> Self {
        let now = clock.now();
        let feeds = nodes.into_iter().map(|name| NodeFeed::new(name, false, now)).collect();
        Self {
            is_resumed: resumed.is_some(),
            cursor: FrontCursor::new(selection.checksum, resumed),
            selection,
            clock,
            follows: query.follow,
            tail: query.tail,
            counts_volume: query.volume.is_some(),
            feeds,
            logs: FrontLogs::default(),
            told: VecDeque::new(),
            skip: 0,
            has_begun: false,
            has_started: false,
            is_live: false,
            writing: FrontWriting::new(query, form),
        }
    }

    /// Takes in a node that appeared. Its number is the answer.
    pub fn join(&mut self, name: Arc<str>) -> usize {
        self.feeds.push(NodeFeed::new(name, true, self.clock.now()));
        self.feeds.len() - 1
    }

    /// The node's body begins.
    pub fn opened(&mut self, node: usize) {
        let now = self.clock.now();
        self.feeds[node].open(now);
    }

    /// Takes a part of the node's body.
    pub fn push(&mut self, node: usize, bytes: Bytes) {
        self.feeds[node].push(bytes);
        self.read_feed(node);
    }

    /// The node's body is over, or broke off, or nothing is heard of the node any more. It is lost
    /// unless it has said that this was all.
    pub fn closed(&mut self, node: usize) {
        if matches!(self.feeds[node].state, FeedState::Open | FeedState::Opening) {
            self.lose(node, None, true);
        }
    }

    /// The node cannot be asked, or answers with an error.
    pub fn failed(&mut self, node: usize, status: Option<u16>) {
        self.lose(node, status, true);
    }

    /// Asks a lost node again.
    pub fn reopen(&mut self, node: usize) {
        self.feeds[node].state = FeedState::Opening;
    }

    /// Asks a node that is read, or asked, anew, behind what was given. Whether that is possible is
    /// the answer.
    pub fn renew(&mut self, node: usize) -> bool {
        let feed = &mut self.feeds[node];
        let can_go_on = feed.has_checkpoint || !feed.has_given;
        let may_renew = can_go_on && matches!(feed.state, FeedState::Open | FeedState::Opening);
        if may_renew {
            feed.close(FeedState::Opening);
        }
        may_renew
    }

    /// Whether the node's body is read.
    #[must_use]
    pub fn is_open(&self, node: usize) -> bool {
        self.feeds[node].state == FeedState::Open
    }

    /// Whether all nodes have given what they had.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.is_live
    }

    /// Whether the node is lost, and may be asked again.
    #[must_use]
    pub fn may_return(&self, node: usize) -> bool {
        self.feeds[node].state == FeedState::Lost { may_return: true }
    }

    /// Whether more of the node's body is needed now.
    #[must_use]
    pub fn wants(&self, node: usize) -> bool {
        let feed = &self.feeds[node];
        feed.state == FeedState::Open && feed.head.is_none() && !self.tells_too_much(node)
    }

    /// Where to go on with a node. `None`: from where the query begins.
    #[must_use]
    pub fn cursor_of(&self, node: usize) -> Option<String> {
        let has_place = self.is_resumed || self.feeds[node].has_checkpoint;
        let cursor = has_place.then(|| self.cursor.cursor(&self.logs, Some(node)));
        cursor?.encode()
    }

    /// What all nodes together have.
    #[must_use]
    pub fn begin(&self) -> FrontBegin {
        let is_unknown = |feed: &NodeFeed| match feed.state {
            FeedState::Opening => true,
            FeedState::Open => feed.begin.is_none(),
            FeedState::Lost { .. } | FeedState::Done => false,
        };
        if self.feeds.iter().any(is_unknown) {
            return FrontBegin::Unknown;
        }
        let begun = || self.feeds.iter().filter_map(|feed| feed.begin.as_ref());
        let logs = begun().map(|begin| begin.logs).fold(0, usize::saturating_add);
        if logs > self.selection.max_logs {
            return FrontBegin::TooManyLogs;
        }
        FrontBegin::Pods(begun().map(|begin| begin.pods).fold(0, usize::saturating_add))
    }

    /// The names of the nodes that could not be read, or not to their ends.
    #[must_use]
    pub fn missing(&self) -> Vec<Arc<str>> {
        let lost = |feed: &&NodeFeed| !matches!(feed.state, FeedState::Open | FeedState::Done);
        let mut missing: Vec<_> =
            self.feeds.iter().filter(lost).map(|feed| feed.name.clone()).collect();
        missing.sort();
        missing
    }

    /// Leaves out the logs of pods that may not be read any more.
    pub fn restrict(&mut self, may_read: PodPredicate) {
        for name in self.logs.forbid(&*may_read) {
            let event = PodEvent::Forbidden;
            self.told.push_back(ToldRecord::Pod { event, name: (*name).clone(), restart: 0 });
        }
        self.selection.may_read = may_read;
        for node in 0..self.feeds.len() {
            let feed = &mut self.feeds[node];
            let is_forbidden = |line: &FeedLine| !(self.selection.may_read)(&line.pod);
            if feed.head.take_if(|head| is_forbidden(&head.line)).is_some() {
                self.read_feed(node);
            }
        }
    }

    /// The form of what is written.
    #[must_use]
    pub fn form(&self) -> LogForm {
        self.writing.form()
    }

    /// How much was written so far.
    #[must_use]
    pub fn counts(&self) -> ReadCounts {
        self.writing.counts()
    }

    /// When the next line is written at the latest, if one waits for lines of other nodes.
    #[must_use]
    pub fn due(&self) -> Option<DateTime<Utc>> {
        match next_line_of(&self.feeds, self.clock.now()) {
            NextLineOf::Wait { due } => due,
            NextLineOf::Node(_) => Some(self.clock.now()),
            NextLineOf::Nothing => None,
        }
    }

    /// Appends a record of the progress to `out`, if the form has one.
    pub fn write_progress(&self, out: &mut Vec<u8>) {
        let sum = |of_feed: fn(&NodeFeed) -> u64| {
            self.feeds.iter().map(of_feed).fold(0, u64::saturating_add)
        };
        let scanned = sum(|feed| feed.progress.scanned_bytes);
        let behind = sum(|feed| feed.progress.behind_bytes);
        let cursor = self.checkpoint();
        self.writing.write_progress(cursor.as_deref(), self.cursor.watermark, scanned, behind, out);
    }

    /// Writes the next chunk behind what stands in `out`, as far as what was received allows.
    /// `CaughtUp`: until a node says more, or the next line is [`due`](Self::due).
    pub fn write_chunk(&mut self, out: &mut Vec<u8>) -> Progress {
        let start = out.len();
        let progress = self.write_steps(out);
        if out.len() > start && self.has_begun {
            let cursor = if self.tells_checkpoints() { self.checkpoint() } else { None };
            self.writing.end_flush(cursor.as_deref(), out);
        } else {
            self.writing.end_event(None, out);
        }
        progress
    }
}
