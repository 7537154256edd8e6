//! Random programs of writers and readers against the promise: every line once, in order, or an
//! explicit gap.
//!
//! Each line says its number. A program writes, rotates, compresses, deletes, empties and starts
//! the container anew, and in between a reader looks, leaves, and comes back with its cursor.

use std::{
    fs::{self, File, OpenOptions},
    io::Write,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use flate2::{Compression, write::GzEncoder};
use proptest::prelude::*;

use super::GRACE;
use crate::logs::{
    cursor::{Cursor, LogPosition},
    files::{FilesSource, LocateError, LocatedLog, located::FoundLog},
    kubelet::{KubeletOptions, KubeletReading},
    merge::{ChosenLines, Step},
    query::{Anchor, History, LogQuery},
    render::{EndReason, Progress},
    target::PodRef,
};

#[derive(Debug, Clone)]
enum Op {
    /// Whole lines, on either stream.
    Write { lines: usize, stderr: bool },
    /// A line in pieces.
    WritePieces { pieces: usize },
    /// Half a line; the other half comes with the next writing.
    WriteHalf,
    /// Renames, and makes a new file; in between, and just after, something may still be written
    /// to the renamed one, and the reader may look.
    Rotate { look_in_gap: bool, late: usize },
    /// Compresses the oldest file that is not, as the kubelet does.
    Compress,
    /// Deletes the oldest rotated file.
    DeleteOldest,
    /// Empties the current file (`copytruncate`).
    Truncate,
    /// The container is started anew.
    Restart,
    /// The reader looks, and reads all there is.
    Look,
    /// The reader looks, and reads some.
    LookAndRead { lines: usize },
    /// A long time goes by in which nobody reads.
    Sleep,
    /// The reader leaves and comes back with the cursor of its last line.
    Resume,
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        8 => (1_usize..6, any::<bool>()).prop_map(|(lines, stderr)| Op::Write { lines, stderr }),
        3 => (1_usize..4).prop_map(|pieces| Op::WritePieces { pieces }),
        2 => Just(Op::WriteHalf),
        4 => (any::<bool>(), 0_usize..3)
            .prop_map(|(look_in_gap, late)| Op::Rotate { look_in_gap, late }),
        2 => Just(Op::Compress),
        1 => Just(Op::DeleteOldest),
        1 => Just(Op::Truncate),
        1 => Just(Op::Restart),
        5 => Just(Op::Look),
        3 => (1_usize..5).prop_map(|lines| Op::LookAndRead { lines }),
        1 => Just(Op::Sleep),
        3 => Just(Op::Resume),
    ]
}

/// Whoever writes the log, and the kubelet.
struct Writer {
    directory: PathBuf,
    file: File,
    restart: u32,
    rotations: u32,
    written: usize,
    /// The rest of a line that was begun.
    owed: Option<String>,
}

impl Writer {
    fn new(directory: PathBuf) -> Self {
        fs::create_dir_all(&directory).unwrap();
        let file = append_to(&directory.join("0.log"));
        Self { directory, file, restart: 0, rotations: 0, written: 0, owed: None }
    }

    fn line(&mut self) -> String {
        self.written += 1;
        // Nanoseconds tell the lines apart, as they do in life.
        let nanos = self.written;
        format!("2026-11-01T10:00:00.{nanos:09}Z")
    }

    fn pay(&mut self) {
        if let Some(rest) = self.owed.take() {
            self.file.write_all(rest.as_bytes()).unwrap();
        }
    }

    fn write(&mut self, stderr: bool) {
        self.pay();
        let stream = if stderr { "stderr" } else { "stdout" };
        let (time, number) = (self.line(), self.written);
        writeln!(self.file, "{time} {stream} F {number}").unwrap();
    }

    fn write_pieces(&mut self, pieces: usize) {
        self.pay();
        let (time, number) = (self.line(), self.written);
        for _ in 0..pieces {
            writeln!(self.file, "{time} stdout P {number} ").unwrap();
        }
        writeln!(self.file, "{time} stdout F {number}").unwrap();
    }

    fn write_half(&mut self) {
        self.pay();
        let (time, number) = (self.line(), self.written);
        write!(self.file, "{time} stdout F {number} ").unwrap();
        self.owed = Some(format!("{number}\n"));
    }

    fn rename(&mut self) {
        self.rotations += 1;
        let current = self.path("");
        fs::rename(&current, self.path(&format!(".20261101-{:06}", self.rotations))).unwrap();
    }

    fn reopen(&mut self) {
        self.file = append_to(&self.path(""));
    }

    fn path(&self, suffix: &str) -> PathBuf {
        self.directory.join(format!("{}.log{suffix}", self.restart))
    }

    fn rotated(&self) -> Vec<PathBuf> {
        let mut paths: Vec<PathBuf> =
            fs::read_dir(&self.directory).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.retain(|path| path.to_str().unwrap().contains(".log.2"));
        paths.sort();
        paths
    }

