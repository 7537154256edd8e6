//! A node: a container that writes its log, its runtime, and the kubelet.

use std::{
    collections::HashMap,
    fs::{self, File, OpenOptions},
    io::Write,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use flate2::{Compression, write::GzEncoder};

/// How many files of a run the kubelet keeps, the current one included.
const MAX_FILES: usize = 4;

pub(crate) struct ModelNode {
    directory: PathBuf,
    file: File,
    restart: u32,
    rotations: u32,
    /// The number of the last line.
    pub(crate) written: usize,
    /// The rest of a line that was begun.
    owed: Option<String>,
    /// The last line in each rotated file, by the name that the file had before it was compressed.
    last_lines: HashMap<PathBuf, usize>,
    /// Something happened that may have lost lines for a reader.
    pub(crate) may_lose: bool,
    /// Up to this line some were lost in a way that is not told of, unless a reader followed.
    pub(crate) untraceable: usize,
    /// The gateway has not looked since the container was started anew.
    is_new_run: bool,
    /// The gateway has not looked since the present file was made.
    pub(crate) is_new_file: bool,
    clock: ModelClock,
    /// How far behind the clock the times of lines are, in nanoseconds.
    pub(crate) lag: u64,
}

/// Nanoseconds since the beginning. Each line has one of its own, as in life. Clones are the same.
#[derive(Clone, Default)]
pub(crate) struct ModelClock(Arc<AtomicU64>);

impl ModelClock {
    pub(crate) fn pass(&self, time: Duration) {
        self.0.fetch_add(time.as_nanos() as u64, Ordering::Relaxed);
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        at(self.0.load(Ordering::Relaxed))
    }

    pub(crate) fn next(&self) -> u64 {
        self.0.fetch_add(1, Ordering::Relaxed) + 1
    }
}

pub(crate) fn at(nanos: u64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_793_527_200, 0).unwrap() + TimeDelta::nanoseconds(nanos as i64)
}

impl ModelNode {
    pub(crate) fn new(directory: PathBuf) -> Self {
        Self::beginning(directory, 0, ModelClock::default())
    }

    /// A log whose first line has the number after `written`.
    pub(crate) fn beginning(directory: PathBuf, written: usize, clock: ModelClock) -> Self {
        fs::create_dir_all(&directory).unwrap();
        let file = append_to(&directory.join("0.log"));
        Self {
            directory,
            file,
            restart: 0,
            rotations: 0,
            written,
            owed: None,
            last_lines: HashMap::new(),
            may_lose: false,
            untraceable: 0,
            is_new_run: false,
            is_new_file: false,
            clock,
            lag: 0,
        }
    }

    /// The log directory.
    pub(crate) fn root(&self) -> &Path {
        self.directory.ancestors().nth(2).unwrap()
    }

    fn next_time(&mut self) -> String {
        self.written += 1;
        let time = at(self.clock.next().saturating_sub(self.lag));
        time.to_rfc3339_opts(SecondsFormat::Nanos, true)
    }

    fn pay(&mut self) {
        if let Some(rest) = self.owed.take() {
            self.file.write_all(rest.as_bytes()).unwrap();
        }
    }

    pub(crate) fn write(&mut self, stderr: bool) {
        self.pay();
        let stream = if stderr { "stderr" } else { "stdout" };
        let (time, number) = (self.next_time(), self.written);
        writeln!(self.file, "{time} {stream} F {number}").unwrap();
    }

    pub(crate) fn write_pieces(&mut self, pieces: usize) {
        self.pay();
        let (time, number) = (self.next_time(), self.written);
        for _ in 0..pieces {
            writeln!(self.file, "{time} stdout P {number} ").unwrap();
        }
        writeln!(self.file, "{time} stdout F {number}").unwrap();
    }

    pub(crate) fn write_half(&mut self) {
        self.pay();
        let (time, number) = (self.next_time(), self.written);
        write!(self.file, "{time} stdout F {number} ").unwrap();
        self.owed = Some(format!("{number}\n"));
    }

