//! Cursors as they are used: a client that pages through a log, in either direction and whatever
//! files it is made of, gets every line once.

use proptest::prelude::*;
use serde_json::Value;

use super::written_log::{WrittenFile, WrittenPiece, part, write_log};
use crate::{
    chunk::Progress,
    cursor::Cursor,
    line::{filter::LineFilter, stream::OutputStream, target::PodRef},
    merge::chosen_lines::ChosenLines,
    query::{Anchor, ContainerChoice, History, LogQuery},
    render::{form::LogForm, rendering::Rendering},
    source::files::{files_source::FilesSource, located::FoundLog},
};

/// A line as it was given out.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PagedLine {
    container: String,
    time: String,
    pub(crate) message: String,
    cursor: Option<String>,
}

impl PagedLine {
    pub(crate) fn has_cursor(&self) -> bool {
        self.cursor.is_some()
    }
}

pub(crate) fn read(source: &FilesSource, query: &LogQuery) -> Vec<PagedLine> {
    let pod = PodRef { namespace: "shop".parse().unwrap(), pod: "web".parse().unwrap() };
    let located = source.find(&pod, query).and_then(FoundLog::check).unwrap();
    let lines = ChosenLines::new(located.logs, query).unwrap();
    let mut rendering = Rendering::new(lines, query, LogForm::JsonLines);
    let (mut out, mut progress) = (Vec::new(), Progress::More);
    while progress == Progress::More {
        let mut chunk = Vec::new();
        progress = rendering.write_chunk(&mut chunk).unwrap();
        out.append(&mut chunk);
    }
    out.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).filter_map(line).collect()
}

/// `None` if the object is not a line.
fn line(json: &[u8]) -> Option<PagedLine> {
    let object: Value = serde_json::from_slice(json).unwrap();
    let text = |name: &str| object[name].as_str().unwrap().to_owned();
    object["message"].is_string().then(|| PagedLine {
        container: text("container"),
        time: text("time"),
        message: text("message"),
        cursor: object["cursor"].as_str().map(str::to_owned),
    })
}

pub(crate) fn beside(
    query: &LogQuery,
    side: fn(Cursor) -> Anchor,
    line: &PagedLine,
    tail: u64,
) -> LogQuery {
    let cursor = Cursor::decode(line.cursor.as_ref().unwrap()).unwrap();
    let tail = Some(tail).filter(|tail| *tail > 0);
    LogQuery { uid: Some(cursor.uid.clone()), anchor: Some(side(cursor)), tail, ..query.clone() }
}

/// The whole log, page by page from its end.
fn page_backwards(source: &FilesSource, query: &LogQuery, lines_a_page: u64) -> Vec<PagedLine> {
    let mut page = read(source, &LogQuery { tail: Some(lines_a_page), ..query.clone() });
    let mut all = Vec::new();
    while !page.is_empty() {
        assert!(page.len() <= lines_a_page as usize);
        // What is not finished has no cursor. It comes again before the line after it.
        let first = page.iter().position(|line| line.cursor.is_some());
        page.drain(..first.unwrap_or(0));
        page.append(&mut all);
        all = page;
        page = match first {
            Some(_) => read(source, &beside(query, Anchor::Before, &all[0], lines_a_page)),
            None => Vec::new(),
        };
    }
    all
}

fn stream() -> impl Strategy<Value = Option<OutputStream>> {
    prop_oneof![2 => Just(None), 1 => Just(Some(OutputStream::Stdout)), 1 => Just(Some(OutputStream::Stderr))]
}

fn history() -> impl Strategy<Value = History> {
    prop_oneof![Just(History::Rotated), Just(History::All), Just(History::Current)]
}

