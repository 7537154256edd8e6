//! Tokens in logs, however they are split into fragments, files and blocks, and wherever a reading
//! begins and ends: against joining the lines, masking them, and choosing then.

use std::{
    fs::{self, File},
    io::Write,
    path::Path,
};

use chrono::{DateTime, Utc};
use flate2::{Compression, write::GzEncoder};
use proptest::prelude::*;

use super::paging::{beside, read};
use crate::{
    chunk::Progress,
    line::{
        filter::LineFilter,
        masking::tests::{TokenText, mask_plainly},
        target::PodRef,
    },
    merge_clock::MergeClock,
    query::{Anchor, History, LogQuery, OutputLimit},
    reading::LogReading,
    render::form::LogForm,
    source::files::{
        files_source::FilesSource, kubelet::options::KubeletOptions, located::FoundLog,
    },
};

#[derive(Debug, Clone)]
struct Fragment {
    is_stderr: bool,
    is_partial: bool,
    length: usize,
    /// The file ends with it, and whether that is compressed then.
    ends_file: Option<bool>,
}

/// A log, and what of it is said in which file.
#[derive(Debug)]
struct TokenLog {
    directory: tempfile::TempDir,
    source: FilesSource,
    said: Vec<Said>,
}

/// A fragment with its content.
#[derive(Debug, Clone)]
struct Said {
    fragment: Fragment,
    file: usize,
    content: String,
    /// Of the content, once it was joined, masked and cut again.
    masked: String,
}

/// A line of a reading.
#[derive(Debug, Clone, PartialEq)]
struct ExpectedLine {
    second: usize,
    text: String,
    is_finished: bool,
}

fn fragments() -> impl Strategy<Value = Vec<Fragment>> {
    let length = prop_oneof![1 => Just(0_usize), 9 => 1_usize..60, 1 => 60_usize..2_000];
    let ends_file = prop_oneof![9 => Just(None), 1 => any::<bool>().prop_map(Some)];
    let fragment = (prop::bool::weighted(0.3), prop::bool::weighted(0.6), length, ends_file)
        .prop_map(|(is_stderr, is_partial, length, ends_file)| Fragment {
            is_stderr,
            is_partial,
            length,
            ends_file,
        });
    prop::collection::vec(fragment, 1..30)
}

fn time_of(second: usize) -> String {
    format!("2026-11-01T10:00:{second:02}Z")
}

fn instant(second: usize) -> DateTime<Utc> {
    time_of(second).parse().unwrap()
}

