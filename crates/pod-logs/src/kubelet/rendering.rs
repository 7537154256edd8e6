//! The kubelet's reading and writing of a log (`ReadLogs` and `logWriter` in `logs.go`).

use std::{io, sync::Arc};

use chrono::{DateTime, Utc};

use super::{quote::Quoted, tail, whole_lines::WholeLines};
use crate::{
    file::{Chain, LogFile, ReadingCost},
    format::{LineFormat, LineTime, LogEntry, Stream, UnknownStream},
    physical::{Advance, LineEnd, PhysicalLine, PhysicalLines},
    render::{EndReason, Progress},
};

/// What a chunk has at least, unless the log ends, in bytes; at most a line more.
const CHUNK_BYTES: usize = 256 * 1024;
/// How much is read for one chunk at most, in bytes, so that a reader who left is noticed however
/// few lines are chosen.
const SCAN_BYTES: u64 = 16 * 1024 * 1024;

/// What is asked for, in the words of Kubernetes' `PodLogOptions`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct KubeletOptions {
    /// Lines of the file, finished ones, before `since` takes some of them away. With `stream`
    /// lines of that stream, which Kubernetes does not allow together.
    pub tail_lines: Option<u64>,
    /// Only lines of this time or later. `sinceSeconds` has been subtracted from the time it is.
    pub since: Option<DateTime<Utc>>,
    /// Only lines of an earlier time. Kubernetes has nothing like it.
    pub until: Option<DateTime<Utc>>,
    /// Of what is written, time stamps included.
    pub limit_bytes: Option<u64>,
    /// Each line begins with its time.
    pub timestamps: bool,
    /// `None`: all.
    pub stream: Option<Stream>,
    /// The log's last file grows, or others come after it. A line is not read before its end is
    /// there.
    pub follow: bool,
}

/// Why the kubelet reads no further, in its words.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KubeletError {
    /// The first line that is read, with its newline.
    #[error("failed to get parse function: unsupported log format: {}", Quoted(.0))]
    UnsupportedFormat(Vec<u8>),
    #[error("unexpected stream type {}", Quoted(.0))]
    UnexpectedStream(Vec<u8>),
    #[error("failed to read log file: {0}")]
    Read(#[from] io::Error),
}

/// Writes what the kubelet would write.
///
/// To follow, mark the chain's last file as growing before, and call
/// [`write_chunk`](Self::write_chunk) again whenever it grew. The kubelet ends with the container:
/// then complete the file and expect no more.
#[derive(Debug)]
pub(crate) struct KubeletRendering {
    lines: WholeLines,
    follows: bool,
    /// How many lines may still be read.
    lines_left: Option<u64>,
    /// That of the first line, which the kubelet holds to.
    format: Option<LineFormat>,
    /// The present line, if it could be read: it may have further pieces.
    present: Option<Present>,
    writer: Writer,
    /// Why the log ended, once it did.
    end: Option<EndReason>,
}

/// What is known of a line from its beginning.
#[derive(Debug, Clone, Copy)]
struct Present {
    partial: bool,
    is_chosen: bool,
}

impl KubeletRendering {
    /// Ready to write: the files were read as far as is needed to find where the tail begins.
    pub(crate) fn new(chain: &Chain, options: &KubeletOptions) -> io::Result<Self> {
        let mut lines = match options.tail_lines {
            Some(wanted) => WholeLines::new(&tail::find(chain, wanted, options.stream)?)?,
            None => WholeLines::new(chain)?,
        };
        lines.physical_mut().expect_more(options.follow);
        Ok(Self {
            lines,
            follows: options.follow,
            lines_left: options.tail_lines.filter(|_| !options.follow),
            format: None,
            present: None,
            writer: Writer::new(options),
            end: None,
        })
    }

    /// Here further files are appended, and here it is told that none will come.
    pub(crate) fn lines_mut(&mut self) -> &mut PhysicalLines {
        self.lines.physical_mut()
    }

    /// The file after which nothing is known yet.
    pub(super) fn last_file(&self) -> Option<&Arc<LogFile>> {
        self.lines.physical().last_file()
    }

    /// What it takes to read the rest, as far as it is there.
    pub(super) fn cost_ahead(&self) -> ReadingCost {
        self.lines.physical().cost_ahead()
    }

    /// Writes the next chunk behind what stands in `out`. May write nothing though more follows:
    /// then nothing was chosen of what was read. After an error there is no more.
    pub(crate) fn write_chunk(&mut self, out: &mut Vec<u8>) -> Result<Progress, KubeletError> {
        let scan_end = self.lines.physical().bytes_read().saturating_add(SCAN_BYTES);
        while out.len() < CHUNK_BYTES && self.lines.physical().bytes_read() < scan_end {
            if self.lines_left == Some(0) {
                self.end = Some(EndReason::Complete);
            }
            if let Some(reason) = self.end {
                return Ok(Progress::Done(reason));
            }
            let advance = self.advance(out).inspect_err(|_| self.end = Some(EndReason::Source))?;
            if advance == Advance::Pending {
                return Ok(Progress::CaughtUp);
            }
        }
        Ok(Progress::More)
    }

