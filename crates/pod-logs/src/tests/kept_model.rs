//! Random programs of a node and a gateway that keeps logs open: every answer is the same as that of
//! a gateway that opens everything anew for each request.

mod node;

use std::{
    io::Write,
    path::Path,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    thread,
};

use proptest::prelude::*;

use self::node::{NodeChange, ReadNode};
use crate::{
    chunk::Progress,
    line::target::PodRef,
    merge_clock::MergeClock,
    query::{ContainerChoice, History, LogQuery},
    reading::LogReading,
    render::form::LogForm,
    source::files::{
        files_source::FilesSource,
        kubelet::options::KubeletOptions,
        located::{FoundLog, LocatedLog},
    },
};

/// A directory on a file system that tells of changes, wherever temporary files are.
fn local_directory() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap()
}

fn pod() -> PodRef {
    PodRef { namespace: "shop".parse().unwrap(), pod: "web".parse().unwrap() }
}

fn queries() -> Vec<LogQuery> {
    let named = |name: &str| ContainerChoice::Named(name.parse().unwrap());
    let of =
        |container, history, tail| LogQuery { container, history, tail, ..LogQuery::default() };
    vec![
        of(ContainerChoice::Only, History::Rotated, Some(3)),
        of(ContainerChoice::Only, History::Current, None),
        of(named("app"), History::Current, Some(1)),
        of(named("side"), History::Rotated, None),
        of(ContainerChoice::All, History::Rotated, Some(5)),
        LogQuery { uid: Some("1".parse().unwrap()), ..of(named("app"), History::Rotated, None) },
        LogQuery { follow: true, ..of(named("app"), History::Rotated, Some(2)) },
    ]
}

/// As the gateway asks.
fn locate(source: &FilesSource, query: &LogQuery) -> Result<LocatedLog, String> {
    let found = source.find_kept(&pod(), query).unwrap_or_else(|| source.find(&pod(), query));
    found.and_then(FoundLog::check).map_err(|error| format!("{error:?}"))
}

fn read(source: &FilesSource, query: &LogQuery) -> Result<String, String> {
    let form = LogForm::JsonLines;
    text_of(
        LogReading::of_lines(locate(source, query)?, query, form, MergeClock::at_the_end_of_time())
            .unwrap(),
    )
}

fn read_as_kubelet(source: &FilesSource, query: &LogQuery) -> Result<String, String> {
    let options = KubeletOptions { tail_lines: query.tail, ..KubeletOptions::default() };
    text_of(LogReading::of_kubelet(locate(source, query)?, &options).unwrap())
}

fn text_of(mut reading: LogReading) -> Result<String, String> {
    let mut text = Vec::new();
    while reading.write_chunk(&mut text).map_err(|error| error.to_string())? == Progress::More {}
    Ok(String::from_utf8_lossy(&text).into_owned())
}

fn check_answers(keeping: &FilesSource, opening: &FilesSource, after: &[NodeChange]) {
    for query in queries() {
        assert_eq!(read(keeping, &query), read(opening, &query), "{query:?} after {after:?}");
        if query.history == History::Current && !query.follow {
            let [ours, expected] = [keeping, opening].map(|source| read_as_kubelet(source, &query));
            assert_eq!(ours, expected, "{query:?} after {after:?}");
        }
    }
}

fn run(program: &[NodeChange]) {
    let directory = local_directory();
    let mut node = ReadNode::new(directory.path());
    // The task that closes what is not needed never runs: programs take less than its time.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let _entered = runtime.enter();
    let keeping = FilesSource::open(node.root(), &[]).unwrap();
    let opening = FilesSource::open_keeping_nothing(node.root()).unwrap();
    check_answers(&keeping, &opening, &[]);
    check_answers(&keeping, &opening, &[]);
    assert!(keeping.kept_files() > 0);
    for (index, change) in program.iter().enumerate() {
        node.apply(change);
        check_answers(&keeping, &opening, &program[..=index]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]
    #[test]
    fn an_answer_from_kept_files_is_that_from_files_opened_anew(
        program in prop::collection::vec(node::change(), 1..25),
    ) {
        run(&program);
    }
}

#[test]
fn each_change_alone_is_noticed() {
    for change in node::CHANGES {
        // So that it has something to change.
        let before = [NodeChange::Write, NodeChange::Rotate, NodeChange::Write, NodeChange::Rotate];
        run(&[&before[..], &[change, NodeChange::Write, change]].concat());
    }
}

#[tokio::test]
async fn a_pod_that_is_read_again_is_kept() {
    let directory = local_directory();
    let node = ReadNode::new(directory.path());
    let source = FilesSource::open(node.root(), &[]).unwrap();
    let query = &queries()[0];
    for _ in 0..2 {
        assert!(source.find_kept(&pod(), query).is_none());
        source.find(&pod(), query).unwrap();
    }
    assert!(source.find_kept(&pod(), query).is_some());
    assert_eq!(source.kept_files(), 1);
}

#[tokio::test(start_paused = true)]
async fn files_that_nobody_reads_are_closed() {
    let directory = local_directory();
    let node = ReadNode::new(directory.path());
    let source = FilesSource::open(node.root(), &[]).unwrap();
    for _ in 0..2 {
        source.find(&pod(), &queries()[0]).unwrap();
    }
    assert_eq!(source.kept_files(), 1);
    while source.kept_files() > 0 {
        // Time passes while nothing runs.
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
}

/// While a writer writes and rotates, a reader reads the last line again and again.
#[test]
fn no_answer_is_older_than_its_request() {
    const LINES: u64 = 20_000;
    let directory = local_directory();
    let mut node = ReadNode::new(directory.path());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let _entered = runtime.enter();
    let source = FilesSource::open(node.root(), &[]).unwrap();
    let (written, is_over) = (AtomicU64::new(0), AtomicBool::new(false));
    let last = LogQuery { tail: Some(1), ..LogQuery::default() };
    let mut kept = 0;
    thread::scope(|scope| {
        scope.spawn(|| {
            for number in 1..=LINES {
                // In one call: half a line would be an answer as well.
                let line = format!("2026-11-01T10:00:00Z stdout F {number}\n");
                node.file().write_all(line.as_bytes()).unwrap();
                written.store(number, Ordering::Release);
                if number % 500 == 0 {
                    node.apply(&NodeChange::Rotate);
                }
                if number > 500 && number % 500 == 0 {
                    node.apply(&NodeChange::DeleteOldest);
                }
            }
            is_over.store(true, Ordering::Release);
        });
        while !is_over.load(Ordering::Acquire) {
            let at_least = written.load(Ordering::Acquire);
            let found = source.find_kept(&pod(), &last);
            kept += u64::from(found.is_some());
            let found = found.unwrap_or_else(|| source.find(&pod(), &last));
            let log = found.unwrap().check().unwrap();
            let text = text_of(
                LogReading::of_lines(log, &last, LogForm::Text, MergeClock::at_the_end_of_time())
                    .unwrap(),
            )
            .unwrap();
            let number = text.trim_end().parse().unwrap_or(0);
            assert!(at_least <= number, "{at_least}, but {text:?}");
        }
    });
    assert!(kept > 0);
}
