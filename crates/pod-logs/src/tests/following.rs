//! Which files a reader gets of a log that others follow already.

use std::{
    fs::{self, OpenOptions},
    io::Write,
    path::PathBuf,
    sync::Arc,
};

use crate::{
    line::target::PodRef,
    merge::{chosen_lines::ChosenLines, merge_step::MergeStep},
    query::{History, LogQuery},
    source::{
        files::{
            directory::layout::PodDirectory, files_source::FilesSource,
            follow::followed_log::FollowedLog, lines::file_lines::FileLog,
        },
        log_input::LogInput,
    },
};

/// A node with one container, and a gateway that looks only when a reader comes.
struct FollowedNode {
    root: tempfile::TempDir,
    source: FilesSource,
    /// Followed logs are looked after by tasks, which never run.
    runtime: tokio::runtime::Runtime,
    written: usize,
}

impl FollowedNode {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("shop_web_1/app")).unwrap();
        let source = FilesSource::open_unwatched(root.path()).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        Self { root, source, runtime, written: 0 }
    }

    fn path(&self, file: &str) -> PathBuf {
        self.root.path().join("shop_web_1/app").join(file)
    }

    /// Appends a line, which is its number.
    fn write(&mut self, file: &str) {
        self.written += 1;
        let number = self.written;
        self.append(file, &format!("2026-11-01T10:00:00.{number:09}Z stdout F {number}\n"));
    }

    fn append(&self, file: &str, text: &str) {
        let mut file = OpenOptions::new().append(true).create(true).open(self.path(file)).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    fn rename(&self, from: &str, to: &str) {
        fs::rename(self.path(from), self.path(to)).unwrap();
    }

    fn follow(&self, history: History) -> FileLog {
        let _entered = self.runtime.enter();
        let pod = PodRef { namespace: "shop".parse().unwrap(), pod: "web".parse().unwrap() };
        let query = LogQuery { follow: true, history, ..LogQuery::default() };
        self.source.find(&pod, &query).unwrap().check().unwrap().into_file_log()
    }

    /// The gateway looks until it has gone on to the file that is written to.
    fn look(&self, input: &FileLog) {
        self.look_at(&input.following.as_ref().unwrap().log);
    }

    fn look_at(&self, log: &FollowedLog) {
        let pod = PodDirectory::parse("shop_web_1").unwrap();
        let pod = self.source.directory().open_pod(pod).ok();
        let mut now = std::time::Instant::now();
        for _ in 0..2 {
            now += std::time::Duration::from_secs(1);
            log.refresh(pod.as_ref(), now).unwrap();
        }
    }
}

fn lines_of(input: FileLog) -> Vec<String> {
    rest_of(&mut ChosenLines::new(vec![LogInput::Files(input)], &LogQuery::default()).unwrap())
}

/// The lines that come next, with a word where some are missing.
fn rest_of(lines: &mut ChosenLines) -> Vec<String> {
    let mut all = Vec::new();
    loop {
        all.push(match lines.advance().unwrap() {
            MergeStep::Line => String::from_utf8(lines.line().unwrap().content.to_vec()).unwrap(),
            MergeStep::Gap(_) => "gap".to_owned(),
            MergeStep::Notice | MergeStep::Reading => continue,
            MergeStep::Awaited | MergeStep::Pending | MergeStep::End => return all,
        });
    }
}

/// A reader that has read two lines, and what tells how its log goes on.
fn caught_up(scene: &mut FollowedNode) -> (ChosenLines, Arc<FollowedLog>) {
    scene.write("0.log");
    scene.write("0.log");
    let input = scene.follow(History::Rotated);
    let followed = input.following.as_ref().unwrap().log.clone();
    let mut lines = ChosenLines::new(vec![LogInput::Files(input)], &LogQuery::default()).unwrap();
    assert_eq!(rest_of(&mut lines), ["1", "2"]);
    (lines, followed)
}

#[test]
fn a_reader_that_joins_after_followed_files_were_deleted_gets_each_line_once() {
    let mut scene = FollowedNode::new();
    scene.write("0.log");
    let staying = scene.follow(History::All);
    for rotation in 1..=6 {
        scene.rename("0.log", &format!("0.log.20261101-{rotation:06}"));
        scene.write("0.log");
        scene.look(&staying);
    }
    for rotation in 1..=3 {
        fs::remove_file(scene.path(&format!("0.log.20261101-{rotation:06}"))).unwrap();
    }
    assert_eq!(lines_of(scene.follow(History::Rotated)), ["4", "5", "6", "7"]);
    assert_eq!(lines_of(scene.follow(History::All)), ["4", "5", "6", "7"]);
    assert_eq!(lines_of(scene.follow(History::Current)), ["7"]);
    assert_eq!(lines_of(staying), ["1", "2", "3", "4", "5", "6", "7"]);
}