    fn advance(&mut self, out: &mut Vec<u8>) -> Result<Advance, KubeletError> {
        let advance = self.lines.advance()?;
        match advance {
            Advance::Line if self.write_line(out)? => self.end = Some(EndReason::Limit),
            Advance::End if self.follows => self.end = Some(EndReason::ContainerExit),
            Advance::End => self.end = Some(EndReason::Complete),
            Advance::Lost => self.end = Some(EndReason::Gap),
            Advance::Line | Advance::Pending => {}
        }
        Ok(advance)
    }

    /// Writes the present line, or what there is of it. Whether the limit is reached is the answer.
    fn write_line(&mut self, out: &mut Vec<u8>) -> Result<bool, KubeletError> {
        let line = self.lines.line();
        if line.is_continuation {
            let Some(present) = self.present else {
                return Ok(false);
            };
            let is_finished = !present.partial && line.end == LineEnd::Newline;
            return Ok(self.writer.write_on(line.bytes, is_finished, present.is_chosen, out));
        }
        self.present = None;
        if self.follows && line.end == LineEnd::EndOfFile {
            // The kubelet waits for its newline, and then goes to another file.
            return Ok(false);
        }
        let format = match self.format {
            Some(format) => format,
            None => LineFormat::of(line.bytes).ok_or_else(|| unsupported_format(&line))?,
        };
        self.format = Some(format);
        let Some(entry) = format.parse(line.bytes) else {
            // A line that cannot be read is none. But only the whole of a record of Docker's can
            // be, and this one is longer than what is held.
            if format == LineFormat::DockerJson && line.end == LineEnd::Continued {
                self.end = Some(EndReason::Gap);
            }
            return Ok(false);
        };
        if self.writer.is_of_stream(&entry) {
            self.lines_left = self.lines_left.map(|lines| lines.saturating_sub(1));
        }
        let is_chosen = self.writer.chooses(&entry)?;
        self.writer.begin(&entry.time, is_chosen, out);
        self.present = Some(Present { partial: entry.partial, is_chosen });
        // Docker's newline is in the content, and was there whatever comes after the line.
        let has_newline = line.end == LineEnd::Newline || format == LineFormat::DockerJson;
        let is_finished = !entry.partial && has_newline;
        let content = entry.content(line.bytes);
        Ok(self.writer.write_on(content, is_finished, is_chosen, out))
    }
}

fn unsupported_format(line: &PhysicalLine<'_>) -> KubeletError {
    let mut text = line.bytes.to_vec();
    if line.end == LineEnd::Newline {
        text.push(b'\n');
    }
    KubeletError::UnsupportedFormat(text)
}

/// Chooses entries and writes them.
#[derive(Debug)]
struct Writer {
    since: DateTime<Utc>,
    until: Option<DateTime<Utc>>,
    stream: Option<Stream>,
    timestamps: bool,
    bytes_left: Option<u64>,
    /// The next entry begins a line: the one before ended with a newline, or was empty. The
    /// kubelet asks neither which stream it was of nor whether it was chosen.
    is_line_start: bool,
}

type LenientEntry = LogEntry<Result<Stream, UnknownStream>>;

impl Writer {
    fn new(options: &KubeletOptions) -> Self {
        Self {
            // Without a time the kubelet compares all the same, with Go's zero.
            since: options.since.unwrap_or_else(|| LineTime::GO_ZERO.instant()),
            until: options.until,
            stream: options.stream,
            timestamps: options.timestamps,
            bytes_left: options.limit_bytes,
            is_line_start: true,
        }
    }

    fn is_of_stream(&self, entry: &LenientEntry) -> bool {
        self.stream.is_none_or(|stream| entry.stream == Ok(stream))
    }

    fn chooses(&self, entry: &LenientEntry) -> Result<bool, KubeletError> {
        let instant = entry.time.instant();
        if instant < self.since || self.until.is_some_and(|until| until <= instant) {
            return Ok(false);
        }
        match &entry.stream {
            Ok(_) => Ok(self.is_of_stream(entry)),
            Err(UnknownStream(name)) => Err(KubeletError::UnexpectedStream(name.clone())),
        }
    }

    fn begin(&mut self, time: &LineTime, is_chosen: bool, out: &mut Vec<u8>) {
        if is_chosen && self.timestamps && self.is_line_start {
            let start = out.len();
            time.write_stamp(out);
            out.push(b' ');
            self.cut(start, out);
        }
        // Until there is something.
        self.is_line_start = true;
    }

    /// Writes content of the entry. Whether the limit is reached is the answer.
    fn write_on(
        &mut self,
        content: &[u8],
        is_finished: bool,
        is_chosen: bool,
        out: &mut Vec<u8>,
    ) -> bool {
        self.is_line_start = is_finished || (self.is_line_start && content.is_empty());
        if !is_chosen {
            return false;
        }
        let start = out.len();
        out.extend_from_slice(content);
        out.extend(is_finished.then_some(b'\n'));
        self.cut(start, out);
        self.bytes_left == Some(0)
    }

