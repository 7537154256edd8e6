//! Random histories of attempts against the promises of the limiter.

use std::{collections::HashMap, time::Duration};

use chrono::{DateTime, Utc};
use proptest::prelude::*;

use super::{
    account_key::AccountKey,
    bucket::{AttemptOutcome, BucketFull},
    networks_of_account::NETWORKS,
    tables::{
        ACCOUNTS, AttemptSource, CLIENT_NETWORKS, Counted, KNOWN_ACCOUNTS, LoginLimits, Tables,
    },
};
use crate::{network::Network, test_service::noon};

const LIMITS: LoginLimits = LoginLimits { per_network: 5, per_account: 3 };
const MINUTE: Duration = Duration::from_secs(60);

fn network(number: u32) -> Network {
    Network::of(number.to_be_bytes().into())
}

fn source(account: u64, network_number: u32, at: DateTime<Utc>) -> AttemptSource {
    AttemptSource { account: AccountKey::test(account), network: network(network_number), at }
}

/// An attempt with this outcome, unless it is refused.
fn attempt(
    tables: &mut Tables,
    source: AttemptSource,
    ending: AttemptOutcome,
) -> Result<(), BucketFull> {
    let counted = tables.begin(source)?;
    tables.end(source, counted, ending);
    Ok(())
}

/// A step of a history: an attempt begins, or the one at this index, counted from the oldest, ends.
#[derive(Debug, Clone)]
enum LimiterStep {
    Begin { account: u64, network: u32 },
    End { index: usize, ending: AttemptOutcome },
    Wait { millis: u64 },
}

fn steps() -> impl Strategy<Value = Vec<LimiterStep>> {
    let ending = prop_oneof![
        6 => Just(AttemptOutcome::Wrong),
        1 => Just(AttemptOutcome::Right),
        1 => Just(AttemptOutcome::Undecided)
    ];
    let step = prop_oneof![
        3 => (0..4_u64, 0..3_u32).prop_map(|(account, network)| LimiterStep::Begin { account, network }),
        3 => (0..8_usize, ending).prop_map(|(index, ending)| LimiterStep::End { index, ending }),
        1 => (0..15_000_u64).prop_map(|millis| LimiterStep::Wait { millis }),
    ];
    proptest::collection::vec(step, 0..400)
}

/// When failures were, by what they are counted on.
#[derive(Default)]
struct Failures(HashMap<String, Vec<DateTime<Utc>>>);

impl Failures {
    fn note(&mut self, source: AttemptSource, counted: Counted) {
        let AttemptSource { account, network, at } = source;
        let counts_on = match counted {
            Counted::Known => vec![format!("{account:?} {network:?}")],
            Counted::Stranger => vec![format!("{account:?}"), format!("{network:?}")],
        };
        for name in counts_on {
            self.0.entry(name).or_default().push(at);
        }
    }

    /// No minute, wherever it begins, has more than the limit.
    fn check(self) -> Result<(), TestCaseError> {
        for (name, mut times) in self.0 {
            times.sort_unstable();
            let is_network = name.starts_with("Network");
            let limit = if is_network { LIMITS.per_network } else { LIMITS.per_account } as usize;
            for window in times.windows(limit + 1) {
                let apart = window[limit] - window[0];
                prop_assert!(apart.to_std().unwrap() >= MINUTE, "{name}: {window:?}");
            }
        }
        Ok(())
    }
}

proptest! {
    #[test]
    fn no_minute_has_more_failures_than_the_limit(steps in steps()) {
        let mut tables = Tables::new(LIMITS);
        let (mut now, mut going_on, mut failures) = (noon(), Vec::new(), Failures::default());
        for step in steps {
            match step {
                LimiterStep::Wait { millis } => now += Duration::from_millis(millis),
                LimiterStep::Begin { account, network } => {
                    let source = source(account, network, now);
                    if let Ok(counted) = tables.begin(source) {
                        going_on.push((source, counted));
                    }
                }
                LimiterStep::End { index, ending } if index < going_on.len() => {
                    let (source, counted) = going_on.remove(index);
                    tables.end(source, counted, ending);
                    if ending == AttemptOutcome::Wrong {
                        failures.note(source, counted);
                    }
                }
                LimiterStep::End { .. } => {}
            }
        }
        failures.check()?;
    }

    /// A client may try again after the announced time, and not before.
    #[test]
    fn an_attempt_succeeds_after_the_stated_wait(pauses in proptest::collection::vec(0..20_000_u64, 1..40)) {
        let mut tables = Tables::new(LIMITS);
        let mut now = noon();
        for pause in pauses {
            now += Duration::from_millis(pause);
            if let Err(BucketFull::Spent(wait)) = attempt(&mut tables, source(1, 1, now), AttemptOutcome::Wrong) {
                prop_assert!(wait > Duration::ZERO && wait <= Duration::from_secs(70));
                let early = source(1, 1, now + wait - Duration::from_millis(1));
                prop_assert!(matches!(tables.begin(early), Err(BucketFull::Spent(_))));
                now += wait;
                prop_assert_eq!(attempt(&mut tables, source(1, 1, now), AttemptOutcome::Wrong), Ok(()));
            }
        }
    }

    #[test]
    fn right_passwords_are_never_limited(pauses in proptest::collection::vec(0..1000_u64, 0..200)) {
        let mut tables = Tables::new(LIMITS);
        let mut now = noon();
        for pause in pauses {
            now += Duration::from_millis(pause);
            prop_assert_eq!(attempt(&mut tables, source(1, 1, now), AttemptOutcome::Right), Ok(()));
        }
    }
}

