//! Decides which scan runs next. A pure state machine without threads and without a clock.
//!
//! Start-time fair queueing over users: each user has a virtual time, which grows by the time that
//! the user's scans ran, and the waiting user with the least virtual time gets the next turn. A
//! user that arrives begins at the virtual time of those present, so neither an old debt nor
//! idleness counts. The scans of one user take turns in the order of their arrival.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

/// How long a scan runs before others get a turn.
pub(super) const SLICE: Duration = Duration::from_millis(10);

/// How much there may be at once.
#[derive(Debug, Clone, Copy)]
pub(super) struct QueueLimits {
    /// Scans that run.
    pub(super) running: usize,
    /// Scans that hold a thread: those that run, and those that were interrupted and wait for their
    /// next turn.
    pub(super) threads: usize,
    /// Of these those of one user, which gets no second one when half of all are held.
    pub(super) threads_per_user: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct ScanId(u64);

/// The user has too many scans that wait.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct QueueFull;

/// How many scans there are.
#[derive(Debug, Clone, Copy)]
pub(super) struct ScanLoad {
    pub(super) running: u64,
    pub(super) waiting: u64,
    /// Since the start.
    pub(super) begun: u64,
}

#[derive(Debug)]
pub(super) struct FairQueue {
    limits: QueueLimits,
    users: HashMap<Arc<str>, UserQueue>,
    scans: HashMap<ScanId, Scan>,
    running: usize,
    threads: usize,
    /// The virtual time of the user that got the last turn: it never falls.
    virtual_time: Duration,
    next_id: u64,
}

#[derive(Debug, Default)]
struct UserQueue {
    virtual_time: Duration,
    waiting: VecDeque<ScanId>,
    running: usize,
    threads: usize,
}

#[derive(Debug)]
struct Scan {
    user: Arc<str>,
    holds_thread: bool,
    is_running: bool,
}

impl FairQueue {
    pub(super) fn new(limits: QueueLimits) -> Self {
        Self {
            limits,
            users: HashMap::new(),
            scans: HashMap::new(),
            running: 0,
            threads: 0,
            virtual_time: Duration::ZERO,
            next_id: 0,
        }
    }

    /// A new scan of this user, which waits for its first turn.
    ///
    /// # Errors
    /// When `max_waiting` scans of the user wait already.
    pub(super) fn enqueue(
        &mut self,
        user: &Arc<str>,
        max_waiting: usize,
    ) -> Result<ScanId, QueueFull> {
        let now = self.virtual_time;
        let of_user = self.users.entry(user.clone()).or_default();
        if of_user.waiting.len() >= max_waiting {
            return Err(QueueFull);
        }
        if of_user.is_idle() {
            of_user.virtual_time = of_user.virtual_time.max(now);
        }
        let id = ScanId(self.next_id);
        self.next_id += 1;
        of_user.waiting.push_back(id);
        let scan = Scan { user: user.clone(), holds_thread: false, is_running: false };
        self.scans.insert(id, scan);
        Ok(id)
    }

    /// Gives the next turn, if there is a place and a scan that may take it.
    pub(super) fn grant(&mut self) -> Option<ScanId> {
        if self.running >= self.limits.running {
            return None;
        }
        let eligible = self.users.values().filter_map(|user| {
            let index = user.waiting.iter().position(|id| self.may_run(user, *id))?;
            Some((user.expected_time(), user.waiting[index]))
        });
        let (_, id) = eligible.min()?;
        let scan = self.scans.get_mut(&id)?;
        let user = self.users.get_mut(&scan.user)?;
        user.waiting.retain(|waiting| *waiting != id);
        user.running += 1;
        self.running += 1;
        if !scan.holds_thread {
            scan.holds_thread = true;
            user.threads += 1;
            self.threads += 1;
        }
        scan.is_running = true;
        self.virtual_time = self.virtual_time.max(user.virtual_time);
        Some(id)
    }

    /// The turn of a scan is over; it waits for the next one, behind the other scans of its user.
    pub(super) fn end_turn(&mut self, id: ScanId, ran: Duration) {
        let Some(scan) = self.scans.get_mut(&id).filter(|scan| scan.is_running) else {
            return;
        };
        scan.is_running = false;
        self.running -= 1;
        if let Some(user) = self.users.get_mut(&scan.user) {
            user.running -= 1;
            user.virtual_time += ran;
            user.waiting.push_back(id);
        }
    }

    /// Forgets a scan, which is done or not wanted any more.
    pub(super) fn remove(&mut self, id: ScanId, ran: Duration) {
        self.end_turn(id, ran);
        let Some(scan) = self.scans.remove(&id) else {
            return;
        };
        if let Some(user) = self.users.get_mut(&scan.user) {
            user.waiting.retain(|waiting| *waiting != id);
            if scan.holds_thread {
                user.threads -= 1;
                self.threads -= 1;
            }
        }
        // A user ahead of the others is remembered, or leaving and coming back would make up for
        // it.
        let now = self.virtual_time;
        match self.scans.is_empty() {
            true => self.users.clear(),
            false => self.users.retain(|_, user| !user.is_idle() || user.virtual_time > now),
        }
    }

    /// How many scans there are at present.
    pub(super) fn load(&self) -> ScanLoad {
        let (running, all) = (self.running as u64, self.scans.len() as u64);
        ScanLoad { running, waiting: all.saturating_sub(running), begun: self.next_id }
    }

    /// Whether other scans of the same user run or wait.
    pub(super) fn has_others(&self, id: ScanId) -> bool {
        let user = self.scans.get(&id).and_then(|scan| self.users.get(&scan.user));
        user.is_some_and(|user| user.waiting.len() + user.running > 1)
    }

    fn may_run(&self, user: &UserQueue, id: ScanId) -> bool {
        self.scans.get(&id).is_some_and(|scan| scan.holds_thread) || self.may_take_thread(user)
    }

    fn may_take_thread(&self, user: &UserQueue) -> bool {
        let QueueLimits { threads, threads_per_user, .. } = self.limits;
        let may_have_more = user.threads < threads_per_user && self.threads < threads / 2;
        self.threads < threads && (user.threads == 0 || may_have_more)
    }
}

impl UserQueue {
    fn is_idle(&self) -> bool {
        self.waiting.is_empty() && self.running == 0
    }

    /// The virtual time when the turns are over that the user has at present.
    fn expected_time(&self) -> Duration {
        let running = u32::try_from(self.running).unwrap_or(u32::MAX);
        self.virtual_time + SLICE * running
    }
}

#[cfg(test)]
impl FairQueue {
    pub(super) fn running(&self) -> usize {
        self.running
    }

    /// In all states.
    pub(super) fn len(&self) -> usize {
        self.scans.len()
    }

    pub(super) fn threads(&self) -> usize {
        self.threads
    }

    pub(super) fn remembered_users(&self) -> usize {
        self.users.len()
    }

    pub(super) fn is_eligible(&self, id: ScanId) -> bool {
        self.scans.get(&id).is_some_and(|scan| self.may_run(&self.users[&scan.user], id))
    }
}
