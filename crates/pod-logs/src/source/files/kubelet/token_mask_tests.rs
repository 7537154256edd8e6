//! What is held of a log that grows, and for how long.

use std::{fs::File, io::Write, sync::Arc};

use shared_types::TokenKind;

use super::{options::KubeletOptions, rendering::KubeletRendering};
use crate::{
    chunk::Progress,
    counts::ReadCounts,
    line::masking::tests::{masked, token},
    source::files::storage::{chain::FileChain, log_file::LogFile},
};

/// A log that is followed while it is written.
struct GrowingLog {
    writer: File,
    file: Arc<LogFile>,
    rendering: KubeletRendering,
}

impl GrowingLog {
    fn new(options: KubeletOptions) -> Self {
        let writer = tempfile::tempfile().unwrap();
        let file = Arc::new(LogFile::new(writer.try_clone().unwrap(), false, 0).unwrap());
        file.start_growing();
        let chain = FileChain::whole(vec![file.clone()]);
        let options = KubeletOptions { follow: true, ..options };
        let rendering = KubeletRendering::new(&chain, &options).unwrap();
        Self { writer, file, rendering }
    }

    /// Writes a fragment, and gives what is given out then.
    fn write(&mut self, stream: &str, tag: &str, content: &str) -> (String, Progress) {
        writeln!(self.writer, "2026-11-01T10:00:00Z {stream} {tag} {content}").unwrap();
        self.file.grow().unwrap();
        self.read()
    }

    fn read(&mut self) -> (String, Progress) {
        let (mut out, mut progress) = (Vec::new(), Progress::More);
        while progress == Progress::More {
            let mut chunk = Vec::new();
            progress = self.rendering.write_chunk(&mut chunk).unwrap();
            out.append(&mut chunk);
        }
        (String::from_utf8(out).unwrap(), progress)
    }

    #[track_caller]
    fn check(&mut self, [stream, tag, content]: [&str; 3], expected: &str) {
        let (given, progress) = self.write(stream, tag, content);
        assert_eq!((&*given, progress), (expected, Progress::CaughtUp));
    }
}

#[test]
fn what_may_begin_a_token_is_held_with_all_behind_it_until_its_stream_goes_on() {
    let (token, masked) = (token(TokenKind::Session, 7), masked(TokenKind::Session));
    let (start, end) = token.split_at(30);
    let (shown, rest) = masked.split_at(30);
    let mut log = GrowingLog::new(KubeletOptions::default());
    log.check(["stdout", "P", &format!("a {start}")], "a ");
    log.check(["stderr", "F", "b"], "");
    log.check(["stdout", "P", ""], "");
    log.check(["stdout", "F", &format!("{end} c")], &format!("{shown}b\n{rest} c\n"));
    log.check(["stdout", "P", "lesson les"], "lesson le");
    log.check(["stdout", "P", "son"], "sson");
    assert_eq!(log.rendering.counts().masked, 1);
}

#[test]
fn what_is_held_is_given_at_the_end_of_the_log_or_far_behind_it() {
    let token = token(TokenKind::Session, 7);
    let start = &token[..30];
    let mut log = GrowingLog::new(KubeletOptions::default());
    log.check(["stdout", "P", start], "");
    let far = "x".repeat(64 * 1024);
    log.check(["stderr", "F", &far], "");
    log.check(["stderr", "F", "b"], &format!("{start}{far}\nb\n"));
    log.check(["stdout", "F", &token[30..]], &format!("{}\n", &token[30..]));
    log.check(["stdout", "P", start], "");
    log.file.complete();
    assert_eq!(log.read().0, start);
    assert_eq!(log.rendering.counts(), ReadCounts { masked: 0, ..log.rendering.counts() });
}

#[test]
fn a_reading_that_has_reached_its_limit_looks_ahead() {
    let (token, masked) = (token(TokenKind::Session, 7), masked(TokenKind::Session));
    let options = KubeletOptions { limit_bytes: Some(20), ..KubeletOptions::default() };
    let mut log = GrowingLog::new(options);
    log.check(["stdout", "P", &token[..30]], "");
    let (given, progress) = log.write("stdout", "F", &token[30..]);
    assert_eq!(given, masked[..20]);
    assert!(matches!(progress, Progress::Done(_)));
}

#[test]
fn where_nothing_more_is_read_the_beginning_of_a_token_is_masked() {
    let token = token(TokenKind::Refresh, 7);
    let mut log = GrowingLog::new(KubeletOptions::default());
    log.check(["stdout", "P", &format!("a {}", &token[..30])], "a ");
    let mut rest = Vec::new();
    log.rendering.write_held(&mut rest);
    assert_eq!(rest, masked(TokenKind::Refresh).as_bytes()[..30]);
}
