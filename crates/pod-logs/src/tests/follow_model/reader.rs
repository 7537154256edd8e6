//! The gateway and its readers.

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use super::node::ModelNode;
use crate::{
    cursor::Cursor,
    line::target::{PodRef, PodUid},
    merge::{chosen_lines::ChosenLines, merge_step::MergeStep},
    query::{Anchor, History, LogQuery},
    source::{
        files::{
            directory::layout::PodDirectory,
            files_source::FilesSource,
            follow::{followed_log::FollowedLog, log_update::GRACE, state::HELD},
            locate::locate_error::LocateError,
            located::FoundLog,
        },
        log_input::LogInput,
    },
};

pub(crate) struct ModelGateway {
    source: FilesSource,
    now: Instant,
}

impl ModelGateway {
    pub(crate) fn new(root: &Path) -> Self {
        Self { source: FilesSource::open_unwatched(root).unwrap(), now: Instant::now() }
    }

    pub(crate) fn restart(&mut self, root: &Path) {
        self.source = FilesSource::open_unwatched(root).unwrap();
    }

    /// Looks twice, so that a file that was left is let go.
    pub(crate) fn look(&mut self, readers: &[ModelReader]) {
        for _ in 0..2 {
            self.now += GRACE + Duration::from_millis(1);
            self.look_once(readers);
        }
    }

    /// A long time goes by.
    pub(crate) fn sleep(&mut self, readers: &[ModelReader]) {
        for _ in 0..2 {
            self.now += HELD;
            self.look(readers);
        }
    }

    pub(crate) fn look_once(&self, readers: &[ModelReader]) {
        let pod = PodDirectory::parse("shop_web_1").unwrap();
        let pod = self.source.directory().open_pod(pod).unwrap();
        for stream in readers.iter().filter_map(|reader| reader.stream.as_ref()) {
            stream.followed.refresh(Some(&pod), self.now).unwrap();
        }
    }
}

/// A reader, and what it was given.
#[derive(Default)]
pub(crate) struct ModelReader {
    /// `None` while it is away.
    stream: Option<OpenLog>,
    /// Of the last line.
    cursor: Option<Cursor>,
    /// The number of the last line. `None` before the first one since it came without a cursor.
    last: Option<usize>,
    /// It was told of a gap, and has missed no line since.
    may_miss: bool,
    /// Up to this line some may be missing without a gap.
    excused: usize,
}

struct OpenLog {
    lines: ChosenLines,
    uid: PodUid,
    followed: Arc<FollowedLog>,
}

impl OpenLog {
    /// Behind the last line that was looked at.
    fn cursor(&self) -> Cursor {
        let (container, resumption) = self.lines.resumptions().next().unwrap().unwrap();
        let position = resumption.position(container.clone()).unwrap();
        let pod = Cursor::pod_checksum(&pod());
        Cursor { pod, uid: self.uid.clone(), logs: vec![position] }
    }
}

impl ModelReader {
    pub(crate) fn leave(&mut self) {
        self.stream = None;
    }

    /// Comes without a cursor.
    pub(crate) fn come(&mut self, gateway: &ModelGateway, node: &ModelNode, tail: Option<u64>) {
        *self = Self::default();
        self.open(gateway, node, tail);
    }

    fn open(&mut self, gateway: &ModelGateway, node: &ModelNode, tail: Option<u64>) {
        let query = LogQuery {
            follow: true,
            history: History::All,
            tail,
            anchor: self.cursor.clone().map(Anchor::After),
            uid: self.cursor.as_ref().map(|cursor| cursor.uid.clone()),
            ..LogQuery::default()
        };
        let located = match gateway.source.find(&pod(), &query).and_then(FoundLog::check) {
            Ok(located) => located,
            // That is as explicit as it can be.
            Err(LocateError::CursorExpired) => return self.come(gateway, node, None),
            Err(error) => panic!("{error}"),
        };
        let uid = located.uid().clone();
        let log = located.into_file_log();
        let followed = log.following.as_ref().unwrap().log.clone();
        let lines = ChosenLines::new(vec![LogInput::Files(log)], &query).unwrap();
        self.stream = Some(OpenLog { lines, uid, followed });
        self.excused = node.untraceable;
    }

    /// Reads what there is, up to so many lines, and checks each. Resumes first if it is away.
    pub(crate) fn read(&mut self, gateway: &ModelGateway, node: &ModelNode, at_most: usize) {
        if self.stream.is_none() {
            self.open(gateway, node, None);
        }
        for _ in 0..at_most {
            let stream = self.stream.as_mut().unwrap();
            match stream.lines.advance().unwrap() {
                MergeStep::Line => self.take_line(),
                MergeStep::Gap(_) => {
                    assert!(node.may_lose, "a gap without a loss");
                    self.may_miss = true;
                }
                MergeStep::Notice | MergeStep::Reading => {}
                MergeStep::Awaited | MergeStep::Pending | MergeStep::End => {
                    return self.take_progress();
                }
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
        let stream = self.stream.as_ref().unwrap();
        self.cursor = Some(stream.cursor());
        // A gap comes before the line that it cuts off, and is also that after it.
        let is_cut_off = content.ends_with(' ');
        self.may_miss &= is_cut_off || self.last.is_none_or(|last| number == last + 1);
        self.last = Some(number);
    }

    /// Takes the cursor of the progress, behind all that was looked at.
    fn take_progress(&mut self) {
        let stream = self.stream.as_ref().unwrap();
        let cursor = stream.cursor();
        if !stream.lines.has_untold_gap() && cursor.logs[0].is_known() && self.last.is_some() {
            self.cursor = Some(cursor);
        }
    }

    fn check_follows(&self, number: usize) {
        let Some(last) = self.last else { return };
        assert!(number > last, "{number} after {last}");
        let is_excused = self.may_miss || number <= self.excused + 1;
        assert!(number == last + 1 || is_excused, "{number} after {last}, and no gap");
    }

    /// It has got the last line, or was told that there is more that it cannot have.
    pub(crate) fn check_end(&self, node: &ModelNode) {
        let is_at_end = self.last == Some(node.written) || self.may_miss;
        assert!(is_at_end, "{:?} of {}", self.last, node.written);
    }
}

fn pod() -> PodRef {
    PodRef { namespace: "shop".parse().unwrap(), pod: "web".parse().unwrap() }
}
