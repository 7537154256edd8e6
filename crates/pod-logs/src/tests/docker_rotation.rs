//! Docker's rotation under a reader: every line once, in order.

use std::{
    fs::{self, File, OpenOptions},
    io::Write,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use flate2::{Compression, write::GzEncoder};
use proptest::prelude::*;

use crate::{
    cursor::Cursor,
    line::target::{PodRef, PodUid},
    merge::{chosen_lines::ChosenLines, merge_step::MergeStep},
    query::{Anchor, LogQuery},
    source::{
        files::{
            directory::layout::PodDirectory, files_source::FilesSource,
            follow::followed_log::FollowedLog, located::FoundLog,
        },
        log_input::LogInput,
    },
};

/// Docker's `max-file`.
const MAX_FILES: usize = 4;

/// A container that writes through Docker's driver `json-file`.
struct DockerNode {
    log: PathBuf,
    file: File,
    written: usize,
    is_compressing: bool,
}

impl DockerNode {
    fn start(root: &Path, is_compressing: bool) -> Self {
        let own = root.join("docker/4c01");
        let container = root.join("pods/shop_web_1/app");
        fs::create_dir_all(&own).unwrap();
        fs::create_dir_all(&container).unwrap();
        let log = own.join("4c01-json.log");
        symlink(&log, container.join("0.log")).unwrap();
        Self { file: append_to(&log), log, written: 0, is_compressing }
    }

    fn write(&mut self) {
        self.written += 1;
        let number = self.written;
        let record = format!(
            r#"{{"log":"{number}\n","stream":"stdout","time":"2026-11-01T10:00:00.{number:09}Z"}}"#
        );
        writeln!(self.file, "{record}").unwrap();
    }

    fn numbered(&self, number: usize) -> PathBuf {
        let extension = if self.is_compressing && number > 0 { ".gz" } else { "" };
        self.plain(number).with_added_extension(extension.trim_start_matches('.'))
    }

    fn plain(&self, number: usize) -> PathBuf {
        self.log.with_added_extension(number.to_string())
    }

    /// As `loggerutils.LogFile.rotate` does; `look` is called in the moment without a current file
    /// and while the new one is being compressed.
    fn rotate(&mut self, look: &mut dyn FnMut()) {
        let _ = fs::remove_file(self.numbered(MAX_FILES - 1));
        for number in (1..MAX_FILES - 1).rev() {
            let _ = fs::rename(self.numbered(number), self.numbered(number + 1));
        }
        fs::rename(&self.log, self.plain(1)).unwrap();
        look();
        self.file = append_to(&self.log);
        if self.is_compressing {
            let mut encoder =
                GzEncoder::new(File::create(self.numbered(1)).unwrap(), Compression::fast());
            look();
            encoder.write_all(&fs::read(self.plain(1)).unwrap()).unwrap();
            encoder.finish().unwrap();
            fs::remove_file(self.plain(1)).unwrap();
        }
    }
}

fn append_to(path: &Path) -> File {
    OpenOptions::new().append(true).create(true).open(path).unwrap()
}

/// A follower that checks what it reads.
struct Reader {
    source: Arc<FilesSource>,
    opened: Option<(ChosenLines, Arc<FollowedLog>, PodUid)>,
    cursor: Option<Cursor>,
    last: usize,
    now: Instant,
}

impl Reader {
    fn new(root: &Path) -> Self {
        let source = FilesSource::open(&root.join("pods"), &[root.join("docker")]).unwrap();
        let (opened, cursor) = (None, None);
        Self { source: Arc::new(source), opened, cursor, last: 0, now: Instant::now() }
    }

    fn pod() -> PodRef {
        PodRef { namespace: "shop".parse().unwrap(), pod: "web".parse().unwrap() }
    }

    fn open(&mut self) {
        self.opened = None;
        let anchor = self.cursor.clone().map(Anchor::After);
        let uid = self.cursor.as_ref().map(|cursor| cursor.uid.clone());
        let query = LogQuery { follow: true, anchor, uid, ..LogQuery::default() };
        let found = self.source.find(&Self::pod(), &query).and_then(FoundLog::check);
        let located = found.unwrap();
        let uid = located.uid().clone();
        let log = located.into_file_log();
        let followed = log.following.as_ref().unwrap().log.clone();
        let lines = ChosenLines::new(vec![LogInput::Files(log)], &query).unwrap();
        self.opened = Some((lines, followed, uid));
    }

    fn look(&mut self) {
        for _ in 0..2 {
            self.now += Duration::from_millis(101);
            let pod = PodDirectory::parse("shop_web_1").unwrap();
            let pod = self.source.directory().open_pod(pod).unwrap();
            let (_, followed, ..) = self.opened.as_ref().unwrap();
            followed.refresh(Some(&pod), self.now).unwrap();
        }
    }

    fn read(&mut self, at_most: usize) {
        let (lines, _, uid) = self.opened.as_mut().unwrap();
        for _ in 0..at_most {
            match lines.advance().unwrap() {
                MergeStep::Line => {}
                MergeStep::Awaited | MergeStep::Pending => break,
                other => panic!("{other:?} after {}", self.last),
            }
            let content = String::from_utf8(lines.line().unwrap().content.to_vec()).unwrap();
            self.last += 1;
            assert_eq!(content, self.last.to_string());
            let (container, resumption) = lines.resumptions().next().unwrap().unwrap();
            self.cursor = Some(Cursor {
                pod: Cursor::pod_checksum(&Self::pod()),
                uid: uid.clone(),
                logs: vec![resumption.position(container.clone()).unwrap()],
            });
        }
    }
}

#[derive(Debug, Clone)]
enum DockerStep {
    Write(usize),
    Rotate { look_within: bool },
    Read(usize),
    Resume,
}

fn op() -> impl Strategy<Value = DockerStep> {
    prop_oneof![
        4 => (1_usize..5).prop_map(DockerStep::Write),
        3 => any::<bool>().prop_map(|look_within| DockerStep::Rotate { look_within }),
        3 => (1_usize..9).prop_map(DockerStep::Read),
        1 => Just(DockerStep::Resume),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn a_follower_reads_every_line_once(
        program in prop::collection::vec(op(), 1..25),
        is_compressing: bool,
    ) {
        let root = tempfile::tempdir().unwrap();
        let mut docker = DockerNode::start(root.path(), is_compressing);
        // The task that keeps a log up to date never runs: the program says when the gateway looks.
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let _entered = runtime.enter();
        let mut reader = Reader::new(root.path());
        docker.write();
        reader.open();
        let mut unseen = 0;
        for op in program {
            match op {
                DockerStep::Write(lines) => (0..lines).for_each(|_| docker.write()),
                DockerStep::Rotate { look_within } => {
                    // A file that is deleted before the first look is lost.
                    if unseen + 2 >= MAX_FILES {
                        reader.look();
                        reader.read(usize::MAX);
                        unseen = 0;
                    }
                    unseen += 1;
                    docker.write();
                    docker.rotate(&mut || if look_within { reader.look() });
                    docker.write();
                }
                DockerStep::Read(lines) => {
                    reader.look();
                    reader.read(lines);
                }
                DockerStep::Resume => {
                    reader.look();
                    reader.read(usize::MAX);
                    unseen = 0;
                    reader.open();
                }
            }
        }
        reader.look();
        reader.look();
        reader.read(usize::MAX);
        prop_assert_eq!(reader.last, docker.written);
    }
}
