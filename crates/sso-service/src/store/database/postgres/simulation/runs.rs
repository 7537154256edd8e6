//! Runs of the simulation.

use std::time::Duration;

use tokio::{runtime, task::LocalSet, time::sleep};

use super::{clock, history::History, world::World};

/// How much time passes in a run.
const LENGTH: Duration = Duration::from_secs(40);
/// Beyond the first, seeds that failed once.
const SEEDS: u64 = 200;

/// What a run may contain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Weather {
    Faults,
    NoFaults,
}

/// Runs a seed, and gives its history.
///
/// # Errors
/// When an answer was not allowed.
fn run(seed: u64, weather: Weather) -> Result<History, String> {
    let mut builder = runtime::Builder::new_current_thread();
    let runtime = builder.enable_time().start_paused(true).build().unwrap();
    let simulation = async {
        clock::begin();
        let instances = 1 + usize::try_from(seed % 4).unwrap();
        let world = World::new(seed, instances);
        for _ in 0..2 + seed % 5 {
            tokio::task::spawn_local(world.clone().client());
        }
        if weather == Weather::Faults {
            tokio::task::spawn_local(world.clone().faults());
        }
        sleep(LENGTH).await;
        clock::end();
        world.fault().map_or(Ok(world.history.take()), Err)
    };
    LocalSet::new().block_on(&runtime, simulation)
}

/// The seeds of `cargo xtask sim`, else of every test run.
fn seeds() -> std::ops::Range<u64> {
    let number = |text: Option<&str>| text.and_then(|text| text.parse().ok());
    let first = number(option_env!("SIMULATION_FIRST_SEED")).unwrap_or(0);
    first..first + number(option_env!("SIMULATION_SEEDS")).unwrap_or(SEEDS)
}

#[test]
fn no_revoked_token_is_accepted_and_no_new_one_refused() {
    let (mut answers, mut unknown) = (0, 0);
    for seed in seeds() {
        match run(seed, Weather::Faults) {
            Ok(history) => {
                answers += history.answers;
                unknown += history.unknown;
            }
            Err(fault) => panic!("{fault}; again: cargo xtask sim --first-seed {seed} --seeds 1"),
        }
    }
    assert!(answers > 0 && unknown < answers / 2, "{unknown} of {answers} answers are unknown");
}

#[test]
fn without_faults_every_answer_is_known() {
    for seed in 0..20 {
        let history = run(seed, Weather::NoFaults).unwrap();
        assert!(history.answers > 100, "seed {seed}: {}", history.answers);
        // While the instances start, they hold no lease.
        assert!(history.unknown < 10, "seed {seed}: {}", history.unknown);
    }
}

#[test]
fn a_seed_gives_the_same_run_again() {
    for seed in 0..10 {
        let [first, second] = [(); 2].map(|()| run(seed, Weather::Faults).unwrap().lines);
        assert!(first.len() > 100);
        assert_eq!(first, second, "seed {seed}");
    }
}
