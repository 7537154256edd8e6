//! The definition of what the kubelet gives, and random logs to try it with.

use chrono::DateTime;
use proptest::prelude::*;

use super::{options::KubeletOptions, quote::GoQuoted};
use crate::{
    line::stream::OutputStream,
    source::files::format::{
        entry::{LogEntry, UnknownStream},
        line_format::LineFormat,
    },
};

/// What was given out, and the failure that it ended with.
pub(super) type KubeletOutput = (Vec<u8>, Option<String>);

/// The same by the definition, with all of the log at hand.
pub(super) fn model(content: &[u8], options: &KubeletOptions) -> KubeletOutput {
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

pub(super) fn log() -> impl Strategy<Value = Vec<u8>> {
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

pub(super) fn options() -> impl Strategy<Value = KubeletOptions> {
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
