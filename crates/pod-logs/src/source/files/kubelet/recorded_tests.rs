//! The reader against what the kubelet was seen to give; see `testdata/kubelet/README.md`.

use std::{
    fs::{self, File, OpenOptions},
    io::{Read, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use chrono::{DateTime, TimeDelta, Utc};
use flate2::read::GzDecoder;
use serde::Deserialize;

use super::{
    options::{KubeletError, KubeletOptions},
    rendering::KubeletRendering,
};
use crate::{
    chunk::Progress,
    line::stream::OutputStream,
    source::files::{
        lines::physical::tests::plain,
        storage::{chain::FileChain, log_file::LogFile},
    },
};

/// How many there are: so an empty directory is no success.
const CASES: usize = 135;
const LIVE_CASES: usize = 9;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RecordedOptions {
    tail_lines: Option<u64>,
    limit_bytes: Option<u64>,
    since_seconds: Option<i64>,
    now: Option<DateTime<Utc>>,
    since_time: Option<DateTime<Utc>>,
    #[serde(default)]
    timestamps: bool,
    #[serde(default)]
    follow: bool,
    stream: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RecordedStep {
    #[serde(rename = "sleepMs")]
    _sleep_ms: u64,
    write: Option<String>,
    /// The file is renamed, and a new one made.
    #[serde(default)]
    rotate: bool,
    /// The container ends.
    #[serde(default)]
    stop: bool,
    /// The reader goes.
    #[serde(default)]
    cancel: bool,
}

#[derive(Deserialize)]
struct RecordedProgress {
    step: usize,
    bytes: usize,
}

impl RecordedOptions {
    fn options(&self) -> KubeletOptions {
        let ago = self.since_seconds.zip(self.now);
        let ago = ago.map(|(seconds, now)| now - TimeDelta::seconds(seconds));
        KubeletOptions {
            tail_lines: self.tail_lines,
            since: self.since_time.or(ago),
            until: None,
            limit_bytes: self.limit_bytes,
            timestamps: self.timestamps,
            stream: match self.stream.as_deref() {
                None | Some("All") => None,
                Some("Stdout") => Some(OutputStream::Stdout),
                Some("Stderr") => Some(OutputStream::Stderr),
                Some(other) => panic!("no stream: {other}"),
            },
            follow: self.follow,
        }
    }
}

/// A directory of recordings.
struct RecordedCase(PathBuf);

impl RecordedCase {
    fn all(kind: &str) -> Vec<Self> {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/kubelet").join(kind);
        let entries = fs::read_dir(directory).unwrap();
        let mut cases: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
        cases.sort();
        cases.into_iter().map(Self).collect()
    }

    /// A file's content, whether it is kept compressed or not.
    fn read(&self, name: &str) -> Option<Vec<u8>> {
        let path = self.0.join(name);
        if let Ok(content) = fs::read(&path) {
            return Some(content);
        }
        let compressed = File::open(self.0.join(format!("{name}.gz"))).ok()?;
        let mut content = Vec::new();
        GzDecoder::new(compressed).read_to_end(&mut content).unwrap();
        Some(content)
    }

    fn json<T: for<'de> Deserialize<'de>>(&self, name: &str) -> T {
        serde_json::from_slice(&self.read(name).unwrap()).unwrap()
    }

    /// What differs from the recording, if anything does.
    fn difference(&self, out: &[u8], error: Option<&KubeletError>) -> Option<String> {
        let options = self.read("options.json").unwrap();
        let name = format!("{} {}", self.0.display(), String::from_utf8_lossy(&options));
        let expected = self.read("expected.out").unwrap();
        if out != expected {
            let same = out.iter().zip(&expected).take_while(|(one, other)| one == other).count();
            let from = same.saturating_sub(40);
            let excerpt = |bytes: &[u8]| {
                let end = bytes.len().min(same + 40);
                String::from_utf8_lossy(&bytes[from.min(end)..end]).into_owned()
            };
            return Some(format!(
                "{name}: differs at byte {same} of {}\n  ours:    {:?}\n  kubelet: {:?}\n",
                expected.len(),
                excerpt(out),
                excerpt(&expected),
            ));
        }
        let expected = self.read("expected.err").map(|text| String::from_utf8(text).unwrap());
        let (ours, kubelets) =
            (error.map(ToString::to_string), expected.as_deref().map(str::trim_end));
        (ours.as_deref() != kubelets).then(|| {
            format!("{name}: fails otherwise\n  ours:    {ours:?}\n  kubelet: {kubelets:?}\n")
        })
    }
}

fn check(differences: &[String]) {
    assert!(differences.is_empty(), "{} differ:\n{}", differences.len(), differences.concat());
}

#[test]
fn a_log_has_the_recorded_bytes_of_the_kubelet() {
    let cases = RecordedCase::all("cases");
    assert_eq!(cases.len(), CASES);
    let differences = cases.iter().filter_map(|case| {
        let options = case.json::<RecordedOptions>("options.json").options();
        let chain = FileChain::whole(vec![plain(&case.read("input.log").unwrap())]);
        let mut rendering = KubeletRendering::new(&chain, &options).unwrap();
        let mut out = Vec::new();
        let error = loop {
            match rendering.write_chunk(&mut out) {
                Ok(Progress::Done(_)) => break None,
                Ok(_) => {}
                Err(error) => break Some(error),
            }
        };
        case.difference(&out, error.as_ref())
    });
    check(&differences.collect::<Vec<_>>());
}

/// A log that is written while it is read.
struct LiveLog {
    directory: tempfile::TempDir,
    writer: File,
    /// What is read, and grows.
    file: Arc<LogFile>,
    rotations: u32,
    rendering: KubeletRendering,
    out: Vec<u8>,
    error: Option<KubeletError>,
}

impl LiveLog {
    fn new(case: &RecordedCase) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("0.log");
        fs::write(&path, case.read("input.log").unwrap()).unwrap();
        let (writer, file) = open(&path);
        let options = case.json::<RecordedOptions>("options.json").options();
        let chain = FileChain::whole(vec![file.clone()]);
        let rendering = KubeletRendering::new(&chain, &options).unwrap();
        Self { directory, writer, file, rotations: 0, rendering, out: Vec::new(), error: None }
    }

    fn take(&mut self, step: &RecordedStep) {
        if let Some(text) = &step.write {
            self.writer.write_all(text.as_bytes()).unwrap();
        }
        if step.rotate {
            self.rotate();
        }
        self.file.grow().unwrap();
        if step.stop {
            self.file.complete();
        }
    }

    fn rotate(&mut self) {
        let path = self.directory.path().join("0.log");
        self.rotations += 1;
        let rotated = format!("0.log.{}", self.rotations);
        fs::rename(&path, self.directory.path().join(rotated)).unwrap();
        self.file.grow().unwrap();
        self.file.complete();
        (self.writer, self.file) = open(&path);
        self.rendering.physical_mut().append(self.file.clone());
    }

    /// Reads all there is.
    fn read(&mut self) {
        while self.error.is_none() {
            match self.rendering.write_chunk(&mut self.out) {
                Ok(Progress::More) => {}
                Ok(_) => break,
                Err(error) => self.error = Some(error),
            }
        }
    }
}

fn open(path: &Path) -> (File, Arc<LogFile>) {
    let writer = OpenOptions::new().append(true).create(true).open(path).unwrap();
    let file = LogFile::new(File::open(path).unwrap(), false, 0).unwrap();
    file.start_growing();
    (writer, Arc::new(file))
}

#[test]
fn a_followed_log_has_the_recorded_bytes_of_the_kubelet() {
    let cases = RecordedCase::all("live");
    assert_eq!(cases.len(), LIVE_CASES);
    let differences = cases.iter().filter_map(|case| {
        let mut live = LiveLog::new(case);
        let progress: Vec<RecordedProgress> = case.json("progress.json");
        let steps: Vec<RecordedStep> = case.json("steps.json");
        for (index, step) in steps.iter().enumerate() {
            live.read();
            let recorded = progress.iter().find(|progress| progress.step == index);
            assert_eq!(
                Some(live.out.len()),
                recorded.map(|progress| progress.bytes),
                "{}, step {index}",
                case.0.display()
            );
            if step.cancel {
                // The kubelet fails as its reader goes; here the reader is dropped.
                assert_eq!(live.out, case.read("expected.out").unwrap());
                return None;
            }
            live.take(step);
        }
        live.read();
        case.difference(&live.out, live.error.as_ref())
    });
    check(&differences.collect::<Vec<_>>());
}
