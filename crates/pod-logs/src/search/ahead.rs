//! Searches the next files in parallel, while the files before them are read.

use std::{
    io, mem,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use super::{
    block_search::BlockSearch,
    extract::{FileExtract, extract},
};
use crate::{pace, source::files::storage::log_file::LogFile};

/// How many files are searched at most before their turn comes.
const MAX_FILES: usize = 2;
/// Smaller files are read when their turn comes, in bytes as they are stored.
const MIN_FILE_BYTES: u64 = 64 * 1024;
/// How long a reading waits before it lets others have a turn.
const WAIT: Duration = Duration::from_millis(1);

/// Searches beside a reading.
#[derive(Debug)]
pub(crate) struct SearchesAhead {
    search: Arc<BlockSearch>,
    /// In the order of the files.
    begun: Vec<SearchAhead>,
}

impl SearchesAhead {
    pub(crate) fn new(search: Arc<BlockSearch>) -> Self {
        Self { search, begun: Vec::new() }
    }

    /// Begins to search the first of these files, which are read next, if the reading may.
    pub(crate) fn begin(&mut self, next: &[Arc<LogFile>]) {
        for file in next.iter().take(MAX_FILES) {
            let is_begun = self.begun.iter().any(|ahead| Arc::ptr_eq(&ahead.0.file, file));
            let is_worth_it = file.is_complete() && file.stored_bytes() >= MIN_FILE_BYTES;
            if is_begun || !is_worth_it {
                continue;
            }
            let Some(ahead) = SearchAhead::begin(file, &self.search) else { return };
            self.begun.push(ahead);
        }
    }

    /// The result of the search in this file, which is read next. `None` if it was not searched.
    ///
    /// # Errors
    /// When the file cannot be read, or the reading is not wanted any more.
    pub(crate) fn take(&mut self, file: &Arc<LogFile>) -> io::Result<Option<FileExtract>> {
        let index = self.begun.iter().position(|ahead| Arc::ptr_eq(&ahead.0.file, file));
        index.map_or(Ok(None), |index| self.begun.remove(index).finish())
    }
}

/// A search in one file. It ends when this is dropped.
#[derive(Debug)]
struct SearchAhead(Arc<SharedSearch>);

#[derive(Debug)]
struct SharedSearch {
    file: Arc<LogFile>,
    search: Arc<BlockSearch>,
    progress: Mutex<SearchProgress>,
    is_done: Condvar,
    is_wanted: AtomicBool,
}

#[derive(Debug)]
enum SearchProgress {
    /// It waits for a turn.
    Waiting,
    Running,
    Done(io::Result<FileExtract>),
    /// The reading does without it.
    Left,
}

impl SearchAhead {
    /// `None` if there is no place for it.
    fn begin(file: &Arc<LogFile>, search: &Arc<BlockSearch>) -> Option<Self> {
        let shared = Arc::new(SharedSearch {
            file: file.clone(),
            search: search.clone(),
            progress: Mutex::new(SearchProgress::Waiting),
            is_done: Condvar::new(),
            is_wanted: AtomicBool::new(true),
        });
        let ahead = Self(shared.clone());
        pace::beside(move || shared.run()).then_some(ahead)
    }

    /// Waits until it is done; `None` if it was not begun.
    fn finish(self) -> io::Result<Option<FileExtract>> {
        let mut progress = self.0.progress();
        loop {
            match mem::replace(&mut *progress, SearchProgress::Left) {
                SearchProgress::Running => *progress = SearchProgress::Running,
                SearchProgress::Done(extract) => return extract.map(Some),
                SearchProgress::Waiting | SearchProgress::Left => return Ok(None),
            }
            let waited = self.0.is_done.wait_timeout(progress, WAIT);
            drop(waited.unwrap_or_else(PoisonError::into_inner));
            // The search may wait for the turn that this reading has.
            pace::step()?;
            progress = self.0.progress();
        }
    }
}

impl SharedSearch {
    fn run(&self) {
        {
            let mut progress = self.progress();
            if !matches!(*progress, SearchProgress::Waiting) {
                return;
            }
            *progress = SearchProgress::Running;
        }
        let is_wanted = || self.is_wanted.load(Ordering::Relaxed);
        let extract = extract(self.file.clone(), &self.search, is_wanted);
        *self.progress() = SearchProgress::Done(extract);
        self.is_done.notify_all();
    }

    fn progress(&self) -> MutexGuard<'_, SearchProgress> {
        // It is replaced as a whole.
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for SearchAhead {
    fn drop(&mut self) {
        self.0.is_wanted.store(false, Ordering::Relaxed);
        let mut progress = self.0.progress();
        if matches!(*progress, SearchProgress::Waiting) {
            *progress = SearchProgress::Left;
        }
    }
}
