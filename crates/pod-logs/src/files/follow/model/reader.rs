//! The gateway and its readers.

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use super::node::Node;
use crate::{
    cursor::{Cursor, LogPosition},
    files::{
        FilesSource, FollowedLog, LocateError, LocatedLog,
        follow::{GRACE, HELD},
        layout::PodDirectory,
        located::FoundLog,
    },
    merge::{ChosenLines, Step},
    query::{Anchor, History, LogQuery},
    target::{PodRef, PodUid},
};

pub(super) struct Gateway {
    source: FilesSource,
    now: Instant,
}

impl Gateway {
    pub(super) fn new(root: &Path) -> Self {
        Self { source: FilesSource::open_unwatched(root).unwrap(), now: Instant::now() }
    }

    pub(super) fn restart(&mut self, root: &Path) {
        self.source = FilesSource::open_unwatched(root).unwrap();
    }

    /// Looks twice, so that a file that was left is let go.
    pub(super) fn look(&mut self, readers: &[Reader]) {
        for _ in 0..2 {
            self.now += GRACE + Duration::from_millis(1);
            self.look_once(readers);
        }
    }

    /// A long time goes by.
    pub(super) fn sleep(&mut self, readers: &[Reader]) {
        for _ in 0..2 {
            self.now += HELD;
            self.look(readers);
        }
    }

    pub(super) fn look_once(&self, readers: &[Reader]) {
        let pod = PodDirectory::parse("shop_web_1").unwrap();
        let pod = self.source.directory().open_pod(pod).unwrap();
        for stream in readers.iter().filter_map(|reader| reader.stream.as_ref()) {
            stream.followed.refresh(Some(&pod), self.now).unwrap();
        }
    }
}

/// A reader, and what it was given.
#[derive(Default)]
pub(super) struct Reader {
    /// `None` while it is away.
    stream: Option<Stream>,
    /// Of the last line.
    cursor: Option<Cursor>,
    /// The number of the last line. `None` before the first one since it came without a cursor.
    last: Option<usize>,
    /// It was told of a gap, and has missed no line since.
    may_miss: bool,
    /// Up to this line some may be missing without a gap.
    excused: usize,
}

struct Stream {
    lines: ChosenLines,
    uid: PodUid,
    followed: Arc<FollowedLog>,
}

impl Reader {
    pub(super) fn leave(&mut self) {
        self.stream = None;
    }

    /// Comes without a cursor.
    pub(super) fn come(&mut self, gateway: &Gateway, node: &Node, tail: Option<u64>) {
        *self = Self::default();
        self.open(gateway, node, tail);
    }

    fn open(&mut self, gateway: &Gateway, node: &Node, tail: Option<u64>) {
        let query = LogQuery {
            follow: true,
            history: History::All,
            tail,
            anchor: self.cursor.clone().map(Anchor::After),
            uid: self.cursor.as_ref().map(|cursor| cursor.uid.clone()),
            ..LogQuery::default()
        };
        let LocatedLog { uid, mut logs } =
            match gateway.source.find(&pod(), &query).and_then(FoundLog::check) {
                Ok(located) => located,
                // That is as explicit as it can be.
                Err(LocateError::CursorExpired) => return self.come(gateway, node, None),
                Err(error) => panic!("{error}"),
            };
        let log = logs.pop().unwrap();
        let followed = log.following.as_ref().unwrap().log.clone();
        let lines = ChosenLines::new(vec![log], &query).unwrap();
        self.stream = Some(Stream { lines, uid, followed });
        self.excused = node.untraceable;
    }

    /// Reads what there is, up to so many lines, and checks each. Resumes first if it is away.
    pub(super) fn read(&mut self, gateway: &Gateway, node: &Node, at_most: usize) {
        if self.stream.is_none() {
            self.open(gateway, node, None);
        }
        for _ in 0..at_most {
            let stream = self.stream.as_mut().unwrap();
            match stream.lines.advance().unwrap() {
                Step::Line => self.take_line(),
                Step::Gap(_) => {
                    assert!(node.may_lose, "a gap without a loss");
                    self.may_miss = true;
                }
                Step::Pending | Step::End => return,
            }
        }
    }

    fn take_line(&mut self) {
        let stream = self.stream.as_ref().unwrap();
        let content = String::from_utf8(stream.lines.line().unwrap().content.to_vec()).unwrap();
        let mut numbers = content.split_whitespace().map(|number| number.parse::<usize>().unwrap());
        let number = numbers.next().unwrap();
        assert!(numbers.all(|other| other == number), "a line of pieces of others: {content}");
        self.check_follows(number);
        let resumptions = stream.lines.resumptions().unwrap();
        let (container, resumption) = &resumptions[0];
        let position = LogPosition::new(container, resumption).unwrap();
        self.cursor = Some(Cursor {
            pod: Cursor::pod_checksum(&pod()),
            uid: stream.uid.clone(),
            logs: vec![position],
        });
        // A gap comes before the line that it cuts off, and is also that after it.
        let is_cut_off = content.ends_with(' ');
        self.may_miss &= is_cut_off || self.last.is_none_or(|last| number == last + 1);
        self.last = Some(number);
    }

    fn check_follows(&self, number: usize) {
        let Some(last) = self.last else { return };
        assert!(number > last, "{number} after {last}");
        let is_excused = self.may_miss || number <= self.excused + 1;
        assert!(number == last + 1 || is_excused, "{number} after {last}, and no gap");
    }

    /// It has got the last line, or was told that there is more that it cannot have.
    pub(super) fn check_end(&self, node: &Node) {
        let is_at_end = self.last == Some(node.written) || self.may_miss;
        assert!(is_at_end, "{:?} of {}", self.last, node.written);
    }
}

fn pod() -> PodRef {
    PodRef { namespace: "shop".parse().unwrap(), pod: "web".parse().unwrap() }
}