    fn compress(&self) {
        let plain = self.rotated().into_iter().find(|path| path.extension().unwrap() != "gz");
        let Some(plain) = plain else { return };
        let name = plain.to_str().unwrap();
        let (in_the_making, done) = (format!("{name}.tmp"), format!("{name}.gz"));
        let mut encoder =
            GzEncoder::new(File::create(&in_the_making).unwrap(), Compression::fast());
        encoder.write_all(&fs::read(&plain).unwrap()).unwrap();
        encoder.finish().unwrap();
        fs::rename(in_the_making, done).unwrap();
        fs::remove_file(plain).unwrap();
    }
}

fn append_to(path: &PathBuf) -> File {
    OpenOptions::new().append(true).create(true).open(path).unwrap()
}

/// Whoever reads the log.
struct Reader {
    source: Arc<FilesSource>,
    pod: PodRef,
    lines: Option<ChosenLines>,
    /// Keeps the pod followed while the reader is away is not its business.
    labels: Option<LocatedLabels>,
    cursor: Option<Cursor>,
    last: usize,
    gaps: usize,
    now: Instant,
}

struct LocatedLabels {
    uid: crate::logs::target::PodUid,
    container: crate::logs::target::ContainerName,
    followed: Arc<super::FollowedLog>,
}

impl Reader {
    fn open(&mut self) {
        let query = LogQuery {
            follow: true,
            history: History::All,
            anchor: self.cursor.clone().map(Anchor::After),
            uid: self.cursor.as_ref().map(|cursor| cursor.uid.clone()),
            ..LogQuery::default()
        };
        let LocatedLog { uid, mut containers } =
            match self.source.find(&self.pod, &query).and_then(FoundLog::check) {
                Ok(located) => located,
                // That is as explicit as it can be.
                Err(LocateError::CursorExpired) => {
                    self.gaps += 1;
                    self.cursor = None;
                    return self.open();
                }
                Err(error) => panic!("{error}"),
            };
        let located = containers.pop().unwrap();
        let followed = located.input.following.as_ref().unwrap().log.clone();
        self.labels = Some(LocatedLabels { uid, container: located.name, followed });
        self.lines = Some(ChosenLines::new(vec![located.input], &query).unwrap());
    }

    /// Looks twice, so that a file that was left is let go.
    fn look(&mut self, writer: &Writer) {
        for _ in 0..2 {
            self.now += GRACE + Duration::from_millis(1);
            self.look_once(writer);
        }
    }

    fn look_once(&self, writer: &Writer) {
        let pod = writer.directory.parent().unwrap().file_name().unwrap().to_str().unwrap();
        let pod = crate::logs::files::layout::PodDirectory::parse(pod).unwrap();
        let pod = self.source.directory().open_pod(pod).unwrap();
        let followed = &self.labels.as_ref().unwrap().followed;
        followed.refresh(Some(&pod), self.now).unwrap();
    }

    /// Reads, and checks each line.
    fn read(&mut self, at_most: usize) {
        for _ in 0..at_most {
            let step = self.lines.as_mut().unwrap().advance().unwrap();
            self.take(step);
            if matches!(step, Step::Pending | Step::End) {
                break;
            }
        }
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Line => self.check_line(),
            Step::Gap(_) => self.gaps += 1,
            Step::Pending | Step::End => {}
        }
    }

    fn check_line(&mut self) {
        let lines = self.lines.as_ref().unwrap();
        let content = String::from_utf8(lines.line().unwrap().content.to_vec()).unwrap();
        let mut numbers = content.split_whitespace().map(|number| number.parse::<usize>().unwrap());
        let number = numbers.next().unwrap();
        assert!(numbers.all(|other| other == number), "a line of pieces of others: {content}");
        if number <= self.last {
            // After a cursor that had expired, all there is is read again.
            assert!(self.cursor.is_none(), "{number} after {} again", self.last);
            return;
        }
        assert!(number == self.last + 1 || self.gaps > 0, "{number} after {}: no gap", self.last);
        self.last = number;
        let labels = self.labels.as_ref().unwrap();
        let resumptions = lines.resumptions().unwrap();
        self.cursor = Some(Cursor {
            pod: Cursor::pod_checksum(&self.pod),
            uid: labels.uid.clone(),
            logs: vec![LogPosition::new(&labels.container, &resumptions[0]).unwrap()],
        });
    }
}

