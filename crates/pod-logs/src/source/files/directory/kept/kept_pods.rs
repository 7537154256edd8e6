//! The pods that are kept at present.

use std::{
    io,
    os::fd::OwnedFd,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::{Duration, Instant},
};

use rustix::process::{Resource, getrlimit};
use tokio::{runtime::Handle, task::JoinHandle, time::sleep};

use super::{
    change_watch::{ChangeWatch, WatchId},
    kept_pod::KeptPod,
    local::is_local,
    look::look,
    pod_table::{LookId, PodTable, UnneededWatches},
};
use crate::{
    line::target::PodRef,
    source::files::directory::{beneath::TrustedRoot, layout::PodDirectory},
};

/// How long a pod is kept before it is looked into again.
pub(super) const RECHECK: Duration = Duration::from_secs(1);
/// Which part of the descriptors that the process may have is used here at most.
const DESCRIPTOR_SHARE: u64 = 40;
/// And how many at most.
const MAX_DESCRIPTORS: u64 = 1024;

/// The pods that are kept at present.
#[derive(Debug)]
pub(crate) struct KeptPods {
    root: TrustedRoot,
    state: Mutex<KeptState>,
}

/// Events are read and applied under one lock: else a request could pass another one that has read
/// an event and not applied it.
#[derive(Debug, Default)]
struct KeptState {
    table: PodTable,
    /// `None` while nothing is kept.
    watch: Option<ChangeWatch>,
    root: Option<WatchId>,
    /// Closes what nobody asks about any more.
    sweeper: Option<JoinHandle<()>>,
}

impl KeptPods {
    /// None yet.
    pub(crate) fn new(root: TrustedRoot) -> Self {
        Self { root, state: Mutex::default() }
    }

    /// How many files are kept open.
    pub(crate) fn descriptors(&self) -> usize {
        self.state().table.descriptors()
    }

    /// What is kept of a pod, if no name has changed in it or about it up to this moment.
    pub(crate) fn find(&self, pod: &PodRef, now: Instant) -> Option<Arc<KeptPod>> {
        let mut state = self.state();
        state.apply_changes();
        state.table.find(pod, now, RECHECK)
    }

    /// The same; a pod that is not kept is looked into now, if it is asked about again and again.
    /// `incarnations` tells of the pod's directories in the log directory. Only within a tokio
    /// runtime, which then runs a task that closes what is not needed any more.
    pub(crate) fn find_or_keep(
        self: &Arc<Self>,
        pod: &PodRef,
        now: Instant,
        incarnations: impl FnOnce(&OwnedFd) -> io::Result<Vec<PodDirectory>>,
    ) -> Option<Arc<KeptPod>> {
        let runtime = Handle::try_current().ok()?;
        let id = {
            let mut state = self.state();
            state.apply_changes();
            if let Some(kept) = state.table.find(pod, now, RECHECK) {
                return Some(kept);
            }
            let (look, unneeded) = state.table.ask(pod, now, RECHECK);
            state.unwatch(unneeded);
            look?
        };
        // Whatever fails here fails for the request as well, which then says so.
        let kept = self.look(pod, id, incarnations).ok().flatten().map(Arc::new);
        let mut state = self.state();
        state.apply_changes();
        let unneeded = state.table.end_look(pod, id, kept, max_descriptors());
        state.unwatch(unneeded);
        if state.sweeper.as_ref().is_none_or(JoinHandle::is_finished) {
            state.sweeper = Some(runtime.spawn(sweep_regularly(Arc::downgrade(self))));
        }
        state.table.find(pod, now, RECHECK)
    }

    fn look(
        &self,
        pod: &PodRef,
        id: LookId,
        incarnations: impl FnOnce(&OwnedFd) -> io::Result<Vec<PodDirectory>>,
    ) -> io::Result<Option<KeptPod>> {
        let root = self.root.open()?;
        if !is_local(&root)? || !self.state().watch_root(&root)? {
            return Ok(None);
        }
        // Which incarnation was written to last, no directory tells.
        let Ok([name]) = <[PodDirectory; 1]>::try_from(incarnations(&root)?) else {
            return Ok(None);
        };
        look(&root, self.root.path(), name, |directory| self.state().watch_for(pod, id, directory))
    }

    /// Closes what was not looked into since the last call. True once nothing is kept: then the
    /// sweeper ends.
    fn sweep(&self) -> bool {
        let mut state = self.state();
        state.apply_changes();
        let unneeded = state.table.sweep();
        state.unwatch(unneeded);
        let is_empty = state.table.is_empty();
        if is_empty {
            state.clear();
            state.sweeper = None;
        }
        is_empty
    }

    fn state(&self) -> MutexGuard<'_, KeptState> {
        // After a panic in the middle of a change nothing is believed.
        self.state.lock().unwrap_or_else(|poisoned| {
            let mut state = PoisonError::into_inner(poisoned);
            state.clear();
            self.state.clear_poison();
            state
        })
    }
}

impl KeptState {
    /// Drops what has changed since the last call.
    fn apply_changes(&mut self) {
        let Some(watch) = &self.watch else { return };
        let (mut unneeded, mut is_all) = (UnneededWatches::new(), false);
        let drained = watch.drain(|directory, name| {
            is_all |= self.table.apply(directory, name, &mut unneeded);
        });
        if is_all || drained.is_err() {
            self.clear();
        } else {
            self.unwatch(unneeded);
        }
    }

    /// False if another directory has the log directory's path by now.
    fn watch_root(&mut self, root: &OwnedFd) -> io::Result<bool> {
        let id = self.watch()?.add(root)?;
        if self.root.is_some_and(|known| known != id) {
            self.clear();
            return Ok(false);
        }
        self.root = Some(id);
        self.table.watch_root(id);
        Ok(true)
    }

    /// False if something has happened to the pod since the look began.
    fn watch_for(&mut self, pod: &PodRef, look: LookId, directory: &OwnedFd) -> io::Result<bool> {
        if !self.table.is_looking(pod, look) {
            return Ok(false);
        }
        let id = self.watch()?.add(directory)?;
        Ok(self.table.watch(pod, id))
    }

    fn watch(&mut self) -> io::Result<&ChangeWatch> {
        match &mut self.watch {
            Some(watch) => Ok(watch),
            none => Ok(none.insert(ChangeWatch::new()?)),
        }
    }

    fn unwatch(&self, unneeded: UnneededWatches) {
        if let Some(watch) = &self.watch {
            unneeded.into_iter().for_each(|id| watch.remove(id));
        }
    }

    fn clear(&mut self) {
        self.table.clear();
        (self.watch, self.root) = (None, None);
    }
}

/// Closes what nobody asks about any more, until nothing is kept: a deleted file has its blocks while
/// it is open.
async fn sweep_regularly(kept: Weak<KeptPods>) {
    loop {
        sleep(RECHECK).await;
        if kept.upgrade().is_none_or(|kept| kept.sweep()) {
            return;
        }
    }
}

fn max_descriptors() -> usize {
    let limit = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    usize::try_from((limit / DESCRIPTOR_SHARE).min(MAX_DESCRIPTORS)).unwrap_or(usize::MAX)
}