    /// Cuts what was just written to what the limit leaves.
    fn cut(&mut self, start: usize, out: &mut Vec<u8>) {
        if let Some(left) = &mut self.bytes_left {
            let written = (out.len() - start) as u64;
            let kept = written.min(*left);
            // What is cut off was just written, so it fits.
            out.truncate(start + kept as usize);
            *left -= kept;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{io::Write, sync::Arc};

    use proptest::prelude::*;

    use super::*;
    use crate::{
        file::LogFile,
        merge::{ChosenLines, tests::whole},
        physical::tests::chain_of,
        query::LogQuery,
        render::{Labels, LogForm, Rendering},
        target::PodRef,
    };

    type Outcome = (Vec<u8>, Option<String>);

    /// Reads until nothing is left, or fails.
    fn drain(rendering: &mut KubeletRendering, (out, failure): &mut Outcome) {
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

    fn read(content: &[u8], options: &KubeletOptions) -> Outcome {
        let mut rendering = KubeletRendering::new(&chain_of(content, 0), options).unwrap();
        rendering.lines_mut().expect_more(false);
        let mut outcome = Outcome::default();
        drain(&mut rendering, &mut outcome);
        outcome
    }

    /// The same by the definition, with all of the log at hand.
    fn model(content: &[u8], options: &KubeletOptions) -> Outcome {
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
                let quoted = Quoted(line);
                let error =
                    format!("failed to get parse function: unsupported log format: {quoted}");
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
                        let error = format!("unexpected stream type {}", Quoted(name));
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
            prop_oneof![Just(None), Just(Some(Stream::Stdout)), Just(Some(Stream::Stderr))],
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
        check(content, &options(2, Stream::Stdout), "b\nd\n");
        check(content, &options(1, Stream::Stderr), "c\n");
        check(content, &options(9, Stream::Stderr), "c\n");
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
    fn a_record_of_docker_beyond_what_is_held_is_a_gap() {
        let record = |log: &str| {
            format!(
                r#"{{"log":"{log}\n","stream":"stdout","time":"2026-11-01T10:00:00Z"}}{}"#,
                '\n'
            )
        };
        let content = [record("a"), record(&"x".repeat(5 * 1024 * 1024)), record("b")].concat();
        let chain = chain_of(content.as_bytes(), 0);
        let mut rendering = KubeletRendering::new(&chain, &KubeletOptions::default()).unwrap();
        let (mut out, mut progress) = (Vec::new(), Progress::More);
        while progress == Progress::More {
            progress = rendering.write_chunk(&mut out).unwrap();
        }
        assert_eq!((progress, &*out), (Progress::Done(EndReason::Gap), &b"a\n"[..]));
    }

    #[test]
    fn a_line_beyond_what_is_held_is_the_same() {
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
                        let same = read(content.as_bytes(), &options)
                            == model(content.as_bytes(), &options);
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
        fn a_log_may_grow_as_it_likes(
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
            let chain = Chain::whole(vec![file.clone()]);
            let mut rendering = KubeletRendering::new(&chain, &options).unwrap();
            let mut outcome = Outcome::default();
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
            let chain = Chain::whole(vec![file.clone()]);
            let mut rendering = KubeletRendering::new(&chain, &options).unwrap();
            let mut outcome = Outcome::default();
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

        /// What the two ways to read promise each other.
        #[test]
        fn whole_lines_are_the_same_as_text(
            lines in prop::collection::vec((any::<bool>(), 0_u8..60, "[ -~äé]{0,30}"), 1..40),
            is_docker in any::<bool>(),
            timestamps in any::<bool>(),
        ) {
            let mut content = String::new();
            for (is_stdout, second, text) in &lines {
                let stream = if *is_stdout { "stdout" } else { "stderr" };
                let time = format!("2026-11-01T10:00:{second:02}Z");
                content += &if is_docker {
                    let log = serde_json::to_string(&format!("{text}\n")).unwrap();
                    format!("{{\"log\":{log},\"stream\":\"{stream}\",\"time\":\"{time}\"}}\n")
                } else {
                    format!("{time} {stream} F {text}\n")
                };
            }
            let query = LogQuery { timestamps, ..LogQuery::default() };
            let log = whole(chain_of(content.as_bytes(), 0));
            let lines = ChosenLines::new(vec![log], &query).unwrap();
            let labels = Labels {
                pod: PodRef { namespace: "shop".parse().unwrap(), pod: "web".parse().unwrap() },
                uid: "1".parse().unwrap(),
            };
            let mut rendering = Rendering::new(lines, labels, &query, LogForm::Text);
            let mut out = Vec::new();
            while rendering.write_chunk(&mut out).unwrap() == Progress::More {}
            let options = KubeletOptions { timestamps, ..KubeletOptions::default() };
            prop_assert_eq!(read(content.as_bytes(), &options), (out, None));
        }
    }
}
