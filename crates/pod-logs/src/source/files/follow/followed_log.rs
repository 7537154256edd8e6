//! A container's log while it is followed: which files it goes on in, and how far they may be read.
//!
//! There is one [`FollowedLog`] per container however many readers there are. A task calls
//! [`refresh`](FollowedLog::refresh) when the directory changed, or after a while. It checks the
//! size of the file that is written to, and what the directory lists. Readers read for themselves
//! and ask here what they may read next.
//! What writers do, and how it is handled: [`log_update`](super::log_update).

use std::{
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use tokio::sync::watch;

use super::{
    log_update::LogUpdate,
    state::FollowState,
    successors::{known_files, open_from},
};
use crate::{
    line::target::ContainerName,
    source::files::{
        directory::{layout::current_file_name, pod_logs::PodLogs, write_order::OpenedFiles},
        storage::log_file::LogFile,
    },
};

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

    /// How many readers wait for changes.
    pub(crate) fn readers(&self) -> usize {
        self.changes.receiver_count()
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
    pub(crate) fn can_be_joined(&self, pod: &PodLogs<'_>) -> io::Result<bool> {
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
    pub(crate) fn has_next_file(&self) -> bool {
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
        let changed = LogUpdate { container: &self.container, pod, now }.apply(&mut state);
        state.release_deleted(now)?;
        drop(state);
        if !matches!(changed, Ok(false)) {
            self.changes.send_modify(|changes| *changes += 1);
        }
        changed.map(drop)
    }

    fn state(&self) -> MutexGuard<'_, FollowState> {
        // A panic while it was held leaves a state that is as good as the one before.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
