//! The bytes against the definition of what the kubelet gives.

use std::{io::Write, sync::Arc};

use chrono::DateTime;
use proptest::prelude::*;

use super::{options::KubeletOptions, quote::GoQuoted, rendering::KubeletRendering};
use crate::{
    chunk::{LogEnd, Progress},
    line::stream::OutputStream,
    source::files::{
        format::{
            entry::{LogEntry, UnknownStream},
            line_format::LineFormat,
        },
        lines::physical::tests::chain_of,
        storage::{chain::FileChain, log_file::LogFile},
    },
};

type KubeletOutput = (Vec<u8>, Option<String>);

/// Reads until nothing is left, or fails.
fn drain(rendering: &mut KubeletRendering, (out, failure): &mut KubeletOutput) {
    for _ in 0..1000 {
        let mut chunk = Vec::new();
        let progress = rendering.write_chunk(&mut chunk);
        out.append(&mut chunk);
        match progress {
            Ok(Progress::More) => {}
            Ok(_) => return,
            Err(error) => {
                *failure = Some(error.to_string());
                return;
            }
        }
    }
    panic!("does not come to an end");
}

fn read(content: &[u8], options: &KubeletOptions) -> KubeletOutput {
    let mut rendering = KubeletRendering::new(&chain_of(content, 0), options).unwrap();
    let mut outcome = KubeletOutput::default();
    drain(&mut rendering, &mut outcome);
    outcome
}

/// The same by the definition, with all of the log at hand.
fn model(content: &[u8], options: &KubeletOptions) -> KubeletOutput {
    let mut lines: Vec<&[u8]> = content.split_inclusive(|byte| *byte == b'\n').collect();
    let counts = |line: &[u8]| {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let stream = LogEntry::parse(line).map(|entry| entry.stream);
        options.stream.is_none_or(|only| stream == Some(only))
    };
    if let Some(wanted) = options.tail_lines {
        let counted = |line: &&[u8]| line.ends_with(b"\n") && counts(line);
        let mut skip = lines.iter().filter(|line| counted(line)).count() as u64;
        skip = skip.saturating_sub(wanted);
        while let Some(first) = lines.first()
            && (skip > 0 || !counts(first))
        {
            skip -= u64::from(counted(first));
            lines.remove(0);
        }
    }
    let mut left = options.tail_lines.filter(|_| !options.follow).unwrap_or(u64::MAX);
    let (mut format, mut is_line_start, mut out) = (None, true, Vec::new());
    for line in lines {
        if left == 0 || (options.follow && !line.ends_with(b"\n")) {
            break;
        }
        let bare = line.strip_suffix(b"\n").unwrap_or(line);
        format = format.or_else(|| LineFormat::of(bare));
        let Some(format) = format else {
            let quoted = GoQuoted(line);
            let error = format!("failed to get parse function: unsupported log format: {quoted}");
            return (out, Some(error));
        };
        let Some(entry) = format.parse(bare) else {
            continue;
        };
        let mut log = entry.content(bare).to_vec();
        if !entry.partial && (line.ends_with(b"\n") || format == LineFormat::DockerJson) {
            log.push(b'\n');
        }
        let instant = entry.time.instant();
        let is_in_time = options.since.is_none_or(|since| since <= instant)
            && options.until.is_none_or(|until| instant < until);
        if is_in_time {
            let stream = match &entry.stream {
                Ok(stream) => *stream,
                Err(UnknownStream(name)) => {
                    let error = format!("unexpected stream type {}", GoQuoted(name));
                    return (out, Some(error));
                }
            };
            if options.stream.is_none_or(|only| only == stream) {
                if options.timestamps && is_line_start {
                    entry.time.write_stamp(&mut out);
                    out.push(b' ');
                }
                out.extend(&log);
                if let Some(limit) = options.limit_bytes
                    && out.len() as u64 >= limit
                {
                    out.truncate(limit as usize);
                    return (out, None);
                }
            }
        }
        left -= u64::from(options.stream.is_none_or(|only| entry.stream == Ok(only)));
        is_line_start = log.last().is_none_or(|last| *last == b'\n');
    }
    (out, None)
}

