//! A container's log while it is followed: which files it goes on in, and how far they may be read.
//!
//! There is one [`FollowedLog`] per container however many readers there are. A task calls
//! [`refresh`](FollowedLog::refresh) when the directory changed, or after a while. It checks the
//! size of the file that is written to, and what the directory lists. Readers read for themselves
//! and ask here what they may read next.
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
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::watch;

use super::{
    state::FollowState,
    successors::{go_on_in_copy, is_among, known_files, open_from},
};
use crate::{
    line::target::ContainerName,
    source::files::{
        directory::{
            layout::current_file_name,
            listed::{ListedFile, ListedFiles},
            pod_logs::PodLogs,
            write_order::{OpenedFile, OpenedFiles},
        },
        storage::log_file::{Growth, LogFile},
    },
};

/// How long a renamed file must be quiet before the next one counts.
pub(crate) const GRACE: Duration = Duration::from_millis(100);
/// How often a listing is made again because files were rotated meanwhile.
const MAX_LISTINGS: usize = 5;

/// The files that a log goes on in.
#[derive(Debug)]
pub(crate) struct FollowedLog {
    container: ContainerName,
    state: Mutex<FollowState>,
    /// Counts changes, to wake the readers that wait for more.
    changes: watch::Sender<u64>,
}

/// What follows a file.
#[derive(Debug)]
pub(crate) enum NextFile {
    /// This one.
    File(Arc<LogFile>),
    /// This one, and between the two lines were lost.
    AfterGap(Arc<LogFile>),
    /// Nothing yet.
    Wait,
    /// Nothing ever.
    Ended,
}

impl FollowedLog {
    /// Begins to follow the container's log in its last run.
    pub(crate) fn begin(pod: &PodLogs<'_>, container: ContainerName) -> io::Result<Self> {
        for _ in 0..MAX_LISTINGS {
            let listed = pod.list(&container)?;
            let Some(restart) = listed.last().map(|file| file.parsed.restart) else {
                return Err(io::ErrorKind::NotFound.into());
            };
            let Some(OpenedFiles { files: mut opened, not_a_log }) =
                open_from(pod, &container, &listed, restart)?
            else {
                continue;
            };
            let Some(last) = opened.pop() else {
                return Err(not_a_log.unwrap_or_else(|| io::ErrorKind::NotFound.into()));
            };
            if !last.file.is_compressed() {
                last.file.start_growing();
            }
            let known = known_files(pod, &opened);
            let state = Mutex::new(FollowState::new(last.file, restart, known));
            return Ok(Self { container, state, changes: watch::Sender::new(0) });
        }
        Err(io::Error::other("the log is rotated faster than it can be opened"))
    }

    /// Wakes when something changed.
    pub(crate) fn subscribe(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// The files that are known here, as far back as nothing is missing between them. What was
    /// before them is history.
    pub(crate) fn files(&self) -> Vec<Arc<LogFile>> {
        let state = self.state();
        state.without_gaps().iter().map(|held| held.file.clone()).collect()
    }

    /// The run that is written now.
    pub(crate) fn run(&self) -> u64 {
        self.state().last().run
    }

    /// The name of the file that is written now.
    pub(crate) fn current_file(&self) -> String {
        current_file_name(self.state().restart)
    }

    /// Whether new readers can join: it has not ended, one of its files still has a name, and it is
    /// in the run that the pod's directory lists last.
    pub(crate) fn is_there(&self, pod: &PodLogs<'_>) -> io::Result<bool> {
        let state = self.state();
        let listed = pod.list(&self.container)?;
        let is_last_run = listed.last().is_some_and(|file| file.parsed.restart == state.restart);
        if state.is_ended || !is_last_run {
            return Ok(false);
        }
        for held in &state.files {
            if !held.file.is_deleted()? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether the log is about to go on in another file.
    pub(crate) fn is_being_left(&self) -> bool {
        self.state().quiet_since.is_some()
    }

    /// What follows a file that has been read to its end: the one with the next number, or after
    /// a gap a later one.
    pub(crate) fn next_after(&self, file: &Arc<LogFile>) -> NextFile {
        let state = self.state();
        let number = file.number();
        match state.files.iter().find(|held| held.file.number() > number) {
            Some(next) if next.file.number() > number + 1 || next.is_after_gap => {
                NextFile::AfterGap(next.file.clone())
            }
            Some(next) => NextFile::File(next.file.clone()),
            None if state.is_ended => NextFile::Ended,
            None => NextFile::Wait,
        }
    }

    /// Looks what changed. `pod` is the pod's directory, `None` when it is gone. Readers are woken
    /// if there is something for them.
    ///
    /// # Errors
    /// When the directory cannot be looked at; nothing has changed then, and the next look may
    /// well work.
    pub(crate) fn refresh(&self, pod: Option<&PodLogs<'_>>, now: Instant) -> io::Result<()> {
        let mut state = self.state();
        let changed = self.look(&mut state, pod, now);
        state.let_go(now)?;
        drop(state);
        if !matches!(changed, Ok(false)) {
            self.changes.send_modify(|changes| *changes += 1);
        }
        changed.map(drop)
    }

    fn look(
        &self,
        state: &mut FollowState,
        pod: Option<&PodLogs<'_>>,
        now: Instant,
    ) -> io::Result<bool> {
        if state.is_ended {
            return Ok(false);
        }
        let last = state.last();
        let growth = last.grow()?;
        if growth == Growth::Some {
            state.quiet_since = None;
        }
        let Some((pod, listed)) = self.list(pod)? else {
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
        let quiet_since = *state.quiet_since.get_or_insert(now);
        if now.duration_since(quiet_since) < GRACE {
            return Ok(has_grown);
        }
        Ok(self.go_on(state, pod, &listed)? || has_grown)
    }

    /// What the container's directory lists; `None` when it is gone.
    fn list<'a>(
        &self,
        pod: Option<&'a PodLogs<'a>>,
    ) -> io::Result<Option<(&'a PodLogs<'a>, ListedFiles)>> {
        let Some(pod) = pod else {
            return Ok(None);
        };
        match pod.list(&self.container) {
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
        let mut opened = pod.open_in_order(&self.container, &[listed])?.without_lost().files;
        Ok(opened.pop().map(|opened| opened.file))
    }

    /// Goes on in what came after the last file. False if files were rotated meanwhile: then the
    /// next look finds what there is.
    fn go_on(
        &self,
        state: &mut FollowState,
        pod: &PodLogs<'_>,
        listed: &[ListedFile],
    ) -> io::Result<bool> {
        let Some(opened) = open_from(pod, &self.container, listed, state.restart)? else {
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
        if go_on_in_copy(&last, &opened, &newer)? {
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

    fn state(&self) -> MutexGuard<'_, FollowState> {
        // A panic while it was held leaves a state that is as good as the one before.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
