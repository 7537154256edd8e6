//! A file of a log, and how far it may be read.

use std::{
    fs::File,
    io,
    os::unix::fs::MetadataExt,
    sync::{
        Arc, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::SystemTime,
};

use chrono::{DateTime, Utc};

use super::{
    file_status::{FileStatus, FileVersion},
    head::FileHead,
    recent::RecentBytes,
    sample::FileSample,
};
use crate::{cost::ReadingCost, line::log_run::LogRun};

/// The result of checking whether a file grew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Growth {
    None,
    Some,
    /// It is shorter than it was, or holds something else: it was emptied.
    Truncated,
}

/// An open file of a log. All its readers share it; its file position is never moved.
///
/// A plain file has an end up to which it may be read: one that is followed grows, and all its
/// readers see the growth at once; else the end is where it was when the file was opened, so that
/// a reader sees the log of one instant however much is written meanwhile.
#[derive(Debug)]
pub(crate) struct LogFile {
    stored: RwLock<StoredFile>,
    is_compressed: bool,
    /// Of the file as it is stored, in bytes.
    end: AtomicU64,
    /// Nothing will be added any more.
    is_complete: AtomicBool,
    /// It was deleted, and held for a slow reader for long enough.
    is_revoked: AtomicBool,
    /// Counts the files of a log that is followed.
    number: AtomicU64,
    /// Once it does not change any more.
    head: OnceLock<FileHead>,
    /// All of a small file, once it was read: the search for a tail and the reading share it.
    pub(super) small: OnceLock<RecentBytes>,
    /// Files of one run of a container have the same number, and those of another run another.
    pub(crate) run: u64,
    pub(crate) modified: Option<DateTime<Utc>>,
}

/// The file of the file system. A copy may take its place.
#[derive(Debug)]
pub(super) struct StoredFile {
    pub(super) file: Arc<File>,
    /// Device and inode.
    id: (u64, u64),
    /// What is known of it while it is written to.
    pub(super) growing: Option<GrowingFile>,
}

#[derive(Debug, Default)]
pub(super) struct GrowingFile {
    pub(super) recent: RecentBytes,
    /// Of what may be read. `None` if it could not be read.
    pub(super) sample: Option<Arc<FileSample>>,
    /// When it was last written to, as far as that was looked at.
    modified: Option<SystemTime>,
}

impl LogFile {
    /// The file as it is now, complete.
    pub(crate) fn new(file: File, is_compressed: bool, run: u64) -> io::Result<Self> {
        let status = FileStatus::from(&file.metadata()?);
        Ok(Self::at(Arc::new(file), status, is_compressed, run))
    }

    /// The file as this look at it showed it, complete.
    pub(crate) fn at(file: Arc<File>, status: FileStatus, is_compressed: bool, run: u64) -> Self {
        let FileStatus { id, modified, length } = status;
        Self {
            end: AtomicU64::new(length),
            modified,
            is_complete: AtomicBool::new(true),
            is_revoked: AtomicBool::new(false),
            number: AtomicU64::new(0),
            head: OnceLock::new(),
            small: OnceLock::new(),
            stored: RwLock::new(StoredFile { id, file, growing: None }),
            is_compressed,
            run,
        }
    }

    /// Says that it is still written to.
    pub(crate) fn start_growing(&self) {
        let sample = FileSample::of(&self.file(), self.stored_bytes()).ok().map(Arc::new);
        self.stored_mut().growing = Some(GrowingFile { sample, ..GrowingFile::default() });
        self.is_complete.store(false, Ordering::Release);
    }

    /// Looks how much was written.
    pub(crate) fn grow(&self) -> io::Result<Growth> {
        let (file, sample, last_modified) = match &*self.stored() {
            StoredFile { file, growing: Some(GrowingFile { sample, modified, .. }), .. } => {
                (file.clone(), sample.clone(), *modified)
            }
            _ => return Ok(Growth::None),
        };
        let metadata = file.metadata()?;
        let (length, modified) = (metadata.len(), metadata.modified().ok());
        let known = self.stored_bytes();
        if length < known {
            return Ok(Growth::Truncated);
        }
        if length == known && modified == last_modified {
            return Ok(Growth::None);
        }
        let recent = RecentBytes::read(&file, known, length)?;
        let next_sample = match &sample {
            Some(sample) => sample.grown_to(&file, length, &recent)?,
            None => FileSample::of(&file, length)?,
        };
        // Looked at last: if it still holds what it held, then so it did while it was read.
        if let Some(sample) = sample
            && !sample.is_in(&file)?
        {
            return Ok(Growth::Truncated);
        }
        if let Some(growing) = &mut self.stored_mut().growing {
            *growing = GrowingFile { recent, sample: Some(next_sample.into()), modified };
        }
        self.end.store(length, Ordering::Release);
        Ok(if length > known { Growth::Some } else { Growth::None })
    }