fn line() -> impl Strategy<Value = String> {
    // Some are longer than the buffer.
    let length = prop_oneof![
        3 => Just(0_usize),
        20 => 0_usize..60,
        2 => 0_usize..20_000,
        1 => 250_000_usize..300_000,
    ];
    let stream = prop_oneof![4 => Just("stdout"), 2 => Just("stderr"), 1 => Just("stdin")];
    let cri = (stream.clone(), 0..4_u8, 0_u8..30, length.clone()).prop_map(
        |(stream, tag, second, length)| {
            let tag = if tag == 0 { "P" } else { "F" };
            format!("2026-11-01T10:00:{second:02}Z {stream} {tag} {}", "x".repeat(length))
        },
    );
    let docker = (stream, any::<bool>(), 0_u8..30, length).prop_map(
        |(stream, partial, second, length)| {
            let (log, end) = ("y".repeat(length), if partial { "" } else { "\\n" });
            format!(
                r#"{{"log":"{log}{end}","stream":"{stream}","time":"2026-11-01T10:00:{second:02}Z"}}"#
            )
        },
    );
    prop_oneof![
        20 => cri,
        4 => docker,
        1 => Just("{}".to_owned()),
        1 => "[ -~äé\u{301}]{0,20}",
    ]
}

fn log() -> impl Strategy<Value = Vec<u8>> {
    (prop::collection::vec(line(), 0..40), 0_usize..30, any::<bool>()).prop_map(
        |(lines, cut, is_finished)| {
            let mut content = lines.join("\n").into_bytes();
            if is_finished {
                content.push(b'\n');
            } else {
                content.truncate(content.len().saturating_sub(cut));
            }
            content
        },
    )
}

fn options() -> impl Strategy<Value = KubeletOptions> {
    let second = |second: u8| DateTime::from_timestamp(1_793_527_200 + i64::from(second), 0);
    let instant = || (0_u8..30).prop_map(move |value| second(value).unwrap());
    (
        prop::option::of(0_u64..50),
        prop::option::of(instant()),
        prop::option::weighted(0.2, instant()),
        prop::option::of(1_u64..3000),
        any::<bool>(),
        prop_oneof![Just(None), Just(Some(OutputStream::Stdout)), Just(Some(OutputStream::Stderr))],
    )
        .prop_map(|(tail_lines, since, until, limit_bytes, timestamps, stream)| {
            KubeletOptions {
                tail_lines,
                since,
                until,
                limit_bytes,
                timestamps,
                stream,
                follow: false,
            }
        })
}

#[track_caller]
fn check(content: &str, options: &KubeletOptions, expected: &str) {
    let (out, failure) = read(content.as_bytes(), options);
    assert_eq!((String::from_utf8(out).unwrap().as_str(), failure), (expected, None));
}

#[test]
fn the_tail_of_a_stream_counts_its_lines() {
    let content = "2026-11-01T10:00:00Z stdout F a\n2026-11-01T10:00:01Z stdout F b\n\
        nonsense\n2026-11-01T10:00:02Z stderr F c\n2026-11-01T10:00:03Z stdout F d\n";
    let options = |lines, stream| KubeletOptions {
        tail_lines: Some(lines),
        stream: Some(stream),
        ..KubeletOptions::default()
    };
    check(content, &options(2, OutputStream::Stdout), "b\nd\n");
    check(content, &options(1, OutputStream::Stderr), "c\n");
    check(content, &options(9, OutputStream::Stderr), "c\n");
}

#[test]
fn a_line_that_is_too_old_may_have_any_stream() {
    let content =
        "{}\n{\"log\":\"a\\n\",\"stream\":\"stdout\",\"time\":\"2026-11-01T10:00:00Z\"}\n";
    let since = Some(DateTime::from_timestamp(0, 0).unwrap());
    check(content, &KubeletOptions { since, ..KubeletOptions::default() }, "a\n");
    let (out, failure) = read(content.as_bytes(), &KubeletOptions::default());
    assert_eq!((&out[..], failure.as_deref()), (&b""[..], Some("unexpected stream type \"\"")));
}

