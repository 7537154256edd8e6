//! The times of the last lines of files.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use chrono::{DateTime, Utc};

use crate::source::files::storage::{file_status::FileVersion, log_file::LogFile};

/// How many files are remembered.
const MAX_REMEMBERED: usize = 4096;

/// The times of the last lines of files, remembered for as long as the files do not change.
#[derive(Debug, Default)]
pub(crate) struct KnownTails(Mutex<HashMap<FileVersion, Option<DateTime<Utc>>>>);

impl KnownTails {
    /// The time of the last line; `None` if it cannot be had for little.
    pub(crate) fn last_time(&self, file: &Arc<LogFile>) -> Option<DateTime<Utc>> {
        let version = file.version();
        // The map is whole whatever panicked.
        let known = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(time) = known().get(&version) {
            return *time;
        }
        let time = file.last_time().ok().flatten();
        let mut known = known();
        if known.len() >= MAX_REMEMBERED {
            known.clear();
        }
        known.insert(version, time);
        time
    }
}
