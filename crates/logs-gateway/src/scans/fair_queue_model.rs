//! Random users whose scans arrive, run and leave, in simulated time.

use std::{collections::HashMap, sync::Arc, time::Duration};

use proptest::prelude::*;

use super::fair_queue::{FairQueue, QueueLimits, SLICE, ScanId};

const USERS: usize = 5;
const LIMITS: QueueLimits = QueueLimits { running: 2, threads: 8, threads_per_user: 3 };
const MAX_WAITING: usize = 20;
/// How much later than it should a turn may end: a scan looks only between two pieces that it
/// reads.
const MAX_OVERRUN: u64 = 5;
const MAX_TURN: u64 = SLICE.as_millis() as u64 + MAX_OVERRUN;
const SECOND: u64 = 1000;

/// Times are in milliseconds.
#[derive(Debug, Clone)]
enum QueueStep {
    Arrive {
        user: usize,
        scans: usize,
        work: u64,
    },
    /// The client of a scan leaves, one of those there are.
    Abandon {
        scan: usize,
    },
    Pass {
        time: u64,
    },
}

fn op() -> impl Strategy<Value = QueueStep> {
    let work = prop_oneof![2 => 1..5_u64, 2 => 5..100_u64, 1 => 1000..100_000_u64];
    prop_oneof![
        4 => (0..USERS, prop_oneof![4 => Just(1_usize), 1 => 1..30_usize], work)
            .prop_map(|(user, scans, work)| QueueStep::Arrive { user, scans, work }),
        2 => (0..100_usize).prop_map(|scan| QueueStep::Abandon { scan }),
        4 => (1..300_u64).prop_map(|time| QueueStep::Pass { time }),
    ]
}

#[derive(Debug)]
struct Scan {
    user: usize,
    left: u64,
    /// Of its present turn; `None` while it waits.
    ran: Option<u64>,
    overrun: u64,
    is_abandoned: bool,
}

struct Machine {
    queue: FairQueue,
    names: Vec<Arc<str>>,
    scans: HashMap<ScanId, Scan>,
    now: u64,
    /// For how long each user has run in all.
    served: [u64; USERS],
    /// Since when each user has had a scan that may run, and none that does.
    waits_since: [Option<u64>; USERS],
    /// What each of two users had been served when both began to have more to do than they could.
    both_since: HashMap<(usize, usize), (u64, u64)>,
}

impl Machine {
    fn new() -> Self {
        Self {
            queue: FairQueue::new(LIMITS),
            names: (0..USERS).map(|user| format!("user-{user}").into()).collect(),
            scans: HashMap::new(),
            now: 0,
            served: [0; USERS],
            waits_since: [None; USERS],
            both_since: HashMap::new(),
        }
    }

    fn apply(&mut self, op: &QueueStep) {
        match *op {
            QueueStep::Arrive { user, scans, work } => {
                (0..scans).for_each(|_| self.arrive(user, work));
            }
            QueueStep::Abandon { scan } => self.abandon(scan),
            QueueStep::Pass { time } => (0..time).for_each(|_| self.tick()),
        }
        self.dispatch();
    }

    fn arrive(&mut self, user: usize, left: u64) {
        let waiting = self.of(user).filter(|(_, scan)| scan.ran.is_none()).count();
        let id = self.queue.enqueue(&self.names[user], MAX_WAITING);
        assert_eq!(id.is_ok(), waiting < MAX_WAITING);
        if let Ok(id) = id {
            let overrun = left % (MAX_OVERRUN + 1);
            let scan = Scan { user, left, ran: None, overrun, is_abandoned: false };
            self.scans.insert(id, scan);
        }
    }

    /// One that waits is forgotten at once, one that runs when it looks the next time.
    fn abandon(&mut self, index: usize) {
        let mut ids: Vec<_> = self.scans.keys().copied().collect();
        ids.sort();
        let Some(id) = ids.get(index % ids.len().max(1)) else { return };
        let Some(scan) = self.scans.get_mut(id) else { return };
        scan.is_abandoned = true;
        if scan.ran.is_none() {
            self.scans.remove(id);
            self.queue.remove(*id, Duration::ZERO);
        }
    }

    /// A millisecond goes by.
    fn tick(&mut self) {
        self.dispatch();
        self.now += 1;
        let running: Vec<_> =
            self.scans.iter().filter(|(_, scan)| scan.ran.is_some()).map(|(id, _)| *id).collect();
        for id in running {
            let Some(scan) = self.scans.get_mut(&id) else { continue };
            let ran = scan.ran.unwrap_or_default() + 1;
            let spent = Duration::from_millis(ran);
            scan.left -= 1;
            scan.ran = Some(ran);
            self.served[scan.user] += 1;
            if scan.is_abandoned || scan.left == 0 {
                self.scans.remove(&id);
                self.queue.remove(id, spent);
            } else if spent >= SLICE + Duration::from_millis(scan.overrun) {
                scan.ran = None;
                self.queue.end_turn(id, spent);
            }
        }
        self.dispatch();
        self.check();
    }

