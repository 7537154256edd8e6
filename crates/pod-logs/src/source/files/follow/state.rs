//! What is known of a log that is followed.

use std::{
    collections::HashSet,
    io,
    sync::Arc,
    time::{Duration, Instant},
};

use crate::source::files::{
    directory::write_order::OpenedFile,
    storage::{head::FileHead, log_file::LogFile},
};

/// How long a deleted file is held for slow readers.
pub(crate) const HELD: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub(crate) struct FollowState {
    /// In the order they were written; the last one is written to. Never empty.
    pub(crate) files: Vec<HeldFile>,
    pub(crate) restart: u32,
    pub(crate) known: KnownFiles,
    /// Since when there has been something newer, and nothing was written to the last file.
    pub(crate) quiet_since: Option<Instant>,
    pub(crate) is_ended: bool,
}

/// The rotated files that were there when the last file was opened. Others are newer.
#[derive(Debug, Default)]
pub(crate) struct KnownFiles {
    heads: HashSet<FileHead>,
    /// Of those that had nothing to be known by: device and inode.
    empty: HashSet<(u64, u64)>,
}

#[derive(Debug)]
pub(crate) struct HeldFile {
    pub(crate) file: Arc<LogFile>,
    /// Before it, lines were lost.
    pub(crate) is_after_gap: bool,
    /// Since when it has been seen to be deleted.
    deleted_since: Option<Instant>,
}

impl FollowState {
    pub(crate) fn new(file: Arc<LogFile>, restart: u32, known: KnownFiles) -> Self {
        let files = vec![HeldFile { file, is_after_gap: false, deleted_since: None }];
        Self { files, restart, known, quiet_since: None, is_ended: false }
    }

    pub(crate) fn push(&mut self, file: Arc<LogFile>, is_after_gap: bool) {
        file.set_number(self.last().number() + 1);
        self.files.push(HeldFile { file, is_after_gap, deleted_since: None });
    }

    pub(crate) fn last(&self) -> Arc<LogFile> {
        self.files[self.files.len() - 1].file.clone()
    }

    /// The files at the end between which nothing is missing.
    pub(crate) fn without_gaps(&self) -> &[HeldFile] {
        let follows = |one: &HeldFile, next: &HeldFile| {
            !next.is_after_gap && next.file.number() == one.file.number() + 1
        };
        self.files.chunk_by(follows).last().unwrap_or_default()
    }

    /// Whether a file of the present run or a later one came after the last file.
    pub(crate) fn is_new(&self, opened: &OpenedFile, head: Option<FileHead>) -> io::Result<bool> {
        if self.files.iter().any(|held| held.file.is_same_inode(&opened.file)) {
            return Ok(false);
        }
        if opened.is_current {
            return Ok(true);
        }
        let Some(head) = head else {
            // Something may still be written to it, unless it is compressed.
            let is_known = self.known.empty.contains(&opened.file.id());
            return Ok(!is_known && !opened.file.is_compressed());
        };
        if self.known.heads.contains(&head) {
            return Ok(false);
        }
        for held in self.files.iter().filter(|held| held.file.run == opened.file.run) {
            if held.file.head()?.is_of_same_log(&head) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Lets go of deleted files that were held long enough.
    pub(crate) fn release_deleted(&mut self, now: Instant) -> io::Result<()> {
        let earlier = self.files.len() - 1;
        for held in &mut self.files[..earlier] {
            if held.deleted_since.is_none() && held.file.is_deleted()? {
                held.deleted_since = Some(now);
            }
            if held.is_due(now) {
                held.file.revoke();
            }
        }
        self.files.retain(|held| !held.file.is_revoked());
        Ok(())
    }
}

impl KnownFiles {
    pub(crate) fn insert(&mut self, file: &LogFile, head: Option<FileHead>) {
        match head {
            Some(head) => self.heads.insert(head),
            None => self.empty.insert(file.id()),
        };
    }
}

impl HeldFile {
    fn is_due(&self, now: Instant) -> bool {
        self.deleted_since.is_some_and(|since| now.duration_since(since) >= HELD)
    }
}
