//! Remembers which instances of the authority failed and are not asked for a while.

use std::{
    sync::atomic::{AtomicU64, Ordering},
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
    /// In nanoseconds since `created`. 0: the instance is well.
    rests_until: Vec<AtomicU64>,
}

/// A change of the state of an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum InstanceChange {
    /// It failed, and another one is well.
    Down,
    /// It failed as the last one.
    AllDown,
    /// It is well again.
    Up,
}

impl RestingInstances {
    /// This number of instances, all of them well.
    pub(crate) fn of(instances: usize) -> Self {
        let rests_until = (0..instances).map(|_| AtomicU64::new(0)).collect();
        Self { created: Instant::now(), rests_until }
    }

    /// The first instance other than `except` that does not rest; if all rest, the one that has
    /// rested longest; without another one, `except`.
    pub(super) fn next(&self, except: Option<usize>) -> usize {
        let now = nanos(self.created.elapsed());
        let rest = |number: &usize| Some(self.rests_until(*number)).filter(|until| *until > now);
        let others = (0..self.rests_until.len()).filter(|number| Some(*number) != except);
        others.min_by_key(rest).or(except).unwrap_or(0)
    }

    /// Notes that an instance is about to be asked. If it has rested, no other call tries it for a
    /// while.
    pub(super) fn begin_to_ask(&self, number: usize) {
        let rest_again = |until| (until > 0).then(|| self.after_rest());
        // An instance that is well stays so.
        let _ =
            self.rests_until[number].fetch_update(Ordering::SeqCst, Ordering::SeqCst, rest_again);
    }

    /// Notes whether an instance is well, and returns what this changes.
    pub(super) fn note(&self, number: usize, is_well: bool) -> Option<InstanceChange> {
        if is_well && self.rests_until(number) == 0 {
            return None;
        }
        let until = if is_well { 0 } else { self.after_rest() };
        let was_well = self.rests_until[number].swap(until, Ordering::SeqCst) == 0;
        match (was_well, is_well) {
            (true, false) if self.none_is_well() => Some(InstanceChange::AllDown),
            (true, false) => Some(InstanceChange::Down),
            (false, true) => Some(InstanceChange::Up),
            _ => None,
        }
    }

    fn none_is_well(&self) -> bool {
        (0..self.rests_until.len()).all(|number| self.rests_until(number) > 0)
    }

    fn rests_until(&self, number: usize) -> u64 {
        self.rests_until[number].load(Ordering::SeqCst)
    }

    fn after_rest(&self) -> u64 {
        nanos(self.created.elapsed() + REST)
    }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_first_instance_that_is_well_is_asked_and_another_in_its_place() {
        let resting = RestingInstances::of(3);
        assert_eq!((resting.next(None), resting.next(Some(0))), (0, 1));
        assert_eq!(resting.note(0, false), Some(InstanceChange::Down));
        assert_eq!((resting.next(None), resting.next(Some(1))), (1, 2));
        assert_eq!(resting.note(1, false), Some(InstanceChange::Down));
        assert_eq!((resting.next(None), resting.next(Some(2))), (2, 0));
        let alone = RestingInstances::of(1);
        alone.note(0, false);
        assert_eq!((alone.next(None), alone.next(Some(0))), (0, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn after_a_rest_one_call_tries_an_instance_and_the_others_follow_once_it_is_well() {
        let resting = RestingInstances::of(2);
        resting.note(0, false);
        advance(REST - Duration::from_millis(1)).await;
        assert_eq!(resting.next(None), 1);
        advance(Duration::from_millis(1)).await;
        assert_eq!(resting.next(None), 0);
        resting.begin_to_ask(0);
        assert_eq!(resting.next(None), 1, "it is being tried");
        assert_eq!(resting.note(0, true), Some(InstanceChange::Up));
        assert_eq!(resting.next(None), 0);
        resting.begin_to_ask(0);
        assert_eq!(resting.next(None), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn if_none_is_well_they_take_turns() {
        let resting = RestingInstances::of(2);
        for number in [0, 1, 0, 1] {
            assert_eq!(resting.next(None), number);
            resting.begin_to_ask(number);
            resting.note(number, false);
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
            assert_eq!(resting.note(number, is_well), change, "{number} {is_well}");
            advance(Duration::from_millis(10)).await;
        }
    }
}
