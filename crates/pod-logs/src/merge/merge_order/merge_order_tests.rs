use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use super::*;

fn at(millis: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(millis).unwrap()
}

/// The order of two logs and the time, in milliseconds.
fn two_logs() -> (MergeOrder, Arc<AtomicI64>) {
    let time = Arc::new(AtomicI64::new(1_000));
    let told = time.clone();
    let clock = MergeClock::new(move || at(told.load(Ordering::Relaxed)));
    (MergeOrder::new(2, clock), time)
}

fn next_round(order: &mut MergeOrder) -> Vec<usize> {
    order.end_round();
    order.begin_round();
    order.take_unread()
}

#[test]
fn a_line_waits_for_a_silent_log_until_its_end_is_known_to_be_later() {
    let (mut order, time) = two_logs();
    assert_eq!(order.take_unread(), [0, 1]);
    order.note_head(0, at(900), Duration::ZERO);
    order.note_end(1);
    assert_eq!(order.next(), None);
    time.store(1_099, Ordering::Relaxed);
    assert_eq!(next_round(&mut order), [1]);
    order.note_end(1);
    assert_eq!(order.next(), None);
    time.store(1_100, Ordering::Relaxed);
    assert_eq!(next_round(&mut order), [1]);
    order.note_end(1);
    assert_eq!(order.next(), Some(0));
}

#[test]
fn a_line_waits_for_a_second_for_a_log_whose_end_is_never_known() {
    let (mut order, time) = two_logs();
    order.take_unread();
    order.note_head(0, at(10), Duration::ZERO);
    order.note_silence(1);
    for (now, expected) in [(1_999, None), (2_000, Some(0))] {
        time.store(now, Ordering::Relaxed);
        assert_eq!(next_round(&mut order), [1]);
        order.note_silence(1);
        assert_eq!(order.next(), expected, "{now}");
        assert_eq!(order.given_until(), None);
    }
    order.remove(1);
    order.note_head(2, at(5), Duration::ZERO);
    assert_eq!(order.next(), Some(2));
}

#[test]
fn a_line_from_the_future_waits_for_a_second() {
    let (mut order, time) = two_logs();
    order.take_unread();
    order.note_head(1, at(1_000_000), Duration::ZERO);
    order.note_end(0);
    time.store(1_999, Ordering::Relaxed);
    next_round(&mut order);
    order.note_end(0);
    assert_eq!(order.next(), None);
    time.store(2_000, Ordering::Relaxed);
    next_round(&mut order);
    order.note_end(0);
    assert_eq!(order.next(), Some(1));
}

#[test]
fn the_earliest_line_comes_first_and_of_two_that_of_the_first_log() {
    let (mut order, _) = two_logs();
    order.take_unread();
    order.note_head(1, at(5), Duration::ZERO);
    order.note_head(0, at(5), Duration::ZERO);
    order.note_head(2, at(4), Duration::ZERO);
    let mut all = Vec::new();
    while let Some(log) = order.next() {
        order.take_next();
        all.push(log);
    }
    assert_eq!(all, [2, 0, 1]);
    assert!(!order.has_logs());
}

#[test]
fn what_was_given_is_known_up_to_the_first_line_that_waits() {
    let (mut order, time) = two_logs();
    assert_eq!(order.given_until(), None);
    order.take_unread();
    order.note_end(0);
    order.note_end(1);
    assert_eq!(order.given_until(), Some(at(800)));
    time.store(2_000, Ordering::Relaxed);
    next_round(&mut order);
    order.note_head(0, at(1_900), Duration::ZERO);
    assert_eq!(order.given_until(), Some(at(1_900)));
    order.note_end(1);
    assert_eq!(order.given_until(), Some(at(1_800)));
    order.remove(0);
    order.remove(1);
    assert_eq!(order.given_until(), Some(at(1_800)));
    time.store(3_000, Ordering::Relaxed);
    assert_eq!(order.given_until(), Some(at(2_800)));
}

#[test]
fn a_log_that_is_left_out_is_not_waited_for() {
    let (mut order, _) = two_logs();
    order.take_unread();
    order.note_head(0, at(1_000), Duration::ZERO);
    order.note_end(1);
    order.remove(1);
    assert_eq!(order.next(), Some(0));
    order.remove(0);
    assert!(!order.has_logs() && !order.holds_lines());
}

#[test]
fn a_line_that_has_waited_behind_others_of_its_log_does_not_wait_again() {
    let (mut order, _time) = two_logs();
    order.take_unread();
    order.note_silence(1);
    order.note_head(0, at(5), Duration::from_millis(999));
    assert_eq!(order.next(), None);
    order.remove(0);
    order.note_head(0, at(5), Duration::from_secs(1));
    assert_eq!(order.next(), Some(0));
}