    fn dispatch(&mut self) {
        while let Some(id) = self.queue.grant() {
            let scan = self.scans.get_mut(&id).expect("a scan that was forgotten has a turn");
            assert_eq!(scan.ran.replace(0), None, "a scan that runs has another turn");
        }
    }

    fn check(&mut self) {
        let running = self.scans.values().filter(|scan| scan.ran.is_some()).count();
        assert_eq!(self.queue.running(), running);
        assert!(running <= LIMITS.running && self.queue.threads() <= LIMITS.threads);
        assert!(self.queue.remembered_users() <= USERS);
        let has_more: Vec<bool> = (0..USERS).map(|user| self.has_more(user)).collect();
        for (user, has_more) in has_more.iter().enumerate() {
            let runs = self.of(user).any(|(_, scan)| scan.ran.is_some());
            match *has_more && !runs {
                true => self.check_wait(user),
                false => self.waits_since[user] = None,
            }
        }
        for pair in (0..USERS).flat_map(|one| (0..one).map(move |other| (one, other))) {
            match has_more[pair.0] && has_more[pair.1] {
                true => self.check_shares(pair),
                false => drop(self.both_since.remove(&pair)),
            }
        }
    }

    /// No user starves, however much work the others have.
    fn check_wait(&mut self, user: usize) {
        let since = *self.waits_since[user].get_or_insert(self.now);
        // Every user, this one too, may have got ahead by a turn at each place.
        let most = MAX_TURN * (USERS * LIMITS.running) as u64;
        assert!(self.now - since <= most, "user {user} waits for {} ms", self.now - since);
    }

    /// Two users that always have more to do get the same share.
    fn check_shares(&mut self, (one, other): (usize, usize)) {
        let served = (self.served[one], self.served[other]);
        let before = *self.both_since.entry((one, other)).or_insert(served);
        let (got, other_got) = (served.0 - before.0, served.1 - before.1);
        let most = 2 * MAX_TURN * LIMITS.running as u64;
        assert!(got.abs_diff(other_got) <= most, "{got} ms and {other_got} ms");
    }

    /// Whether a scan of the user waits that may run.
    fn has_more(&self, user: usize) -> bool {
        self.of(user).any(|(id, scan)| scan.ran.is_none() && self.queue.is_eligible(*id))
    }

    fn of(&self, user: usize) -> impl Iterator<Item = (&ScanId, &Scan)> {
        self.scans.iter().filter(move |(_, scan)| scan.user == user)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn no_user_starves_and_no_bound_is_exceeded(ops in prop::collection::vec(op(), 1..60)) {
        let mut machine = Machine::new();
        ops.iter().for_each(|op| machine.apply(op));
        // In the end all leave, and nothing is left.
        while !machine.scans.is_empty() {
            machine.apply(&QueueStep::Abandon { scan: 0 });
            machine.tick();
        }
        assert_eq!((machine.queue.threads(), machine.queue.remembered_users()), (0, 0));
    }
}

#[test]
fn a_user_with_one_scan_waits_for_one_turn_of_a_user_with_many() {
    let mut machine = Machine::new();
    machine.apply(&QueueStep::Arrive { user: 0, scans: 20, work: 100 * SECOND });
    machine.apply(&QueueStep::Pass { time: SECOND });
    for _ in 0..20 {
        let asked = machine.now;
        machine.apply(&QueueStep::Arrive { user: 1, scans: 1, work: 5 });
        while machine.of(1).next().is_some() {
            machine.tick();
        }
        assert!(machine.now - asked <= MAX_TURN + 5, "{} ms", machine.now - asked);
        machine.apply(&QueueStep::Pass { time: 100 });
    }
}

#[test]
fn a_user_with_ever_new_scans_gets_no_extra_turns() {
    let mut machine = Machine::new();
    machine.apply(&QueueStep::Arrive { user: 0, scans: 8, work: 100 * SECOND });
    machine.apply(&QueueStep::Arrive { user: 1, scans: 8, work: 100 * SECOND });
    // User 2 always has two scans, and each of them is a new one.
    while machine.now < 10 * SECOND {
        if machine.of(2).count() < 2 {
            machine.arrive(2, SLICE.as_millis() as u64);
        }
        machine.tick();
    }
    let least = machine.served.iter().take(3).min().unwrap();
    assert!(machine.served[2] <= least + 4 * MAX_TURN, "{:?}", machine.served);
}