#[test]
fn a_reader_that_joins_in_a_later_run_gets_no_line_of_the_earlier_one() {
    let mut scene = FollowedNode::new();
    scene.write("0.log");
    let staying = scene.follow(History::All);
    scene.write("1.log");
    assert_eq!(lines_of(scene.follow(History::Rotated)), ["2"]);
    scene.look(&staying);
    assert_eq!(lines_of(scene.follow(History::Rotated)), ["2"]);
    assert_eq!(lines_of(scene.follow(History::All)), ["1", "2"]);
    assert_eq!(lines_of(staying), ["1", "2"]);
}

#[test]
fn a_directory_that_was_made_again_is_followed_anew_while_a_reader_of_the_old_one_stalls() {
    for is_removal_seen in [false, true] {
        let mut scene = FollowedNode::new();
        scene.write("0.log");
        let stalled = scene.follow(History::Rotated);
        fs::remove_dir_all(scene.path("")).unwrap();
        if is_removal_seen {
            scene.look(&stalled);
        }
        fs::create_dir(scene.path("")).unwrap();
        scene.write("0.log");
        let input = scene.follow(History::Rotated);
        let mut lines =
            ChosenLines::new(vec![LogInput::Files(input)], &LogQuery::default()).unwrap();
        assert_eq!(lines.advance().unwrap(), MergeStep::Line);
        assert_eq!(lines.line().unwrap().content, b"2");
        assert_eq!(lines.advance().unwrap(), MergeStep::Pending);
        drop(stalled);
    }
}

#[test]
fn runs_that_begin_with_the_same_long_text_are_told_apart() {
    let scene = FollowedNode::new();
    let text = "x".repeat(1_200);
    for restart in 0..3 {
        for line in [&*text, "second", "third"] {
            let time = format!("2026-11-01T10:0{restart}:00Z");
            let record = format!(r#"{{"log":"{line}\n","stream":"stdout","time":"{time}"}}"#);
            scene.append(&format!("{restart}.log"), &(record + "\n"));
        }
    }
    let all = [&*text, "second", "third"].repeat(3);
    assert_eq!(lines_of(scene.follow(History::All)), all);
}

#[test]
fn a_copy_in_place_of_a_file_continues_at_the_same_offset() {
    let mut scene = FollowedNode::new();
    let (mut lines, followed) = caught_up(&mut scene);
    for _ in 0..2 {
        fs::copy(scene.path("0.log"), scene.path("copy")).unwrap();
        scene.rename("copy", "0.log");
        scene.write("0.log");
        scene.look_at(&followed);
    }
    assert_eq!(rest_of(&mut lines), ["3", "4"]);
    scene.rename("0.log", "0.log.20261101-000001");
    scene.write("0.log");
    scene.look_at(&followed);
    assert_eq!(rest_of(&mut lines), ["5"]);
}

#[test]
fn a_file_that_was_rewritten_is_read_from_its_beginning_after_a_gap() {
    let mut scene = FollowedNode::new();
    let (mut lines, followed) = caught_up(&mut scene);
    let content = fs::read_to_string(scene.path("0.log")).unwrap();
    fs::write(scene.path("copy"), content.replace("F 2", "F longer")).unwrap();
    scene.rename("copy", "0.log");
    scene.write("0.log");
    scene.look_at(&followed);
    assert_eq!(rest_of(&mut lines), ["gap", "1", "longer", "3"]);
}

#[test]
fn a_file_that_was_emptied_and_filled_again_between_two_looks_leaves_a_gap() {
    for lines_before_the_look in [2, 5] {
        let mut scene = FollowedNode::new();
        let (mut lines, followed) = caught_up(&mut scene);
        fs::write(scene.path("0.log"), "").unwrap();
        (0..lines_before_the_look).for_each(|_| scene.write("0.log"));
        scene.look_at(&followed);
        let mut expected = vec!["gap".to_owned()];
        expected.extend((3..3 + lines_before_the_look).map(|number| number.to_string()));
        assert_eq!(rest_of(&mut lines), expected);
    }
}

#[test]
fn a_slow_reader_gets_no_line_of_a_rewritten_file_before_the_gap() {
    let mut scene = FollowedNode::new();
    scene.write("0.log");
    scene.write("0.log");
    let input = scene.follow(History::Rotated);
    let followed = input.following.as_ref().unwrap().log.clone();
    let mut lines = ChosenLines::new(vec![LogInput::Files(input)], &LogQuery::default()).unwrap();
    fs::write(scene.path("0.log"), "").unwrap();
    (0..3).for_each(|_| scene.write("0.log"));
    assert_eq!(lines.advance().unwrap(), MergeStep::Pending);
    scene.look_at(&followed);
    assert_eq!(rest_of(&mut lines), ["gap", "3", "4", "5"]);
}
