//! Gives scans their turns, and wakes those that wait for one.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::sync::oneshot;

use super::fair_queue::{FairQueue, QueueFull, QueueLimits, ScanId, ScanLoad};

/// The queue, and the wake-ups of the scans in it.
#[derive(Debug)]
pub(super) struct Schedule(Mutex<ScheduleState>);

#[derive(Debug)]
struct ScheduleState {
    queue: FairQueue,
    /// Of each scan that waits.
    turns: HashMap<ScanId, oneshot::Sender<()>>,
}

impl Schedule {
    pub(super) fn new(limits: QueueLimits) -> Self {
        Self(Mutex::new(ScheduleState { queue: FairQueue::new(limits), turns: HashMap::new() }))
    }

    /// A new scan of this user, and what tells of its first turn.
    ///
    /// # Errors
    /// When `max_waiting` scans of the user wait already.
    pub(super) fn enqueue(
        &self,
        user: &Arc<str>,
        max_waiting: usize,
    ) -> Result<(ScanId, oneshot::Receiver<()>), QueueFull> {
        let mut state = self.state();
        let id = state.queue.enqueue(user, max_waiting)?;
        let turn = state.wait(id);
        state.dispatch();
        Ok((id, turn))
    }

    /// Ends the turn of a scan that ran for so long, and blocks until it has the next one. False
    /// if it was abandoned.
    pub(super) fn wait_for_turn(
        &self,
        id: ScanId,
        ran: Duration,
        is_abandoned: &AtomicBool,
    ) -> bool {
        let turn = {
            let mut state = self.state();
            state.queue.end_turn(id, ran);
            // It is set before the scan is woken.
            if is_abandoned.load(Ordering::Relaxed) {
                state.dispatch();
                return false;
            }
            let turn = state.wait(id);
            state.dispatch();
            turn
        };
        turn.blocking_recv().is_ok()
    }

    /// A scan that waits for its next turn ends instead.
    pub(super) fn wake(&self, id: ScanId) {
        self.state().turns.remove(&id);
    }

    /// The scan is done.
    pub(super) fn finish(&self, id: ScanId, ran: Duration) {
        let mut state = self.state();
        state.turns.remove(&id);
        state.queue.remove(id, ran);
        state.dispatch();
    }

    /// How many scans there are at present.
    pub(super) fn load(&self) -> ScanLoad {
        self.state().queue.load()
    }

    /// Whether other scans of the same user run or wait.
    pub(super) fn has_others(&self, id: ScanId) -> bool {
        self.state().queue.has_others(id)
    }

    /// How many scans there are, in all states.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.state().queue.len()
    }

    fn state(&self) -> MutexGuard<'_, ScheduleState> {
        // Each change is whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ScheduleState {
    fn wait(&mut self, id: ScanId) -> oneshot::Receiver<()> {
        let (turn, waiting) = oneshot::channel();
        self.turns.insert(id, turn);
        waiting
    }

    fn dispatch(&mut self) {
        while let Some(id) = self.queue.grant() {
            // One that is being abandoned hears nothing, and gives its place back as it ends.
            if let Some(turn) = self.turns.remove(&id) {
                let _ = turn.send(());
            }
        }
    }
}
