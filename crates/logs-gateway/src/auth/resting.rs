//! Remembers which instances of the authority failed and are not asked for a while.

use std::{
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    time::Duration,
};

use tokio::time::Instant;

/// How long the others are asked in place of an instance that failed.
const REST: Duration = Duration::from_secs(5);

/// For each instance until when it rests, if it has failed since it was last well. All workers share
/// it: an instance that failed for one is left by all.
///
/// The first instance that does not rest is asked. After [`REST`] one call tries an instance again;
/// if it is well, all later calls go there.
#[derive(Debug)]
pub(crate) struct RestingInstances {
    created: Instant,
    instances: Vec<InstanceRest>,
    /// Whether every instance has failed, and none was well since.
    all_down: AtomicBool,
}

/// Times in nanoseconds since the creation.
#[derive(Debug, Default)]
struct InstanceRest {
    /// 0: the instance is well.
    until: AtomicU64,
    /// When it failed last.
    failed: AtomicU64,
}

/// When a call began.
#[derive(Debug, Clone, Copy)]
pub(super) struct CallStart(u64);

/// A change of the state of an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum InstanceChange {
    /// It failed, and another one is well, or has not been asked for a while.
    Down,
    /// It failed, and so did all others a moment ago.
    AllDown,
    /// It is well again.
    Up,
}

impl RestingInstances {
    /// This number of instances, all of them well.
    pub(crate) fn of(instances: usize) -> Self {
        let instances = (0..instances).map(|_| InstanceRest::default()).collect();
        Self { created: Instant::now(), instances, all_down: AtomicBool::new(false) }
    }

    /// The first instance other than `except` that does not rest; if all rest, the one that has
    /// rested longest; without another one, `except`.
    pub(super) fn next(&self, except: Option<usize>) -> usize {
        let now = self.now();
        let rest = |number: &usize| Some(self.rests_until(*number)).filter(|until| *until > now);
        let others = (0..self.instances.len()).filter(|number| Some(*number) != except);
        others.min_by_key(rest).or(except).unwrap_or(0)
    }

    /// Notes that an instance is about to be asked. If it has rested, no other call tries it for a
    /// while.
    pub(super) fn begin_to_ask(&self, number: usize) -> CallStart {
        let start = self.now();
        let rest_again = |until| (until > 0).then(|| after_rest(start));
        // An instance that is well stays so.
        let _ = self.instances[number].until.fetch_update(
            Ordering::SeqCst,
            Ordering::SeqCst,
            rest_again,
        );
        CallStart(start)
    }

    /// Notes whether an instance was well in a call, and returns what this changes.
    pub(super) fn note(
        &self,
        number: usize,
        start: CallStart,
        is_well: bool,
    ) -> Option<InstanceChange> {
        if is_well { self.note_success(number, start) } else { self.note_failure(number) }
    }

    fn note_success(&self, number: usize, CallStart(start): CallStart) -> Option<InstanceChange> {
        let instance = &self.instances[number];
        let failed_since = start < instance.failed.load(Ordering::SeqCst);
        if self.rests_until(number) == 0 || failed_since {
            return None;
        }
        self.all_down.store(false, Ordering::SeqCst);
        let was_down = instance.until.swap(0, Ordering::SeqCst) > 0;
        was_down.then_some(InstanceChange::Up)
    }

    fn note_failure(&self, number: usize) -> Option<InstanceChange> {
        let (instance, now) = (&self.instances[number], self.now());
        instance.failed.store(now, Ordering::SeqCst);
        let was_well = instance.until.swap(after_rest(now), Ordering::SeqCst) == 0;
        if self.all_rest() && !self.all_down.swap(true, Ordering::SeqCst) {
            return Some(InstanceChange::AllDown);
        }
        was_well.then_some(InstanceChange::Down)
    }

    fn all_rest(&self) -> bool {
        let now = self.now();
        (0..self.instances.len()).all(|number| self.rests_until(number) > now)
    }