fn of_container<'a>(lines: &'a [PagedLine], container: &str) -> Vec<&'a PagedLine> {
    lines.iter().filter(|line| line.container == container).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn the_pages_before_and_after_a_line_are_the_whole_log(
        parts in prop::collection::vec(part(), 1..5),
        stream in stream(),
        history in history(),
        tail in 1_u64..6,
        lines_a_page in 3_u64..12,
        chosen: prop::sample::Index,
    ) {
        let root = tempfile::tempdir().unwrap();
        write_log(root.path(), "app", &parts);
        let source = FilesSource::open_unwatched(root.path()).unwrap();
        let filter = LineFilter { stream, ..LineFilter::default() };
        let query = LogQuery { history, filter, ..LogQuery::default() };
        let whole = read(&source, &query);
        prop_assert_eq!(&page_backwards(&source, &query, lines_a_page), &whole);
        let cursors = whole.iter().filter(|line| line.cursor.is_some()).count();
        if cursors == 0 {
            return Ok(());
        }
        let index = chosen.index(cursors);
        let line = &whole[index];
        let before = |tail| read(&source, &beside(&query, Anchor::Before, line, tail));
        prop_assert_eq!(&before(0), &whole[..index]);
        prop_assert_eq!(&before(tail), &whole[index.saturating_sub(tail as usize)..index]);
        let up_to = |tail| read(&source, &beside(&query, Anchor::UpTo, line, tail));
        prop_assert_eq!(&up_to(0), &whole[..=index]);
        prop_assert_eq!(&up_to(tail), &whole[(index + 1).saturating_sub(tail as usize)..=index]);
        // A cursor into an earlier incarnation goes on after it only in the last one.
        if history == History::Rotated {
            let after = read(&source, &beside(&query, Anchor::After, line, 0));
            prop_assert_eq!(&after, &whole[index + 1..]);
        }
    }

    #[test]
    fn several_containers_are_paged_through_alike(
        app in prop::collection::vec(part(), 1..3),
        sidecar in prop::collection::vec(part(), 1..3),
        lines_a_page in 5_u64..12,
    ) {
        let root = tempfile::tempdir().unwrap();
        let same_pod = |parts: Vec<WrittenFile>| -> Vec<WrittenFile> {
            parts.into_iter().map(|part| WrittenFile { ends_incarnation: false, ..part }).collect()
        };
        write_log(root.path(), "app", &same_pod(app));
        write_log(root.path(), "sidecar", &same_pod(sidecar));
        let source = FilesSource::open_unwatched(root.path()).unwrap();
        let query = LogQuery { container: ContainerChoice::All, ..LogQuery::default() };
        let without_cursor = |lines: Vec<PagedLine>| -> Vec<PagedLine> {
            lines.into_iter().map(|line| PagedLine { cursor: None, ..line }).collect()
        };
        let paged = without_cursor(page_backwards(&source, &query, lines_a_page));
        let whole = without_cursor(read(&source, &query));
        for container in ["app", "sidecar"] {
            prop_assert_eq!(of_container(&paged, container), of_container(&whole, container));
        }
    }
}

#[test]
fn two_lines_given_up_at_once_have_cursors_of_their_own() {
    let root = tempfile::tempdir().unwrap();
    let piece = |stream, tag| WrittenPiece { stream, tag, length: 5 };
    let part = |pieces, ends_run| WrittenFile {
        pieces,
        torn: 0,
        is_compressed: false,
        ends_run,
        ends_incarnation: false,
    };
    // Both streams are in the middle of a line when the container is started anew.
    let killed = vec![piece("stdout", "P"), piece("stderr", "P")];
    write_log(root.path(), "app", &[part(killed, true), part(vec![piece("stdout", "F")], false)]);
    let source = FilesSource::open_unwatched(root.path()).unwrap();
    let query = LogQuery { history: History::All, ..LogQuery::default() };
    let whole = read(&source, &query);
    assert_eq!(whole.len(), 3);
    for (index, line) in whole.iter().enumerate() {
        let before = read(&source, &beside(&query, Anchor::Before, line, 0));
        assert_eq!(before, whole[..index]);
        let up_to = read(&source, &beside(&query, Anchor::UpTo, line, 0));
        assert_eq!(up_to, whole[..=index]);
        let after = read(&source, &beside(&query, Anchor::After, line, 0));
        assert_eq!(after, whole[index + 1..]);
    }
}

#[test]
fn a_reading_continues_after_any_part_of_a_long_line() {
    let root = tempfile::tempdir().unwrap();
    let piece = |stream, tag, length| WrittenPiece { stream, tag, length };
    let mut pieces = vec![piece("stdout", "F", 5)];
    pieces.extend((0..150).map(|_| piece("stdout", "P", 16_384)));
    pieces.push(piece("stdout", "F", 5));
    // Another line is open where a part ends, and one that stands between two parts.
    pieces.insert(66, piece("stderr", "F", 5));
    pieces.insert(63, piece("stderr", "P", 5));
    let part = WrittenFile {
        pieces,
        torn: 0,
        is_compressed: false,
        ends_run: false,
        ends_incarnation: false,
    };
    write_log(root.path(), "app", &[part]);
    let source = FilesSource::open_unwatched(root.path()).unwrap();
    let query = LogQuery::default();
    let whole = read(&source, &query);
    assert_eq!(whole.len(), 5);
    for (index, line) in whole.iter().enumerate() {
        let before = read(&source, &beside(&query, Anchor::Before, line, 0));
        assert_eq!(before, whole[..index], "{index}");
        let up_to = read(&source, &beside(&query, Anchor::UpTo, line, 0));
        assert_eq!(up_to, whole[..=index], "{index}");
        let after = read(&source, &beside(&query, Anchor::After, line, 0));
        assert_eq!(after, whole[index + 1..], "{index}");
    }
}