fn run(program: &[Op]) {
    let root = tempfile::tempdir().unwrap();
    let mut writer = Writer::new(root.path().join("shop_web_1/app"));
    // The task that keeps a log up to date is never run: the program says who looks when.
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let _entered = runtime.enter();
    let mut reader = Reader {
        source: Arc::new(FilesSource::open_unwatched(root.path()).unwrap()),
        pod: PodRef { namespace: "shop".parse().unwrap(), pod: "web".parse().unwrap() },
        lines: None,
        labels: None,
        cursor: None,
        last: 0,
        gaps: 0,
        now: Instant::now(),
    };
    reader.open();
    let (mut may_lose, mut untraceable, mut is_new_run) = (false, 0, false);
    for op in program {
        match *op {
            Op::Write { lines, stderr } => (0..lines).for_each(|_| writer.write(stderr)),
            Op::WritePieces { pieces } => writer.write_pieces(pieces),
            Op::WriteHalf => writer.write_half(),
            Op::Rotate { look_in_gap, late } => {
                // Of a run that was rotated before anyone saw it nobody knows whether its first
                // file is still there.
                may_lose |= is_new_run;
                writer.rename();
                if look_in_gap {
                    reader.look(&writer);
                }
                let mut old = writer.file.try_clone().unwrap();
                writer.reopen();
                if look_in_gap {
                    reader.look_once(&writer);
                }
                std::mem::swap(&mut writer.file, &mut old);
                (0..late).for_each(|_| writer.write(false));
                writer.file = old;
            }
            Op::Compress => writer.compress(),
            Op::DeleteOldest => {
                // The kubelet keeps the newest.
                if let [oldest, _, ..] = &writer.rotated()[..] {
                    may_lose = true;
                    fs::remove_file(oldest).unwrap();
                    // Between two runs a file that is gone leaves no trace either.
                    if writer.restart > 0 {
                        untraceable = writer.written;
                    }
                }
            }
            Op::Truncate => {
                may_lose = true;
                writer.owed = None;
                untraceable = writer.written;
                // That a file was emptied is only seen by who looked before and looks before it
                // is as long again.
                reader.look(&writer);
                writer.file.set_len(0).unwrap();
                reader.look(&writer);
            }
            Op::Restart => {
                is_new_run = true;
                writer.pay();
                writer.restart += 1;
                writer.reopen();
            }
            Op::Look => {
                is_new_run = false;
                reader.look(&writer);
                reader.read(usize::MAX);
            }
            Op::LookAndRead { lines } => {
                is_new_run = false;
                reader.look(&writer);
                reader.read(lines);
            }
            Op::Sleep => {
                reader.now += super::HELD;
                reader.look(&writer);
                reader.now += super::HELD;
                reader.look(&writer);
                may_lose = true;
            }
            Op::Resume => {
                reader.lines = None;
                reader.labels = None;
                // Who reads anew is promised nothing of what was gone before; and that a file was
                // emptied while nobody followed leaves no trace.
                let is_new = reader.cursor.is_none() && may_lose;
                reader.gaps += usize::from(is_new || reader.last < untraceable);
                reader.open();
            }
        }
    }
    // A gap is told of with the line after it.
    writer.write(false);
    for _ in 0..4 {
        reader.look(&writer);
        reader.read(usize::MAX);
    }
    assert!(may_lose || reader.gaps == 0, "a gap without a loss");
    assert!(
        reader.last == writer.written || reader.gaps > 0,
        "{} of {}",
        reader.last,
        writer.written
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    #[test]
    fn every_line_comes_once_in_order_or_there_is_a_gap(
        program in prop::collection::vec(op(), 1..40),
    ) {
        run(&program);
    }
}

#[test]
fn whoever_reads_the_kubelets_bytes_too_slowly_is_cut_off_where_lines_are_lost() {
    let root = tempfile::tempdir().unwrap();
    let mut writer = Writer::new(root.path().join("shop_web_1/app"));
    let text = "x".repeat(1000);
    for _ in 0..2000 {
        writeln!(writer.file, "2026-11-01T10:00:00Z stdout F {text}").unwrap();
    }
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let _entered = runtime.enter();
    let source = FilesSource::open_unwatched(root.path()).unwrap();
    let pod = PodRef { namespace: "shop".parse().unwrap(), pod: "web".parse().unwrap() };
    let query = LogQuery { follow: true, ..LogQuery::default() };
    let input = source
        .find(&pod, &query)
        .and_then(FoundLog::check)
        .unwrap()
        .containers
        .pop()
        .unwrap()
        .input;
    let followed = input.following.as_ref().unwrap().log.clone();
    let options = KubeletOptions { follow: true, ..KubeletOptions::default() };
    let mut reading = KubeletReading::new(input, &options).unwrap();
    assert_eq!(reading.write_chunk(&mut Vec::new()).unwrap(), Progress::More);

    writer.rename();
    writer.reopen();
    writer.write(false);
    let mut now = Instant::now();
    let mut look_after = |time: Duration| {
        now += time;
        let pod = crate::logs::files::layout::PodDirectory::parse("shop_web_1").unwrap();
        followed.refresh(Some(&source.directory().open_pod(pod).unwrap()), now).unwrap();
    };
    look_after(GRACE);
    look_after(GRACE);
    fs::remove_file(&writer.rotated()[0]).unwrap();
    look_after(GRACE);
    look_after(super::HELD);

    let mut progress = Progress::More;
    while progress == Progress::More {
        progress = reading.write_chunk(&mut Vec::new()).unwrap();
    }
    assert_eq!(progress, Progress::Done(EndReason::Gap));
}