fn record(second: usize, said: &Said, is_docker: bool) -> String {
    let (time, content) = (time_of(second), &said.content);
    let stream = if said.fragment.is_stderr { "stderr" } else { "stdout" };
    let partial = said.fragment.is_partial;
    if is_docker {
        // Every third letter is escaped.
        let escape = |(at, byte)| match at % 3 {
            0 => format!("\\u{byte:04x}"),
            _ => char::from(byte).to_string(),
        };
        let escaped: String = (0..).zip(content.bytes()).map(escape).collect();
        let end = if partial { "" } else { "\\n" };
        return format!(r#"{{"log":"{escaped}{end}","stream":"{stream}","time":"{time}"}}"#);
    }
    format!("{time} {stream} {} {content}", if partial { "P" } else { "F" })
}

impl TokenLog {
    fn new(fragments: Vec<Fragment>, is_docker: bool) -> Self {
        let (mut texts, mut file, mut said) =
            ([TokenText::default(), TokenText::default()], 0, vec![]);
        for fragment in fragments {
            let content = texts[usize::from(fragment.is_stderr)].next(fragment.length);
            let ends_file = fragment.ends_file.is_some();
            said.push(Said { fragment, file, masked: String::new(), content });
            file += usize::from(ends_file);
        }
        mask(&mut said);
        let directory = tempfile::tempdir().unwrap();
        write(directory.path(), &said, is_docker);
        let source = FilesSource::open_unwatched(directory.path()).unwrap();
        Self { directory, source, said }
    }

    /// The lines that begin in these files, masked as in all of them.
    fn lines(&self, first_file: usize) -> Vec<ExpectedLine> {
        let mut open: [Option<ExpectedLine>; 2] = [None, None];
        let mut lines = Vec::new();
        for (second, said) in
            self.said.iter().enumerate().filter(|(_, said)| said.file >= first_file)
        {
            let open = &mut open[usize::from(said.fragment.is_stderr)];
            let line = open.get_or_insert_with(|| ExpectedLine {
                second,
                text: String::new(),
                is_finished: false,
            });
            line.text += &said.masked;
            if !said.fragment.is_partial {
                line.is_finished = true;
                lines.extend(open.take());
            }
        }
        let mut unfinished: Vec<_> = open.into_iter().flatten().collect();
        unfinished.sort_by_key(|line| line.second);
        lines.extend(unfinished);
        lines
    }

    fn text(&self, query: &LogQuery) -> String {
        let located = self.source.find(&pod(), query).and_then(FoundLog::check).unwrap();
        let clock = MergeClock::at_the_end_of_time();
        drain(LogReading::of_lines(located, query, LogForm::Text, clock).unwrap())
    }

    fn kubelet_text(&self, options: &KubeletOptions) -> String {
        let query = LogQuery { history: History::Current, ..LogQuery::default() };
        let located = self.source.find(&pod(), &query).and_then(FoundLog::check).unwrap();
        drain(LogReading::of_kubelet(located, options).unwrap())
    }

    fn last_file(&self) -> usize {
        let last = self.said.last().unwrap();
        last.file + usize::from(last.fragment.ends_file.is_some())
    }
}

fn mask(said: &mut [Said]) {
    for is_stderr in [false, true] {
        let of_stream = said.iter_mut().filter(|said| said.fragment.is_stderr == is_stderr);
        let mut of_stream: Vec<_> = of_stream.collect();
        for line in of_stream.chunk_by_mut(|before, _| before.fragment.is_partial) {
            let text: String = line.iter().map(|said| &*said.content).collect();
            let masked = String::from_utf8(mask_plainly(text.as_bytes())).unwrap();
            let mut rest = &masked[..];
            for said in line {
                let (fragment, behind) = rest.split_at(said.content.len());
                said.masked = fragment.to_owned();
                rest = behind;
            }
        }
    }
}

fn write(root: &Path, said: &[Said], is_docker: bool) {
    let directory = root.join("shop_web_1/app");
    fs::create_dir_all(&directory).unwrap();
    let last = said.last().unwrap();
    let last_file = last.file + usize::from(last.fragment.ends_file.is_some());
    for file in 0..=last_file {
        let of_file = || said.iter().enumerate().filter(|(_, said)| said.file == file);
        let content: String =
            of_file().map(|(second, said)| record(second, said, is_docker) + "\n").collect();
        let is_compressed = of_file().any(|(_, said)| said.fragment.ends_file == Some(true));
        if file == last_file {
            fs::write(directory.join("0.log"), content).unwrap();
        } else if is_compressed {
            let file = File::create(directory.join(format!("0.log.20261101-{file:06}.gz")));
            let mut encoder = GzEncoder::new(file.unwrap(), Compression::fast());
            encoder.write_all(content.as_bytes()).unwrap();
            encoder.finish().unwrap();
        } else {
            fs::write(directory.join(format!("0.log.20261101-{file:06}")), content).unwrap();
        }
    }
}

fn pod() -> PodRef {
    PodRef { namespace: "shop".parse().unwrap(), pod: "web".parse().unwrap() }
}

fn drain(mut reading: LogReading) -> String {
    let (mut out, mut progress) = (Vec::new(), Progress::More);
    while progress == Progress::More {
        let mut chunk = Vec::new();
        progress = reading.write_chunk(&mut chunk).unwrap();
        out.append(&mut chunk);
    }
    String::from_utf8(out).unwrap()
}

fn as_text(lines: &[ExpectedLine]) -> String {
    let text: Vec<_> = lines.iter().map(|line| &*line.text).collect();
    let is_finished = lines.last().is_some_and(|line| line.is_finished);
    text.join("\n") + if is_finished { "\n" } else { "" }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn lines_are_joined_masked_and_then_chosen(
        fragments in fragments(),
        is_docker: bool,
        is_current: bool,
        tail in prop::option::of(0_usize..9),
        since in prop::option::of(0_usize..30),
        until in prop::option::of(0_usize..30),
        limit in prop::option::of(1_usize..400),
    ) {
        let log = TokenLog::new(fragments, is_docker);
        let first_file = if is_current { log.last_file() } else { 0 };
        let mut lines = log.lines(first_file);
        lines.retain(|line| {
            since.is_none_or(|since| since <= line.second)
                && until.is_none_or(|until| line.second < until)
        });
        lines.drain(..lines.len().saturating_sub(tail.unwrap_or(usize::MAX)));
        let mut expected = as_text(&lines);
        expected.truncate(limit.unwrap_or(usize::MAX));
        let query = LogQuery {
            history: if is_current { History::Current } else { History::Rotated },
            tail: tail.map(|tail| tail as u64),
            filter: LineFilter {
                since: since.map(instant),
                until: until.map(instant),
                ..LineFilter::default()
            },
            limit: OutputLimit { bytes: limit.map(|limit| limit as u64), lines: None },
            ..LogQuery::default()
        };
        prop_assert_eq!(log.text(&query), expected);
    }

    #[test]
    fn a_reading_that_is_taken_up_at_a_line_is_masked_as_the_whole(
        fragments in fragments(),
        is_docker: bool,
    ) {
        let log = TokenLog::new(fragments, is_docker);
        let query = LogQuery::default();
        let all = read(&log.source, &query);
        let messages = |lines: &[super::paging::PagedLine]| -> Vec<String> {
            lines.iter().map(|line| line.message.clone()).collect()
        };
        let expected: Vec<_> = log.lines(0).into_iter().map(|line| line.text).collect();
        prop_assert_eq!(messages(&all), expected);
        for (index, line) in all.iter().enumerate().filter(|(_, line)| line.has_cursor()) {
            let after = read(&log.source, &beside(&query, Anchor::After, line, 0));
            prop_assert_eq!(messages(&after), messages(&all[index + 1..]));
            let before = read(&log.source, &beside(&query, Anchor::Before, line, 0));
            prop_assert_eq!(messages(&before), messages(&all[..index]));
        }
    }

    /// `kubectl logs` reads the current file alone, and a token may have begun in the one before.
    #[test]
    fn the_kubelets_fragments_are_masked_where_they_stand(
        fragments in fragments(),
        is_docker: bool,
        tail in prop::option::of(0_usize..9),
        since in prop::option::of(0_usize..30),
        limit in prop::option::of(1_usize..400),
    ) {
        let log = TokenLog::new(fragments, is_docker);
        let current = log.said.iter().enumerate().filter(|(_, said)| said.file == log.last_file());
        let mut current: Vec<_> = current.collect();
        current.drain(..current.len().saturating_sub(tail.unwrap_or(usize::MAX)));
        current.retain(|(second, _)| since.is_none_or(|since| since <= *second));
        let end = |said: &Said| if said.fragment.is_partial { "" } else { "\n" };
        let mut expected: String =
            current.iter().map(|(_, said)| said.masked.clone() + end(said)).collect();
        expected.truncate(limit.unwrap_or(usize::MAX));
        let options = KubeletOptions {
            tail_lines: tail.map(|tail| tail as u64),
            since: since.map(instant),
            limit_bytes: limit.map(|limit| limit as u64),
            ..KubeletOptions::default()
        };
        prop_assert_eq!(log.kubelet_text(&options), expected);
        drop(log.directory);
    }
}