    /// Renames the current file, which is written to until there is a new one. The answer is the
    /// open file.
    pub(crate) fn rename(&mut self) -> File {
        // A run that is rotated before a reader has seen it may have lost its first file already.
        self.may_lose |= self.is_new_run;
        self.rotations += 1;
        let renamed = self.path(&format!(".20261101-{:06}", self.rotations));
        fs::rename(self.path(""), &renamed).unwrap();
        self.last_lines.insert(renamed, self.written);
        self.set_modified();
        self.file.try_clone().unwrap()
    }

    /// Has the file system's clock agree with that of the lines.
    fn set_modified(&self) {
        self.file.set_modified(self.clock.now().into()).unwrap();
    }

    pub(crate) fn reopen(&mut self) {
        self.is_new_file = true;
        self.file = append_to(&self.path(""));
    }

    /// Writes lines to the file that was renamed last.
    pub(crate) fn write_late(&mut self, old: &mut File, lines: usize) {
        std::mem::swap(&mut self.file, old);
        (0..lines).for_each(|_| self.write(false));
        self.set_modified();
        std::mem::swap(&mut self.file, old);
        let renamed = self.path(&format!(".20261101-{:06}", self.rotations));
        self.last_lines.insert(renamed, self.written);
    }

    pub(crate) fn compress(&self) {
        let rotated = self.rotated();
        let Some(plain) = rotated.iter().find(|path| path.extension().unwrap() != "gz") else {
            return;
        };
        let name = plain.to_str().unwrap();
        let (in_the_making, done) = (format!("{name}.tmp"), format!("{name}.gz"));
        let mut encoder =
            GzEncoder::new(File::create(&in_the_making).unwrap(), Compression::fast());
        encoder.write_all(&fs::read(plain).unwrap()).unwrap();
        let modified = fs::metadata(plain).unwrap().modified().unwrap();
        encoder.finish().unwrap().set_modified(modified).unwrap();
        fs::rename(in_the_making, done).unwrap();
        fs::remove_file(plain).unwrap();
    }

    /// Deletes the oldest rotated files of the run, as the kubelet does at a rotation.
    pub(crate) fn delete_excess(&mut self) {
        let run = self.path(".2").to_str().unwrap().to_owned();
        let mut of_run = self.rotated();
        of_run.retain(|path| path.to_str().unwrap().starts_with(&run));
        for path in &of_run[..of_run.len().saturating_sub(MAX_FILES - 1)] {
            self.delete(path);
        }
    }

    /// Deletes the oldest rotated file. The kubelet keeps the newest.
    pub(crate) fn delete_oldest(&mut self) {
        if let [oldest, _, ..] = &self.rotated()[..] {
            self.delete(oldest);
        }
    }

    fn delete(&mut self, path: &Path) {
        self.may_lose = true;
        fs::remove_file(path).unwrap();
        let plain = PathBuf::from(path.to_str().unwrap().trim_end_matches(".gz"));
        let last_line = self.last_lines.remove(&plain).unwrap();
        // Between two runs a file that is gone leaves no trace.
        if self.restart > 0 {
            self.untraceable = self.untraceable.max(last_line);
        }
    }

    pub(crate) fn truncate(&mut self) {
        self.may_lose = true;
        self.owed = None;
        self.untraceable = self.written;
        self.file.set_len(0).unwrap();
    }

    pub(crate) fn refill(&mut self) {
        let length = self.file.metadata().unwrap().len();
        self.truncate();
        while self.file.metadata().unwrap().len() <= length {
            self.write(false);
        }
    }

    pub(crate) fn replace(&mut self) {
        let copy = self.path(".tmp");
        fs::copy(self.path(""), &copy).unwrap();
        fs::rename(copy, self.path("")).unwrap();
        self.reopen();
        self.write(false);
    }

    pub(crate) fn restart(&mut self) {
        self.is_new_run = true;
        self.pay();
        self.restart += 1;
        self.reopen();
    }

    pub(crate) fn note_look(&mut self) {
        self.is_new_file = false;
        self.is_new_run = false;
    }

    fn path(&self, suffix: &str) -> PathBuf {
        self.directory.join(format!("{}.log{suffix}", self.restart))
    }

    /// The rotated files of all runs, the oldest first.
    fn rotated(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(&self.directory).unwrap();
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
        paths.retain(|path| path.to_str().unwrap().contains(".log.2"));
        paths.sort();
        paths
    }
}

fn append_to(path: &Path) -> File {
    OpenOptions::new().append(true).create(true).open(path).unwrap()
}
