//! The definition of what the kubelet gives, and random logs to try it with.

use std::{collections::HashMap, mem};

use chrono::DateTime;
use proptest::prelude::*;

use super::{options::KubeletOptions, quote::GoQuoted};
use crate::{
    line::{
        masking::tests::{TokenText, mask_plainly},
        stream::OutputStream,
    },
    source::files::format::{
        entry::{LogEntry, UnknownStream},
        line_format::LineFormat,
    },
};

/// What was given out, and the failure that it ended with.
pub(super) type KubeletOutput = (Vec<u8>, Option<String>);

/// A line as it stands in a log, and where it begins.
type PlacedLine<'a> = (usize, &'a [u8]);

/// The same by the definition, with all of the log at hand.
pub(super) fn model(content: &[u8], options: &KubeletOptions) -> KubeletOutput {
    model_from(0, content, options)
}

/// The same of a reading that begins at this place.
pub(super) fn model_from(start: usize, content: &[u8], options: &KubeletOptions) -> KubeletOutput {
    let mut place = 0;
    let placed = |line: &'_ [u8]| {
        place += line.len();
        place - line.len()
    };
    let split = || content.split_inclusive(|byte| *byte == b'\n');
    let all: Vec<PlacedLine<'_>> = split().map(placed).zip(split()).collect();
    let mut lines: Vec<_> = all.iter().copied().filter(|(place, _)| *place >= start).collect();
    let counts = |line: &[u8]| {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let stream = LogEntry::parse(line).map(|entry| entry.stream);
        options.stream.is_none_or(|only| stream == Some(only))
    };
    if let Some(wanted) = options.tail_lines {
        let counted = |line: &[u8]| line.ends_with(b"\n") && counts(line);
        let mut skip = lines.iter().filter(|(_, line)| counted(line)).count() as u64;
        skip = skip.saturating_sub(wanted);
        while let Some((_, first)) = lines.first()
            && (skip > 0 || !counts(first))
        {
            skip -= u64::from(counted(first));
            lines.remove(0);
        }
    }
    let mut left = options.tail_lines.filter(|_| !options.follow).unwrap_or(u64::MAX);
    let (mut format, mut is_line_start, mut out) = (None, true, Vec::new());
    let mut masked = None;
    for (place, line) in &lines {
        if left == 0 || (options.follow && !line.ends_with(b"\n")) {
            break;
        }
        let bare = line.strip_suffix(b"\n").unwrap_or(line);
        format = format.or_else(|| LineFormat::of(bare));
        let Some(format) = format else {
            let masked = mask_plainly(line);
            let quoted = GoQuoted(&masked);
            let error = format!("failed to get parse function: unsupported log format: {quoted}");
            return (out, Some(error));
        };
        let Some(entry) = format.parse(bare) else {
            continue;
        };
        let masked = masked.get_or_insert_with(|| {
            let format_at = |at: usize| (at >= lines[0].0).then_some(format);
            masked_contents(&all, format_at, options.follow)
        });
        let mut log = masked.remove(place).unwrap_or_else(|| entry.content(bare).to_vec());
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

/// The content of each fragment by the place of its line: joined, masked, and cut again. Lines
/// before the reading are read by their own format.
fn masked_contents(
    all: &[PlacedLine<'_>],
    format_at: impl Fn(usize) -> Option<LineFormat>,
    follows: bool,
) -> HashMap<usize, Vec<u8>> {
    let mut masked = HashMap::new();
    let mut open = [OpenLine::default(), OpenLine::default()];
    for (place, line) in all {
        let bare = line.strip_suffix(b"\n").unwrap_or(line);
        let own = if bare.starts_with(b"{") { LineFormat::DockerJson } else { LineFormat::Cri };
        let entry = format_at(*place).unwrap_or(own).parse(bare);
        let Some(LogEntry { stream: Ok(stream), .. }) = &entry else { continue };
        if follows && !line.ends_with(b"\n") {
            continue;
        }
        let (open, entry) = (&mut open[*stream as usize], entry.as_ref().unwrap());
        if *place >= open.end + 64 * 1024 {
            open.cut(&mut masked);
        }
        let content = entry.content(bare);
        open.text.extend_from_slice(content);
        open.fragments.push((*place, content.len()));
        if !content.is_empty() {
            open.end = place + line.len();
        }
        if !entry.partial {
            open.cut(&mut masked);
        }
    }
    open.iter_mut().for_each(|open| open.cut(&mut masked));
    masked
}

/// A line whose fragments are being joined.
#[derive(Default)]
struct OpenLine {
    text: Vec<u8>,
    /// The place and the length of each.
    fragments: Vec<(usize, usize)>,
    /// Where the last one ends that is not empty.
    end: usize,
}

impl OpenLine {
    fn cut(&mut self, masked: &mut HashMap<usize, Vec<u8>>) {
        let Self { text, fragments, .. } = mem::take(self);
        let mut rest = &mask_plainly(&text)[..];
        for (place, length) in fragments {
            let (fragment, behind) = rest.split_at(length);
            masked.insert(place, fragment.to_vec());
            rest = behind;
        }
    }
}

/// How a line is written whose content is not there yet.
#[derive(Debug, Clone)]
enum LineShape {
    Cri { stream: &'static str, tag: &'static str, second: u8, length: usize },
    Docker { stream: &'static str, end: &'static str, second: u8, length: usize },
    Other(String),
}

impl LineShape {
    /// The line, with the next that its stream says.
    fn filled(self, said: &mut HashMap<&'static str, TokenText>) -> String {
        match self {
            Self::Cri { stream, tag, second, length } => {
                let text = said.entry(stream).or_default().next(length);
                format!("2026-11-01T10:00:{second:02}Z {stream} {tag} {text}")
            }
            Self::Docker { stream, end, second, length } => {
                let log = said.entry(stream).or_default().next(length) + end;
                format!(
                    r#"{{"log":"{log}","stream":"{stream}","time":"2026-11-01T10:00:{second:02}Z"}}"#
                )
            }
            Self::Other(line) => line,
        }
    }
}

fn line() -> impl Strategy<Value = LineShape> {
    // Some are longer than the buffer.
    let length = prop_oneof![
        3 => Just(0_usize),
        20 => 0_usize..60,
        2 => 0_usize..20_000,
        1 => 250_000_usize..300_000,
    ];
    let stream = prop_oneof![4 => Just("stdout"), 2 => Just("stderr"), 1 => Just("stdin")];
    let cri = (stream.clone(), any::<bool>(), 0_u8..30, length.clone()).prop_map(
        |(stream, partial, second, length)| {
            let tag = if partial { "P" } else { "F" };
            LineShape::Cri { stream, tag, second, length }
        },
    );
    let docker =
        (stream, any::<bool>(), 0_u8..30, length).prop_map(|(stream, partial, second, length)| {
            let end = if partial { "" } else { "\\n" };
            LineShape::Docker { stream, end, second, length }
        });
    prop_oneof![
        20 => cri,
        4 => docker,
        1 => Just(LineShape::Other("{}".to_owned())),
        1 => "[ -~äé\u{301}]{0,20}".prop_map(LineShape::Other),
    ]
}

pub(super) fn log() -> impl Strategy<Value = Vec<u8>> {
    (prop::collection::vec(line(), 0..40), 0_usize..30, any::<bool>()).prop_map(
        |(lines, cut, is_finished)| {
            let mut said = HashMap::new();
            let lines: Vec<_> = lines.into_iter().map(|line| line.filled(&mut said)).collect();
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