    fn rests_until(&self, number: usize) -> u64 {
        self.instances[number].until.load(Ordering::SeqCst)
    }

    fn now(&self) -> u64 {
        nanos(self.created.elapsed())
    }
}

fn after_rest(start: u64) -> u64 {
    start.saturating_add(nanos(REST))
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    /// A call that ends at once.
    fn ask(resting: &RestingInstances, number: usize, is_well: bool) -> Option<InstanceChange> {
        let start = resting.begin_to_ask(number);
        resting.note(number, start, is_well)
    }

    #[tokio::test(start_paused = true)]
    async fn the_first_instance_that_is_well_is_asked_and_another_in_its_place() {
        let resting = RestingInstances::of(3);
        assert_eq!((resting.next(None), resting.next(Some(0))), (0, 1));
        assert_eq!(ask(&resting, 0, false), Some(InstanceChange::Down));
        assert_eq!((resting.next(None), resting.next(Some(1))), (1, 2));
        assert_eq!(ask(&resting, 1, false), Some(InstanceChange::Down));
        assert_eq!((resting.next(None), resting.next(Some(2))), (2, 0));
        let alone = RestingInstances::of(1);
        ask(&alone, 0, false);
        assert_eq!((alone.next(None), alone.next(Some(0))), (0, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn after_a_rest_one_call_tries_an_instance_and_the_others_follow_once_it_is_well() {
        let resting = RestingInstances::of(2);
        ask(&resting, 0, false);
        advance(REST - Duration::from_millis(1)).await;
        assert_eq!(resting.next(None), 1);
        advance(Duration::from_millis(1)).await;
        assert_eq!(resting.next(None), 0);
        resting.begin_to_ask(0);
        assert_eq!(resting.next(None), 1, "it is being tried");
        assert_eq!(ask(&resting, 0, true), Some(InstanceChange::Up));
        assert_eq!(resting.next(None), 0);
        resting.begin_to_ask(0);
        assert_eq!(resting.next(None), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn if_none_is_well_they_take_turns() {
        let resting = RestingInstances::of(2);
        for number in [0, 1, 0, 1] {
            assert_eq!(resting.next(None), number);
            ask(&resting, number, false);
            advance(Duration::from_millis(10)).await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn each_change_is_told_once() {
        use InstanceChange::{AllDown, Down, Up};
        let resting = RestingInstances::of(2);
        for (number, is_well, change) in [
            (0, true, None),
            (0, false, Some(Down)),
            (0, false, None),
            (1, false, Some(AllDown)),
            (0, false, None),
            (1, true, Some(Up)),
            (1, true, None),
            (1, false, Some(AllDown)),
        ] {
            assert_eq!(ask(&resting, number, is_well), change, "{number} {is_well}");
            advance(Duration::from_millis(10)).await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn instance_that_was_not_asked_for_a_while_does_not_count_as_down() {
        let resting = RestingInstances::of(2);
        ask(&resting, 0, false);
        assert_eq!(ask(&resting, 1, false), Some(InstanceChange::AllDown));
        assert_eq!(ask(&resting, 0, true), Some(InstanceChange::Up));
        advance(2 * REST).await;
        assert_eq!(ask(&resting, 0, false), Some(InstanceChange::Down), "1 may be well");
        assert_eq!(ask(&resting, 1, false), Some(InstanceChange::AllDown));
        advance(2 * REST).await;
        for number in [0, 1] {
            assert_eq!(ask(&resting, number, false), None, "it was told");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn call_that_began_before_a_failure_does_not_make_an_instance_well() {
        let resting = RestingInstances::of(2);
        let early = resting.begin_to_ask(0);
        advance(Duration::from_millis(10)).await;
        assert_eq!(ask(&resting, 0, false), Some(InstanceChange::Down));
        assert_eq!(resting.note(0, early, true), None);
        assert_eq!(resting.next(None), 1);
        assert_eq!(ask(&resting, 0, true), Some(InstanceChange::Up));
    }
}
