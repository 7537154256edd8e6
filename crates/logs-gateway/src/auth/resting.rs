//! Remembers which instances of the authority failed and are not asked for a while.

use std::{cell::Cell, time::Duration};

use tokio::time::Instant;

/// How long the others are asked in place of an instance that failed.
const REST: Duration = Duration::from_secs(5);

/// For each instance until when it rests, if it has failed since it was last well.
///
/// The first instance that does not rest is asked. After [`REST`] one call tries an instance again;
/// if it is well, all later calls go there.
#[derive(Debug)]
pub(super) struct RestingInstances(Vec<Cell<Option<Instant>>>);

impl RestingInstances {
    /// This number of instances, all of them well.
    pub(super) fn of(instances: usize) -> Self {
        Self(vec![Cell::new(None); instances])
    }

    /// The first instance other than `except` that does not rest; if all rest, the one that has
    /// rested longest; without another one, `except`.
    pub(super) fn next(&self, except: Option<usize>) -> usize {
        let now = Instant::now();
        let rests_until = |number: &usize| self.0[*number].get().filter(|until| *until > now);
        let others = (0..self.0.len()).filter(|number| Some(*number) != except);
        others.min_by_key(rests_until).or(except).unwrap_or(0)
    }

    /// Notes that an instance is about to be asked. If it has rested, no other call tries it for a
    /// while.
    pub(super) fn begin_to_ask(&self, number: usize) {
        let instance = &self.0[number];
        if instance.get().is_some() {
            instance.set(Some(Instant::now() + REST));
        }
    }

    /// Notes whether an instance is well, and says whether it was not before.
    pub(super) fn note(&self, number: usize, is_well: bool) -> bool {
        let until = (!is_well).then(|| Instant::now() + REST);
        self.0[number].replace(until).is_some()
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_first_instance_that_is_well_is_asked_and_another_in_its_place() {
        let resting = RestingInstances::of(3);
        assert_eq!((resting.next(None), resting.next(Some(0))), (0, 1));
        assert!(!resting.note(0, false));
        assert_eq!((resting.next(None), resting.next(Some(1))), (1, 2));
        assert!(!resting.note(1, false));
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
        assert!(resting.note(0, true));
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
}