#[test]
fn a_known_network_is_not_locked_out_by_failures_elsewhere() {
    let mut tables = Tables::new(LIMITS);
    attempt(&mut tables, source(1, 1, noon()), AttemptOutcome::Right).unwrap();
    for stranger in 2..100 {
        let _ = attempt(&mut tables, source(1, stranger, noon()), AttemptOutcome::Wrong);
    }
    let elsewhere = attempt(&mut tables, source(1, 200, noon()), AttemptOutcome::Right);
    assert!(matches!(elsewhere, Err(BucketFull::Spent(_))), "{elsewhere:?}");
    attempt(&mut tables, source(1, 1, noon()), AttemptOutcome::Right).unwrap();
}

#[test]
fn a_known_account_is_not_locked_out_by_others_in_its_network() {
    let mut tables = Tables::new(LIMITS);
    attempt(&mut tables, source(1, 1, noon()), AttemptOutcome::Right).unwrap();
    for account in 2..100 {
        let _ = attempt(&mut tables, source(account, 1, noon()), AttemptOutcome::Wrong);
    }
    let neighbour = attempt(&mut tables, source(200, 1, noon()), AttemptOutcome::Right);
    assert!(matches!(neighbour, Err(BucketFull::Spent(_))), "{neighbour:?}");
    attempt(&mut tables, source(1, 1, noon()), AttemptOutcome::Right).unwrap();
}

#[test]
fn a_known_network_does_not_exceed_the_limit() {
    let mut tables = Tables::new(LIMITS);
    attempt(&mut tables, source(1, 1, noon()), AttemptOutcome::Right).unwrap();
    let try_wrong =
        |_: &u32| attempt(&mut tables, source(1, 1, noon()), AttemptOutcome::Wrong).is_ok();
    assert_eq!((0..100).filter(try_wrong).count(), 3);
}

#[test]
fn a_network_that_tries_many_accounts_fails_once_a_minute() {
    let mut tables = Tables::new(LIMITS);
    let mut now = noon();
    for account in 0..15 {
        now += MINUTE;
        attempt(&mut tables, source(account, 1, now), AttemptOutcome::Wrong).unwrap();
    }
    let mut passed = 0;
    for account in 100..700 {
        now += Duration::from_secs(1);
        passed +=
            u32::from(attempt(&mut tables, source(account, 1, now), AttemptOutcome::Wrong).is_ok());
    }
    assert!((8..=10).contains(&passed), "{passed} in ten minutes");
    // Other networks are not concerned.
    attempt(&mut tables, source(7, 2, now), AttemptOutcome::Wrong).unwrap();
    now += Duration::from_secs(3 * 60 * 60);
    for account in 0..5 {
        attempt(&mut tables, source(account, 1, now), AttemptOutcome::Wrong).unwrap();
    }
}

#[test]
fn zero_disables_the_limit() {
    let off = LoginLimits { per_network: 0, per_account: 0 };
    let mut tables = Tables::new(off);
    for _ in 0..1000 {
        attempt(&mut tables, source(1, 1, noon()), AttemptOutcome::Wrong).unwrap();
    }
    assert_eq!(tables.len(), 0);
    let mut by_account = Tables::new(LoginLimits { per_account: 3, ..off });
    let mut by_network = Tables::new(LoginLimits { per_network: 5, ..off });
    for _ in 0..3 {
        attempt(&mut by_account, source(1, 1, noon()), AttemptOutcome::Wrong).unwrap();
        attempt(&mut by_network, source(1, 1, noon()), AttemptOutcome::Wrong).unwrap();
    }
    assert!(attempt(&mut by_account, source(1, 2, noon()), AttemptOutcome::Wrong).is_err());
    attempt(&mut by_network, source(1, 1, noon()), AttemptOutcome::Wrong).unwrap();
}

/// A million names from as many networks, and a log-in now and then.
#[test]
fn a_million_names_stay_within_the_bound() {
    let mut tables = Tables::new(LIMITS);
    let spent = || source(u64::MAX, u32::MAX, noon());
    for _ in 0..3 {
        attempt(&mut tables, spent(), AttemptOutcome::Wrong).unwrap();
    }
    for number in 0..1_000_000 {
        let ending = if number % 10 == 0 { AttemptOutcome::Right } else { AttemptOutcome::Wrong };
        let _ = attempt(&mut tables, source(number.into(), number, noon()), ending);
    }
    assert_eq!(tables.len(), ACCOUNTS + CLIENT_NETWORKS + KNOWN_ACCOUNTS);
    assert_eq!(KNOWN_ACCOUNTS * NETWORKS + ACCOUNTS + CLIENT_NETWORKS, 100_000);
    // Earlier failures are not forgotten.
    assert!(attempt(&mut tables, spent(), AttemptOutcome::Wrong).is_err());
}