    /// Goes on in a file that took the place of this one, if it holds what this one holds: it is a
    /// copy that was given the name. False if it does not.
    pub(crate) fn continue_in(&self, copy: &Self) -> io::Result<bool> {
        let (file, id) = {
            let stored = copy.stored();
            (stored.file.clone(), stored.id)
        };
        let mut stored = self.stored_mut();
        let Some(GrowingFile { sample: Some(sample), modified, .. }) = &mut stored.growing else {
            return Ok(false);
        };
        if !sample.is_in(&file)? {
            return Ok(false);
        }
        *modified = None;
        (stored.file, stored.id) = (file, id);
        Ok(true)
    }

    /// Says that nothing will be added any more.
    pub(crate) fn complete(&self) {
        self.is_complete.store(true, Ordering::Release);
        self.stored_mut().growing = None;
    }

    /// Stops its readers, so that the deleted file's blocks can be freed.
    pub(crate) fn revoke(&self) {
        self.is_revoked.store(true, Ordering::Release);
        self.complete();
    }

    pub(crate) fn is_revoked(&self) -> bool {
        self.is_revoked.load(Ordering::Acquire)
    }

    /// How many files of a log that is followed came before it.
    pub(crate) fn number(&self) -> u64 {
        self.number.load(Ordering::Relaxed)
    }

    /// To be called before the file is shared.
    pub(crate) fn set_number(&self, number: u64) {
        self.number.store(number, Ordering::Relaxed);
    }

    /// Whether its last name is gone.
    pub(crate) fn is_deleted(&self) -> io::Result<bool> {
        Ok(self.file().metadata()?.nlink() == 0)
    }

    /// Whether both are the same file of the file system.
    pub(crate) fn is_same_inode(&self, other: &Self) -> bool {
        self.id() == other.id()
    }

    /// Device and inode.
    pub(crate) fn id(&self) -> (u64, u64) {
        self.stored().id
    }

    /// Which version of the file was opened. Only of a file that is complete.
    pub(crate) fn version(&self) -> FileVersion {
        FileVersion { id: self.id(), modified: self.modified, stored_bytes: self.stored_bytes() }
    }

    /// How the content begins, if that is known without reading it.
    pub(crate) fn known_head(&self) -> Option<FileHead> {
        self.head.get().copied()
    }

    /// Makes known how the content begins, from another reading of the same version.
    pub(crate) fn set_head(&self, head: FileHead) {
        if head.is_whole() {
            self.head.get_or_init(|| head);
        }
    }

    /// Which run of its container it is of: how often that was restarted before.
    pub(crate) fn restart(&self) -> u32 {
        LogRun::from_number(self.run).restart
    }

    pub(crate) fn is_compressed(&self) -> bool {
        self.is_compressed
    }

    /// How much there is, in bytes of the file as it is stored.
    pub(crate) fn stored_bytes(&self) -> u64 {
        self.end.load(Ordering::Acquire)
    }

    pub(crate) fn cost(&self) -> ReadingCost {
        ReadingCost { stored_bytes: self.stored_bytes(), is_compressed: self.is_compressed }
    }

    /// Whether all there will ever be may be read.
    pub(crate) fn is_complete(&self) -> bool {
        self.is_complete.load(Ordering::Acquire)
    }

    pub(super) fn file(&self) -> Arc<File> {
        self.stored().file.clone()
    }

    pub(super) fn stored(&self) -> RwLockReadGuard<'_, StoredFile> {
        // Its parts are replaced as a whole.
        self.stored.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn stored_mut(&self) -> RwLockWriteGuard<'_, StoredFile> {
        self.stored.write().unwrap_or_else(PoisonError::into_inner)
    }
}
