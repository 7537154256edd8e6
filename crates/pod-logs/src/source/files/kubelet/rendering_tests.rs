//! The bytes against the definition of what the kubelet gives.

use std::{io::Write, sync::Arc};

use chrono::DateTime;
use proptest::prelude::*;

use super::{
    options::KubeletOptions,
    rendering::KubeletRendering,
    rendering_model::{KubeletOutput, log, model, model_from, options},
};
use crate::{
    chunk::{LogEnd, Progress},
    line::stream::OutputStream,
    source::files::{
        lines::physical::tests::chain_of,
        storage::{chain::FileChain, log_file::LogFile},
    },
};

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

/// Reads to the end of a log that has grown.
fn end(file: &LogFile, rendering: &mut KubeletRendering, outcome: &mut KubeletOutput) {
    file.complete();
    if outcome.1.is_none() {
        drain(rendering, outcome);
    }
}

fn read(content: &[u8], options: &KubeletOptions) -> KubeletOutput {
    let mut rendering = KubeletRendering::new(&chain_of(content, 0), options).unwrap();
    let mut outcome = KubeletOutput::default();
    drain(&mut rendering, &mut outcome);
    assert_eq!(rendering.counts().bytes, outcome.0.len() as u64);
    outcome
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
fn a_line_in_pieces_counts_once() {
    let content = "2026-11-01T10:00:00Z stdout P a\n2026-11-01T10:00:01Z stdout F b\n\
        2026-11-01T10:00:02Z stderr F c\n2026-11-01T10:00:03Z stdout F d\n";
    for (stream, expected) in [(None, 3), (Some(OutputStream::Stderr), 1)] {
        let options = KubeletOptions { stream, timestamps: true, ..KubeletOptions::default() };
        let mut rendering =
            KubeletRendering::new(&chain_of(content.as_bytes(), 0), &options).unwrap();
        drain(&mut rendering, &mut KubeletOutput::default());
        assert_eq!(rendering.counts().lines, expected, "{stream:?}");
    }
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
        end(&file, &mut rendering, &mut outcome);
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
        end(&file, &mut rendering, &mut outcome);
        let all = KubeletOptions { tail_lines: None, ..options };
        prop_assert!(outcome == model_from(start, &[content, more].concat(), &all));
    }
}