#[test]
fn a_record_of_docker_longer_than_the_buffer_is_a_gap() {
    let record = |log: &str| {
        format!(r#"{{"log":"{log}\n","stream":"stdout","time":"2026-11-01T10:00:00Z"}}{}"#, '\n')
    };
    let content = [record("a"), record(&"x".repeat(5 * 1024 * 1024)), record("b")].concat();
    let chain = chain_of(content.as_bytes(), 0);
    let mut rendering = KubeletRendering::new(&chain, &KubeletOptions::default()).unwrap();
    let (mut out, mut progress) = (Vec::new(), Progress::More);
    while progress == Progress::More {
        progress = rendering.write_chunk(&mut out).unwrap();
    }
    assert_eq!((progress, &*out), (Progress::Done(LogEnd::Gap), &b"a\n"[..]));
}

#[test]
fn a_line_longer_than_the_buffer_is_rendered_alike() {
    let x = "x".repeat(5 * 1024 * 1024);
    for tag in ["F", "P"] {
        let content = format!(
            "2026-11-01T10:00:00Z stdout {tag} {x}\n2026-11-01T10:00:00Z stderr P\n\
             2026-11-01T10:00:01Z stdout F end\n"
        );
        for timestamps in [false, true] {
            for limit_bytes in [None, Some(4_500_000), Some(5 * 1024 * 1024 + 10)] {
                for tail_lines in [None, Some(3), Some(2)] {
                    let options = KubeletOptions {
                        timestamps,
                        limit_bytes,
                        tail_lines,
                        ..KubeletOptions::default()
                    };
                    let same =
                        read(content.as_bytes(), &options) == model(content.as_bytes(), &options);
                    assert!(same, "{tag} {options:?}");
                }
            }
        }
    }
}

proptest! {
    #[test]
    fn the_bytes_are_those_of_the_definition(content in log(), options in options()) {
        let seen = read(&content, &options);
        prop_assert!(seen == model(&content, &options), "{:?}", seen.1);
    }

    #[test]
    fn any_bytes_are_read_to_their_end(
        content in prop::collection::vec(
            prop_oneof![Just(b'\n'), Just(b' '), Just(b'{'), any::<u8>()],
            0..600,
        ),
        options in options(),
    ) {
        prop_assert_eq!(read(&content, &options), model(&content, &options));
    }

    /// In which parts a log is written does not show, wherever they end.
    #[test]
    fn a_growing_log_is_read_as_a_finished_one(
        content in log(),
        options in options(),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..20),
    ) {
        let options = KubeletOptions { tail_lines: None, follow: true, ..options };
        let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(content.len() + 1)).collect();
        cuts.extend([0, content.len()]);
        cuts.sort_unstable();
        let mut writer = tempfile::tempfile().unwrap();
        let file = Arc::new(LogFile::new(writer.try_clone().unwrap(), false, 0).unwrap());
        file.start_growing();
        let chain = FileChain::whole(vec![file.clone()]);
        let mut rendering = KubeletRendering::new(&chain, &options).unwrap();
        let mut outcome = KubeletOutput::default();
        for window in cuts.windows(2) {
            writer.write_all(&content[window[0]..window[1]]).unwrap();
            file.grow().unwrap();
            if outcome.1.is_none() {
                drain(&mut rendering, &mut outcome);
            }
        }
        prop_assert!(outcome == model(&content, &options));
    }

    #[test]
    fn a_tail_that_is_followed_begins_where_it_would_have_ended(
        content in log(),
        more in log(),
        tail in 0_u64..20,
    ) {
        let options =
            KubeletOptions { tail_lines: Some(tail), follow: true, ..KubeletOptions::default() };
        let mut writer = tempfile::tempfile().unwrap();
        writer.write_all(&content).unwrap();
        let file = Arc::new(LogFile::new(writer.try_clone().unwrap(), false, 0).unwrap());
        file.start_growing();
        let chain = FileChain::whole(vec![file.clone()]);
        let mut rendering = KubeletRendering::new(&chain, &options).unwrap();
        let mut outcome = KubeletOutput::default();
        drain(&mut rendering, &mut outcome);
        writer.write_all(&more).unwrap();
        file.grow().unwrap();
        if outcome.1.is_none() {
            drain(&mut rendering, &mut outcome);
        }
        let newlines: Vec<_> = memchr::memchr_iter(b'\n', &content).collect();
        let skipped = newlines.len().saturating_sub(tail as usize);
        let start = newlines[..skipped].last().map_or(0, |newline| newline + 1);
        let shown = [&content[start..], &more].concat();
        let all = KubeletOptions { tail_lines: None, ..options };
        prop_assert!(outcome == model(&shown, &all));
    }
}
