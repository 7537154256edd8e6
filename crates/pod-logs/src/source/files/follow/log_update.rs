//! One look at a log that is followed.
//!
//! What writers do, and how it is handled:
//!
//! - A rotation renames the file and makes a new one. Between the two there is none, and the
//!   writer goes on with the renamed one, maybe for a moment even after the new one is there. So
//!   the old file is left only when it was quiet for [`GRACE`] after the new one was seen.
//! - The log may be rotated more than once between two looks. The files between are those whose
//!   first lines were in none of the files before.
//! - A rotated file is compressed and deleted. Its descriptor still reads, for [`HELD`](super::state::HELD); then
//!   readers that did not come that far get a gap.
//! - A file may be emptied (`copytruncate`), and filled again before the next look. What was not
//!   read by then is lost, in unknown amount: a gap.
//! - A copy may take a file's place (`sed -i`, a restored backup). It is read on from the same
//!   offset if it holds what the file held there, else from its beginning, after a gap.

use std::{
    io,
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    state::FollowState,
    successors::{continue_in_copy, is_among, known_files, open_from},
};
use crate::{
    line::target::ContainerName,
    source::files::{
        directory::{
            listed::{ListedFile, ListedFiles},
            pod_logs::PodLogs,
            write_order::OpenedFile,
        },
        storage::log_file::{Growth, LogFile},
    },
};

/// How long a renamed file must be quiet before the next one counts.
pub(crate) const GRACE: Duration = Duration::from_millis(100);

/// Looks what a followed log's last file holds by now, and what its directory lists.
#[derive(Debug)]
pub(super) struct LogUpdate<'a> {
    pub(super) container: &'a ContainerName,
    /// The pod's directory; `None` when it is gone.
    pub(super) pod: Option<&'a PodLogs<'a>>,
    pub(super) now: Instant,
}

impl<'a> LogUpdate<'a> {
    /// Updates what is known of the log. True if there is something new for its readers.
    ///
    /// # Errors
    /// When the directory cannot be looked at; nothing has changed then.
    pub(super) fn apply(&self, state: &mut FollowState) -> io::Result<bool> {
        if state.is_ended {
            return Ok(false);
        }
        let last = state.last();
        let growth = last.grow()?;
        if growth == Growth::Some {
            state.quiet_since = None;
        }
        let Some((pod, listed)) = self.list()? else {
            last.grow()?;
            last.complete();
            state.is_ended = true;
            return Ok(true);
        };
        if growth == Growth::Truncated && self.reopen_emptied(state, pod, &listed)? {
            return Ok(true);
        }
        let has_grown = growth == Growth::Some;
        if !self.is_left(state, pod, &listed)? {
            state.quiet_since = None;
            return Ok(has_grown);
        }
        let quiet_since = *state.quiet_since.get_or_insert(self.now);
        if self.now.duration_since(quiet_since) < GRACE {
            return Ok(has_grown);
        }
        Ok(self.append_next_files(state, pod, &listed)? || has_grown)
    }

    /// What the container's directory lists; `None` when it is gone.
    fn list(&self) -> io::Result<Option<(&'a PodLogs<'a>, ListedFiles)>> {
        let Some(pod) = self.pod else {
            return Ok(None);
        };
        match pod.list(self.container) {
            Ok(listed) => Ok(Some((pod, listed))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whether the log goes on in another file than the last one: its name belongs to another, or
    /// the container was started again.
    fn is_left(
        &self,
        state: &FollowState,
        pod: &PodLogs<'_>,
        listed: &[ListedFile],
    ) -> io::Result<bool> {
        if listed.iter().any(|file| file.parsed.restart > state.restart) {
            return Ok(true);
        }
        let current = self.open_current(state, pod, listed)?;
        Ok(current.is_some_and(|current| !current.is_same_inode(&state.last())))
    }

    /// Goes on in the same file from its beginning, if it is still the current one.
    fn reopen_emptied(
        &self,
        state: &mut FollowState,
        pod: &PodLogs<'_>,
        listed: &[ListedFile],
    ) -> io::Result<bool> {
        let last = state.last();
        let current = self.open_current(state, pod, listed)?;
        let Some(emptied) = current.filter(|current| current.is_same_inode(&last)) else {
            return Ok(false);
        };
        // What its readers have not read is not there any more; other lines are in its place.
        last.revoke();
        // A copy may have been made before (`copytruncate`), which is not new.
        if let Some(head) = last.known_head() {
            state.known.insert(&last, Some(head));
        }
        emptied.start_growing();
        state.push(emptied, true);
        Ok(true)
    }

    fn open_current(
        &self,
        state: &FollowState,
        pod: &PodLogs<'_>,
        listed: &[ListedFile],
    ) -> io::Result<Option<Arc<LogFile>>> {
        let is_current =
            |file: &&ListedFile| file.parsed.is_current() && file.parsed.restart == state.restart;
        let Some(listed) = listed.iter().find(is_current) else {
            return Ok(None);
        };
        let mut opened = pod.open_in_order(self.container, &[listed])?.without_lost().files;
        Ok(opened.pop().map(|opened| opened.file))
    }

    /// Goes on in what came after the last file. False if files were rotated meanwhile: then the
    /// next look finds what there is.
    fn append_next_files(
        &self,
        state: &mut FollowState,
        pod: &PodLogs<'_>,
        listed: &[ListedFile],
    ) -> io::Result<bool> {
        let Some(opened) = open_from(pod, self.container, listed, state.restart)? else {
            return Ok(false);
        };
        let opened = opened.files;
        let last = state.last();
        // What was written to the last file before its successors were listed belongs before them.
        if last.grow()? == Growth::Some {
            state.quiet_since = None;
            return Ok(true);
        }
        let mut newer = Vec::new();
        for opened in &opened {
            // A current file is known by its name, and may still be empty.
            let head = if opened.is_current { None } else { pod.head(&opened.file) };
            if state.is_new(opened, head)? {
                newer.push(opened);
            }
        }
        if newer.is_empty() {
            return Ok(false);
        }
        if continue_in_copy(&last, &opened, &newer)? {
            state.quiet_since = None;
            return Ok(true);
        }
        last.complete();
        // If the last file is not there under another name, it was deleted, and others maybe with
        // it. The same goes for a run whose first file was rotated already.
        let mut is_after_gap = !is_among(&last, &opened)?;
        for OpenedFile { file, is_current, .. } in newer {
            is_after_gap |= file.run != state.last().run && !is_current;
            state.push(file.clone(), is_after_gap);
            is_after_gap = false;
        }
        if !state.last().is_compressed() {
            state.last().start_growing();
        }
        state.restart = state.last().restart();
        state.known = known_files(pod, &opened);
        state.quiet_since = None;
        Ok(true)
    }
}
