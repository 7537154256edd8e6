//! A container's log while it is followed: which files it goes on in, and how far they may be read.
//!
//! There is one [`FollowedLog`] per container however many readers there are. Somebody who saw the
//! directory change, or a timer, calls [`refresh`](FollowedLog::refresh), which only looks: at the
//! size of the file that is written to, and at what the directory lists. Readers read for
//! themselves; what they may read next they learn from here.
//!
//! What writers really do, and what is made of it:
//!
//! - A rotation renames the file and makes a new one. Between the two there is none, and the
//!   writer goes on with the renamed one, maybe for a moment even after the new one is there. So
//!   the old file is left only when it was quiet for [`GRACE`] after the new one was seen.
//! - While nobody looks the log may be rotated more than once. The files between are found by
//!   their names, which were not there before.
//! - A rotated file is compressed and deleted. Its descriptor still reads, for [`HELD`]; then
//!   readers who did not come that far get a gap.
//! - A file may be emptied (`copytruncate`). What was not read by then is lost, and nobody knows
//!   how much that is: a gap.

use std::{
    collections::HashSet,
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::watch;

use super::{
    layout::LogFileName,
    listed::{ListedFile, ListedFiles},
    pod::PodLogs,
};
use crate::logs::{
    file::{Growth, LogFile},
    target::ContainerName,
};

/// How long a renamed file must be quiet before the next one counts.
const GRACE: Duration = Duration::from_millis(100);
/// How long a deleted file is held for slow readers.
const HELD: Duration = Duration::from_secs(60);
/// How often a listing is made again because files were rotated meanwhile.
const MAX_LISTINGS: usize = 5;

/// The files that a log goes on in.
#[derive(Debug)]
pub(crate) struct FollowedLog {
    container: ContainerName,
    state: Mutex<State>,
    /// Counts changes; whoever waits for more is woken.
    changes: watch::Sender<u64>,
}

#[derive(Debug)]
struct State {
    /// In the order they were written; the last one is written to. Never empty.
    files: Vec<Held>,
    restart: u32,
    /// The names that were listed when the last file was opened: what is not among them is newer.
    known: HashSet<LogFileName>,
    /// Since when there has been something newer, and nothing was written to the last file.
    quiet_since: Option<Instant>,
    is_ended: bool,
}

#[derive(Debug)]
struct Held {
    file: Arc<LogFile>,
    /// Before it, lines were lost.
    is_after_gap: bool,
    /// Since when it has been seen to be deleted.
    deleted_since: Option<Instant>,
}

/// What follows a file.
#[derive(Debug)]
pub(crate) enum Next {
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
    pub(super) fn begin(pod: &PodLogs<'_>, container: ContainerName) -> io::Result<Self> {
        for _ in 0..MAX_LISTINGS {
            let listed = pod.list(&container)?;
            let Some(last) = listed.last() else {
                return Err(io::ErrorKind::NotFound.into());
            };
            let restart = last.parsed.restart;
            let file = open(pod, &container, last)?;
            if pod.list(&container)? != listed {
                continue;
            }
            if !last.parsed.is_compressed() {
                file.start_growing();
            }
            let state = State {
                files: vec![Held {
                    file: Arc::new(file),
                    is_after_gap: false,
                    deleted_since: None,
                }],
                restart,
                known: names_before_last(&listed),
                quiet_since: None,
                is_ended: false,
            };
            let changes = watch::Sender::new(0);
            return Ok(Self { container, state: Mutex::new(state), changes });
        }
        Err(io::Error::other("the log is rotated faster than it can be opened"))
    }

    /// Wakes when something changed.
    pub(crate) fn subscribe(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// The files that are known here, as far back as nothing is missing between them. What was
    /// before them is history.
    pub(super) fn files(&self) -> Vec<Arc<LogFile>> {
        let state = self.state();
        let start = state.files.iter().rposition(|held| held.is_after_gap).unwrap_or(0);
        state.files[start..].iter().map(|held| held.file.clone()).collect()
    }

    /// The run that is written now.
    pub(crate) fn run(&self) -> u64 {
        self.state().last().run
    }

    /// Whether the log is about to go on in another file.
    pub(super) fn is_being_left(&self) -> bool {
        self.state().quiet_since.is_some()
    }

    /// What follows a file that has been read to its end: the one with the next number, or after
    /// a gap a later one.
    pub(crate) fn next_after(&self, file: &Arc<LogFile>) -> Next {
        let state = self.state();
        let number = file.number();
        match state.files.iter().find(|held| held.file.number() > number) {
            Some(next) if next.file.number() > number + 1 || next.is_after_gap => {
                Next::AfterGap(next.file.clone())
            }
            Some(next) => Next::File(next.file.clone()),
            None if state.is_ended => Next::Ended,
            None => Next::Wait,
        }
    }

    /// Looks what changed. `pod` is the pod's directory, `None` when it is gone. Readers are woken
    /// if there is something for them.
    ///
    /// # Errors
    /// When the directory cannot be looked at; nothing has changed then, and the next look may
    /// well work.
    pub(super) fn refresh(&self, pod: Option<&PodLogs<'_>>, now: Instant) -> io::Result<()> {
        let mut state = self.state();
        let changed = self.look(&mut state, pod, now);
        let_go(&mut state.files, now)?;
        drop(state);
        if !matches!(changed, Ok(false)) {
            self.changes.send_modify(|changes| *changes += 1);
        }
        changed.map(drop)
    }

    fn look(&self, state: &mut State, pod: Option<&PodLogs<'_>>, now: Instant) -> io::Result<bool> {
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
    fn is_left(&self, state: &State, pod: &PodLogs<'_>, listed: &[ListedFile]) -> io::Result<bool> {
        if listed.iter().any(|file| file.parsed.restart > state.restart) {
            return Ok(true);
        }
        let current = self.open_current(state, pod, listed)?;
        Ok(current.is_some_and(|current| !current.is_same_inode(&state.last())))
    }

    /// Goes on in the same file from its beginning, if it is still the current one.
    fn reopen_emptied(
        &self,
        state: &mut State,
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
        emptied.start_growing();
        state.push(Arc::new(emptied), true);
        Ok(true)
    }

    fn open_current(
        &self,
        state: &State,
        pod: &PodLogs<'_>,
        listed: &[ListedFile],
    ) -> io::Result<Option<LogFile>> {
        let is_current =
            |file: &&ListedFile| file.parsed.is_current() && file.parsed.restart == state.restart;
        match listed.iter().find(is_current).map(|file| self.open(pod, file)).transpose() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            opened => opened,
        }
    }

    /// Goes on in what came after the last file. False if files were rotated meanwhile: then the
    /// next look finds what there is.
    fn go_on(
        &self,
        state: &mut State,
        pod: &PodLogs<'_>,
        listed: &[ListedFile],
    ) -> io::Result<bool> {
        let last = state.last();
        let is_newer = |file: &&ListedFile| {
            file.parsed.restart > state.restart
                || (file.parsed.restart == state.restart
                    && (file.parsed.is_current()
                        || !file.parsed.lasting().is_some_and(|name| state.known.contains(&name))))
        };
        let mut newer = Vec::new();
        for listed in listed.iter().filter(is_newer) {
            match self.open(pod, listed) {
                Ok(file) => newer.push((Arc::new(file), listed.parsed.is_current())),
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
                Err(error) => return Err(error),
            }
        }
        if newer.is_empty() || **pod.list(&self.container)? != *listed {
            return Ok(false);
        }
        // What was written to the last file before its successors were listed belongs before them.
        if last.grow()? == Growth::Some {
            state.quiet_since = None;
            return Ok(true);
        }
        last.complete();
        // One of them is the last file under its new name: the first, unless files change their
        // names with each rotation. If none is, it was deleted, and others maybe with it. The same
        // goes for a run whose first file was rotated already.
        let known_again = position_again(&newer, &last)?;
        let mut is_after_gap = known_again.is_none();
        let newer = newer.into_iter().skip(known_again.map_or(0, |index| index + 1));
        for (file, is_current) in newer {
            if file.run != state.last().run {
                is_after_gap = !is_current;
            }
            state.push(file, is_after_gap);
            is_after_gap = false;
        }
        if let Some(newest) = listed.last() {
            state.restart = newest.parsed.restart;
            if !newest.parsed.is_compressed() {
                state.last().start_growing();
            }
        }
        state.known = names_before_last(listed);
        state.quiet_since = None;
        Ok(true)
    }

    fn open(&self, pod: &PodLogs<'_>, file: &ListedFile) -> io::Result<LogFile> {
        open(pod, &self.container, file)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic while it was held leaves a state that is as good as the one before.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn push(&mut self, file: Arc<LogFile>, is_after_gap: bool) {
        file.set_number(self.last().number() + 1);
        self.files.push(Held { file, is_after_gap, deleted_since: None });
    }

    fn last(&self) -> Arc<LogFile> {
        self.files[self.files.len() - 1].file.clone()
    }
}

impl Held {
    fn is_due(&self, now: Instant) -> bool {
        self.deleted_since.is_some_and(|since| now.duration_since(since) >= HELD)
    }
}

fn open(pod: &PodLogs<'_>, container: &ContainerName, listed: &ListedFile) -> io::Result<LogFile> {
    let file = pod.open_file(container, listed)?;
    let run = pod.run_number(listed.parsed.restart);
    LogFile::new(file, listed.parsed.is_compressed(), run)
}

/// The names of all but the last: under its next name that will be the first that is new.
fn names_before_last(listed: &[ListedFile]) -> HashSet<LogFileName> {
    let earlier = listed.split_last().map_or(listed, |(_, earlier)| earlier);
    earlier.iter().filter_map(|file| file.parsed.lasting()).collect()
}

/// Which of the files is the other one under a new name.
fn position_again(
    files: &[(Arc<LogFile>, bool)],
    other: &Arc<LogFile>,
) -> io::Result<Option<usize>> {
    if let Some(same) = files.iter().position(|(file, _)| file.is_same_inode(other)) {
        return Ok(Some(same));
    }
    for (index, (file, _)) in files.iter().enumerate() {
        if is_again(file, other)? {
            return Ok(Some(index));
        }
    }
    Ok(None)
}

/// Whether a file is the other one under a new name. An empty one has nothing to be known by; nor
/// is anything lost with it.
fn is_again(file: &Arc<LogFile>, other: &Arc<LogFile>) -> io::Result<bool> {
    let are_empty = file.is_compressed() && file.fingerprint()? == 0 && other.fingerprint()? == 0;
    Ok(are_empty || file.is_same_log(other)?)
}

/// Lets go of deleted files that were held long enough.
fn let_go(files: &mut Vec<Held>, now: Instant) -> io::Result<()> {
    let earlier = files.len() - 1;
    for held in &mut files[..earlier] {
        if held.deleted_since.is_none() && held.file.is_deleted()? {
            held.deleted_since = Some(now);
        }
        if held.is_due(now) {
            held.file.revoke();
        }
    }
    files.retain(|held| !held.file.is_revoked());
    Ok(())
}

#[cfg(test)]
mod model;
