//! How fast the log engine is by itself: no network, no users.
//!
//! Everything that is read is written first, to a temporary directory. Throughput is in bytes of
//! file. Of several readings of one file all but the first find it in the page cache.

#![expect(clippy::unwrap_used, reason = "a bench that fails has nothing to report")]

use std::{
    fs::{self, File, OpenOptions},
    hint::black_box,
    io::Write,
    path::{Path, PathBuf},
};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use flate2::{Compression, write::GzEncoder};
use futures_util::future::join_all;
use pod_logs::{
    CHUNK_BYTES, FilesSource, LogEntry, LogForm, LogQuery, LogReading, MergeClock, PodRef, Progress,
};
use tokio::{
    runtime::{Builder, Runtime},
    sync::watch,
};

const MIB: usize = 1024 * 1024;
const FOLLOWERS: usize = 100;

criterion_group!(benches, parse, whole, tail, history, follow);
criterion_main!(benches);

/// One line of each format.
fn parse(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("parse");
    let cri = cri_lines(1);
    let docker = br#"{"log":"GET /cart/7 \"200\" in 12 ms\n","stream":"stdout","time":"2026-11-01T10:00:00.123456789Z"}"#;
    for (name, line) in [("cri", cri.trim_ascii_end()), ("docker", &docker[..])] {
        group.throughput(Throughput::Bytes(line.len() as u64));
        group.bench_function(name, |bencher| bencher.iter(|| LogEntry::parse(black_box(line))));
    }
    group.finish();
}

/// All of a log as text: strip and stream.
fn whole(criterion: &mut Criterion) {
    let scene = LogScene::new();
    let content = cri_lines(64 * MIB);
    fs::write(scene.log("web", "0.log"), &content).unwrap();
    let mut group = criterion.benchmark_group("whole");
    group.sample_size(20).throughput(Throughput::Bytes(content.len() as u64));
    group.bench_function("64 MiB", |bencher| {
        bencher.iter(|| scene.read("web", &LogQuery::default()));
    });
    group.finish();
}

/// The last 100 lines of a log of 10 MiB.
fn tail(criterion: &mut Criterion) {
    let scene = LogScene::new();
    fs::write(scene.log("web", "0.log"), cri_lines(10 * MIB)).unwrap();
    criterion.bench_function("tail/100 lines of 10 MiB", |bencher| {
        bencher.iter(|| scene.read("web", &LogQuery { tail: Some(100), ..LogQuery::default() }));
    });
}

/// A log of which three files were rotated and compressed.
fn history(criterion: &mut Criterion) {
    let scene = LogScene::new();
    let content = cri_lines(8 * MIB);
    for rotation in 1..=3 {
        let file = File::create(scene.log("web", &format!("0.log.2026110{rotation}-000000.gz")));
        let mut encoder = GzEncoder::new(file.unwrap(), Compression::default());
        encoder.write_all(&content).unwrap();
        encoder.finish().unwrap();
    }
    fs::write(scene.log("web", "0.log"), &content).unwrap();
    let mut group = criterion.benchmark_group("history");
    group.sample_size(10).throughput(Throughput::Bytes(4 * content.len() as u64));
    group.bench_function("3 of 4 files gzipped", |bencher| {
        bencher.iter(|| scene.read("web", &LogQuery::default()));
    });
    group.finish();
}

/// From the writing of 100 lines until every follower has them; of that, 40 ms are spent waiting
/// for more lines to come.
fn follow(criterion: &mut Criterion) {
    let scene = LogScene::new();
    let path = scene.log("web", "0.log");
    fs::write(&path, cri_lines(1)).unwrap();
    let mut log = OpenOptions::new().append(true).open(&path).unwrap();
    let query = LogQuery { follow: true, tail: Some(0), ..LogQuery::default() };
    let mut followers: Vec<_> = {
        let _entered = scene.runtime.enter();
        (0..FOLLOWERS).map(|_| Follower::new(scene.open("web", &query))).collect()
    };
    let lines = cri_lines(100 * 100);
    let expected = text_bytes(&lines);
    let mut group = criterion.benchmark_group("follow");
    group.sample_size(20).throughput(Throughput::Elements(FOLLOWERS as u64));
    group.bench_function("10 KB to 100 followers", |bencher| {
        bencher.iter(|| {
            log.write_all(&lines).unwrap();
            scene.runtime.block_on(join_all(followers.iter_mut().map(|one| one.take(expected))));
        });
    });
    group.finish();
}

/// A log directory, and what reads it.
struct LogScene {
    directory: tempfile::TempDir,
    source: FilesSource,
    /// Runs the task that keeps a followed log up to date.
    runtime: Runtime,
}

impl LogScene {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let source = FilesSource::open(directory.path(), &[]).unwrap();
        let runtime = Builder::new_multi_thread().enable_all().build().unwrap();
        Self { directory, source, runtime }
    }

    /// The path of a log file of a pod.
    fn log(&self, pod: &str, name: &str) -> PathBuf {
        let directory = self.directory.path().join(format!("default_{pod}_5f0c")).join("app");
        fs::create_dir_all(&directory).unwrap();
        Path::new(&directory).join(name)
    }

    /// A pod's log as text.
    fn open(&self, pod: &str, query: &LogQuery) -> LogReading {
        let pod = PodRef { namespace: "default".parse().unwrap(), pod: pod.parse().unwrap() };
        let found = self.source.find(&pod, query).unwrap().check().unwrap();
        let clock = MergeClock::at_the_end_of_time();
        LogReading::of_lines(found, query, LogForm::Text, clock).unwrap()
    }

    /// How many bytes of text there are.
    fn read(&self, pod: &str, query: &LogQuery) -> usize {
        let (mut reading, mut bytes) = (self.open(pod, query), 0);
        loop {
            let mut chunk = Vec::with_capacity(CHUNK_BYTES + CHUNK_BYTES / 8);
            let progress = reading.write_chunk(&mut chunk).unwrap();
            bytes += black_box(chunk).len();
            if matches!(progress, Progress::Done(_)) {
                return bytes;
            }
        }
    }
}

/// A reader that waits for a log to grow.
struct Follower {
    reading: LogReading,
    changes: watch::Receiver<u64>,
}

impl Follower {
    fn new(reading: LogReading) -> Self {
        let changes = reading.changes().pop().unwrap();
        Self { reading, changes }
    }

    /// Takes exactly so many bytes of text.
    async fn take(&mut self, mut bytes: usize) {
        while bytes > 0 {
            let mut chunk = Vec::new();
            let progress = self.reading.write_chunk(&mut chunk).unwrap();
            bytes = bytes.checked_sub(black_box(chunk).len()).unwrap();
            if bytes > 0 && progress == Progress::CaughtUp {
                self.changes.changed().await.unwrap();
            }
        }
    }
}

/// Lines in the CRI format, as few as have so many bytes.
fn cri_lines(bytes: usize) -> Vec<u8> {
    let mut lines = Vec::with_capacity(bytes + 256);
    let mut number = 0;
    while lines.len() < bytes {
        number += 1;
        let (nanos, padding) = (number % 1_000_000_000, "x".repeat(number % 100));
        writeln!(
            lines,
            "2026-11-01T10:00:00.{nanos:09}Z stdout F GET /cart/{number} 200 {padding}"
        )
        .unwrap();
    }
    lines
}

/// How long the text of lines in the CRI format is.
fn text_bytes(lines: &[u8]) -> usize {
    let lines = lines.split_inclusive(|byte| *byte == b'\n');
    lines.map(|line| LogEntry::parse(line).unwrap().content(line).len()).sum()
}
