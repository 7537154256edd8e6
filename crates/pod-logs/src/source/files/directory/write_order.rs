//! The order in which files were written.
//!
//! The kubelet names rotated files by the local time, which is set back once a year, and Docker
//! numbers them anew at each rotation. So the order is that of the times of their first lines. Of a
//! file without any, the time of its last change stands for it.

use std::{
    collections::HashMap,
    io, mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use chrono::{DateTime, Utc};

use crate::source::files::storage::{file_status::FileVersion, head::FileHead, log_file::LogFile};

/// How many files are remembered.
const MAX_REMEMBERED: usize = 4096;

/// A file of a container that was opened.
#[derive(Debug, Clone)]
pub(crate) struct OpenedFile {
    pub(crate) file: Arc<LogFile>,
    /// It has the name of the file that is written to.
    pub(crate) is_current: bool,
    /// It stands for a file that is listed and cannot be opened.
    pub(crate) is_lost: bool,
}

/// What came of opening files of a container.
#[derive(Debug, Default)]
pub(crate) struct OpenedFiles {
    /// In the order they were written.
    pub(crate) files: Vec<OpenedFile>,
    /// Why one of the files is not among them, if one is not a log.
    pub(crate) not_a_log: Option<io::Error>,
}

impl OpenedFiles {
    /// Whether any of the files could be opened.
    pub(crate) fn has_any(&self) -> bool {
        self.files.iter().any(|opened| !opened.is_lost)
    }

    /// Only the files that could be opened.
    pub(crate) fn without_lost(mut self) -> Self {
        self.files.retain(|opened| !opened.is_lost);
        self
    }

    /// Keeps only the file that is written to, and gives the others. While a file is rotated there
    /// is a moment when none has the current one's name; then it is the one that had it.
    pub(crate) fn keep_current(&mut self) -> Vec<Arc<LogFile>> {
        let current = self.files.pop().filter(|opened| !opened.file.is_compressed());
        let earlier = mem::replace(&mut self.files, current.into_iter().collect());
        earlier.into_iter().map(|opened| opened.file).collect()
    }
}

/// How rotated files begin, remembered for as long as they do not change.
#[derive(Debug, Default)]
pub(crate) struct KnownHeads(Mutex<HashMap<FileVersion, FileHead>>);

impl KnownHeads {
    /// Sorts files that are sorted by run and name already, and stay so if they were begun at the
    /// same time. Those of a run with at most one rotated file are not read for it.
    pub(crate) fn sort(&self, files: &mut [OpenedFile]) {
        for run in files.chunk_by_mut(|one, other| one.file.run == other.file.run) {
            if run.iter().filter(|opened| !opened.is_current).count() > 1 {
                self.sort_run(run);
            }
        }
    }

    fn sort_run(&self, run: &mut [OpenedFile]) {
        let mut keyed = Vec::with_capacity(run.len());
        let mut last_begun = None;
        for opened in run.iter() {
            if !opened.is_current {
                last_begun = self.begun(&opened.file, last_begun);
            }
            keyed.push((opened.is_current, last_begun, opened.clone()));
        }
        keyed.sort_by_key(|(is_current, begun, _)| (*is_current, *begun));
        for (place, (_, _, opened)) in run.iter_mut().zip(keyed) {
            *place = opened;
        }
    }

    /// When the file was begun. What cannot be decompressed counts as begun with the file before
    /// it: when it was compressed tells little.
    fn begun(&self, file: &Arc<LogFile>, before: Option<DateTime<Utc>>) -> Option<DateTime<Utc>> {
        let first_time = self.head(file).and_then(|head| head.first_time);
        first_time.or(if file.is_compressed() { before } else { file.modified })
    }

    /// Whether [`sort`](Self::sort) reads no file of these versions, those of the rotated files of
    /// a run.
    pub(crate) fn know_order(&self, rotated: &[FileVersion]) -> bool {
        let heads = self.heads();
        rotated.len() < 2 || rotated.iter().all(|version| heads.contains_key(version))
    }

    /// How the file begins. `None` if it cannot be read.
    pub(crate) fn head(&self, file: &Arc<LogFile>) -> Option<FileHead> {
        let version = file.version();
        let known = self.heads().get(&version).copied();
        if let Some(head) = known {
            file.set_head(head);
            return known;
        }
        let head = file.head().ok()?;
        let mut heads = self.heads();
        if heads.len() >= MAX_REMEMBERED {
            heads.clear();
        }
        heads.insert(version, head);
        Some(head)
    }

    fn heads(&self) -> MutexGuard<'_, HashMap<FileVersion, FileHead>> {
        // The map is whole whatever panicked.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::{fs::File, io::Write, time::SystemTime};

    use super::*;

    fn open(content: &str) -> Arc<LogFile> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(content.as_bytes()).unwrap();
        Arc::new(LogFile::new(file, false, 0).unwrap())
    }

    fn line(second: u8) -> String {
        format!("2026-11-01T10:00:{second:02}Z stdout F x\n")
    }

    fn rotated(content: &str) -> OpenedFile {
        OpenedFile { file: open(content), is_current: false, is_lost: false }
    }

    #[track_caller]
    fn check(mut files: Vec<OpenedFile>, expected: &[usize]) {
        let unsorted: Vec<_> = files.iter().map(|opened| opened.file.clone()).collect();
        KnownHeads::default().sort(&mut files);
        let place = |opened: &OpenedFile| {
            unsorted.iter().position(|file| Arc::ptr_eq(file, &opened.file)).unwrap()
        };
        let places: Vec<usize> = files.iter().map(place).collect();
        assert_eq!(places, expected);
    }

    #[test]
    fn files_are_sorted_by_the_times_of_their_first_lines_and_the_current_one_is_last() {
        let current = || OpenedFile { file: open(&line(1)), is_current: true, is_lost: false };
        check(vec![rotated(&line(3)), rotated(&line(2)), current()], &[1, 0, 2]);
        check(vec![rotated(&line(2)), rotated(&line(2)), current()], &[0, 1, 2]);
        check(vec![rotated(&(line(3) + &line(1))), rotated(&line(2))], &[1, 0]);
        // What has no time was written to now, which is later.
        check(vec![rotated("garbage\n"), rotated(&line(2)), current()], &[1, 0, 2]);
    }

    #[test]
    fn a_file_that_has_not_changed_is_read_once() {
        let heads = KnownHeads::default();
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("0.log.20261101-100000");
        let write = |second: u8| {
            let mut file = File::create(&path).unwrap();
            file.write_all(line(second).as_bytes()).unwrap();
            file.set_modified(SystemTime::UNIX_EPOCH).unwrap();
            heads.head(&Arc::new(LogFile::new(File::open(&path).unwrap(), false, 0).unwrap()))
        };
        let first = write(1);
        assert!(first.is_some());
        assert_eq!(write(2), first);
    }
}
