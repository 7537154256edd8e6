//! The logs of several nodes as they are sent over time.

mod node_link;
mod nodes_question;
mod waiting;

use std::{
    future::poll_fn,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use pod_logs::{
    FrontBegin, FrontReading, FrontSelection, LogEnd, LogForm, LogQuery, MergeClock, MergedCursor,
    Progress, ReadCounts, write_end_without,
};
use service_runtime::clock::Clock;
use tokio::{sync::watch, time::Instant};

pub(crate) use self::nodes_question::NodesQuestion;
use self::{
    node_link::{LinkEvent, NodeLink},
    waiting::WaitEnd,
};
use super::{cut::Cut, forced_end::ForcedEnd, token_warning::TokenWarning};
use crate::{
    auth::{Caller, TokenEnd},
    end_reason::EndReason,
    nodes::Nodes,
};

/// How often a stream of records tells how far it has come while there is much to read.
const PROGRESS: Duration = Duration::from_secs(1);
/// The status with which a node says that it has more logs than it may merge.
const TOO_MANY: u16 = 400;

/// The logs of several nodes, merged. Each node is asked for records, which are received only as
/// fast as the client takes what becomes of them.
pub(crate) struct MergedNodes {
    reading: FrontReading,
    nodes: Arc<Nodes>,
    links: Vec<NodeLink>,
    question: NodesQuestion,
    clock: Arc<dyn Clock>,
    form: LogForm,
    follows: bool,
    /// What was written and not given out yet.
    chunk: Vec<u8>,
    progress: Progress,
    caller: Option<watch::Receiver<Caller>>,
    warning: TokenWarning,
    /// When something was last given out, and how much.
    last_given: Instant,
    last_length: usize,
    /// When it was last told how far the reading has come.
    last_progress: Instant,
    /// When it was last looked for nodes that appeared.
    last_look: Instant,
    end: Option<EndReason>,
}

/// There are more logs than one reading may be of.
#[derive(Debug)]
pub(crate) struct TooManyLogs;

/// What is read of all nodes.
pub(crate) struct MergedQuery {
    pub(crate) selection: FrontSelection,
    pub(crate) query: LogQuery,
    pub(crate) resumed: Option<MergedCursor>,
    pub(crate) form: LogForm,
}

impl MergedNodes {
    /// Asks all nodes, and waits until each has said what it has, or is known to be unreachable.
    ///
    /// # Errors
    /// When they have more logs than one reading may be of.
    pub(crate) async fn open(
        nodes: Arc<Nodes>,
        question: NodesQuestion,
        merged: MergedQuery,
        clock: Arc<dyn Clock>,
    ) -> Result<(Self, usize), TooManyLogs> {
        let MergedQuery { selection, query, resumed, form } = merged;
        let handles = nodes.all();
        let names = handles.iter().map(|node| node.name().clone());
        let told = clock.clone();
        let merge_clock = MergeClock::new(move || told.now());
        let reading = FrontReading::new(names, selection, &query, resumed, form, merge_clock);
        let ask = |(number, node)| NodeLink::ask(node, &question, reading.cursor_of(number));
        let links = handles.into_iter().enumerate().map(ask).collect();
        let mut merged = Self {
            reading,
            nodes,
            links,
            question,
            clock,
            form,
            follows: query.follow,
            chunk: Vec::new(),
            progress: Progress::More,
            caller: None,
            warning: TokenWarning::default(),
            last_given: Instant::now(),
            last_length: 0,
            last_progress: Instant::now(),
            last_look: Instant::now(),
            end: None,
        };
        loop {
            match merged.reading.begin() {
                FrontBegin::Pods(pods) => return Ok((merged, pods)),
                FrontBegin::TooManyLogs => return Err(TooManyLogs),
                FrontBegin::Unknown => {}
            }
            if poll_fn(|context| merged.poll_links(context)).await == Some(TOO_MANY) {
                return Err(TooManyLogs);
            }
        }
    }

    /// The nodes that cannot be read, or whose logs are not known.
    pub(crate) fn missing(&self) -> Vec<String> {
        let is_asked = |name: &String| self.links.iter().any(|link| **link.name() == **name);
        let mut missing = self.nodes.missing();
        missing.retain(|name| !is_asked(name));
        missing.extend(self.reading.missing().iter().map(ToString::to_string));
        missing.sort();
        missing
    }

    /// Warns that the token ends, if the form has words for it.
    pub(super) fn warn_of(&mut self, end: watch::Receiver<TokenEnd>) {
        if self.form == LogForm::Events {
            self.warning = TokenWarning::of(end);
        }
    }

    /// Leaves out what the caller may not read any more, as the authority describes the caller.
    pub(super) fn restrict_to(&mut self, caller: watch::Receiver<Caller>) {
        self.caller = Some(caller);
    }

    /// How the stream ends if it is ended from outside.
    pub(super) fn early_end(&self) -> ForcedEnd {
        ForcedEnd { form: self.form, token_end: self.warning.token_end() }
    }

    /// How much was written up to the chunk that was given out last.
    pub(super) fn counts(&self) -> ReadCounts {
        self.reading.counts()
    }

    /// How the log ended, after its last chunk.
    pub(super) fn end_reason(&self) -> Option<EndReason> {
        self.end
    }

    /// Whether everything that is there was given out.
    pub(super) fn is_caught_up(&self) -> bool {
        self.progress == Progress::CaughtUp && self.reading.is_live() && self.chunk.is_empty()
    }

    /// The next bytes; `None` at the end.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, Cut> {
        while self.end.is_none() {
            self.apply_permissions();
            if self.warning.due().is_some_and(|due| due <= Instant::now()) {
                self.warning.write(&mut self.chunk);
            }
            self.progress = self.reading.write_chunk(&mut self.chunk);
            if let Progress::Done(end) = self.progress {
                return self.finish(end);
            }
            if !self.reading.is_live() && self.last_progress.elapsed() >= PROGRESS {
                self.last_progress = Instant::now();
                self.reading.write_progress(&mut self.chunk);
            }
            if !self.chunk.is_empty() {
                self.last_given = Instant::now();
                self.last_length = self.chunk.len();
                return Ok(Some(std::mem::take(&mut self.chunk).into()));
            }
            match self.wait().await {
                WaitEnd::Received => {}
                WaitEnd::Heartbeat => self.write_heartbeat(),
                WaitEnd::Look => self.join_nodes(),
            }
        }
        // The last bytes were given out.
        match self.end {
            Some(end) if !end.is_clean() && !self.form.has_words() => Err(Cut::Early(end)),
            _ => Ok(None),
        }
    }

    /// Gives out what is left, and why it ends, and which nodes are missing in it.
    fn finish(&mut self, end: LogEnd) -> Result<Option<Bytes>, Cut> {
        let missing = self.missing();
        self.links.clear();
        let reason = match self.form.has_words() {
            false if !missing.is_empty() => EndReason::Source,
            _ => end.into(),
        };
        self.end = Some(reason);
        write_end_without(self.form, reason, &missing, &mut self.chunk);
        if !self.chunk.is_empty() {
            return Ok(Some(std::mem::take(&mut self.chunk).into()));
        }
        let is_cut = !reason.is_clean() && !self.form.has_words();
        if is_cut { Err(Cut::Early(reason)) } else { Ok(None) }
    }

    /// Takes what nodes have sent, each as far as it is needed. Ready when something has changed,
    /// with the status of an answer that was an error.
    fn poll_links(&mut self, context: &mut Context<'_>) -> Poll<Option<u16>> {
        let (mut has_changed, mut failure) = (false, None);
        for number in 0..self.links.len() {
            while let Poll::Ready(event) =
                self.links[number].poll(context, self.reading.wants(number))
            {
                has_changed = true;
                if let LinkEvent::Failed(status) = event {
                    failure = failure.or(status);
                }
                if !self.take(number, event) {
                    break;
                }
            }
        }
        if has_changed { Poll::Ready(failure) } else { Poll::Pending }
    }

    /// Takes what happened. Whether more of the node may be looked at now is the answer.
    fn take(&mut self, number: usize, event: LinkEvent) -> bool {
        let link = &mut self.links[number];
        match event {
            LinkEvent::Opened => self.reading.opened(number),
            LinkEvent::Received(bytes) => self.reading.push(number, bytes),
            LinkEvent::Closed => self.reading.closed(number),
            LinkEvent::Failed(status) => self.reading.failed(number, status),
            LinkEvent::Due => {
                self.reading.reopen(number);
                link.ask_again(&self.question, self.reading.cursor_of(number));
                return true;
            }
        }
        if self.reading.is_open(number) {
            return self.reading.wants(number);
        }
        link.close(self.reading.may_return(number));
        true
    }

    /// Takes in nodes that appeared.
    fn join_nodes(&mut self) {
        self.last_look = Instant::now();
        for node in self.nodes.all() {
            if self.links.iter().any(|link| link.name() == node.name()) {
                continue;
            }
            let number = self.reading.join(node.name().clone());
            let cursor = self.reading.cursor_of(number);
            self.links.push(NodeLink::ask(node, &self.question, cursor));
        }
    }

    /// Leaves out what the caller may not read any more, and has nodes decide anew about the rest.
    fn apply_permissions(&mut self) {
        let Some(caller) = &mut self.caller else { return };
        if !caller.has_changed().is_ok_and(|has_changed| has_changed) {
            return;
        }
        let now = caller.borrow_and_update().clone();
        self.reading.restrict(now.readable_pods());
        self.question.caller = now;
        for number in 0..self.links.len() {
            if self.reading.renew(number) {
                let cursor = self.reading.cursor_of(number);
                self.links[number].ask_again(&self.question, cursor);
            }
        }
    }

    /// Writes that the stream is still there, and how far it has come.
    fn write_heartbeat(&mut self) {
        self.last_given = Instant::now();
        if self.form == LogForm::Events {
            self.chunk.extend_from_slice(b": still here\n\n");
        }
        self.reading.write_progress(&mut self.chunk);
    }
}
