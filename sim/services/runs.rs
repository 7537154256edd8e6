//! Runs of seeds.

use std::{
    ops::Range,
    thread,
    time::{Duration, SystemTime},
};

use turmoil::{Builder, Sim};

use crate::{
    clients::Clients,
    faults::{Faults, LATENCY},
    hosts::{CLIENTS, Hosts},
    trace::Trace,
    world,
};

/// How many seeds every test run takes.
const SEEDS: u64 = 3;
/// Longer than a simulation takes by its own time.
const LONGEST: Duration = Duration::from_secs(600);
/// How many lines of the trace are told with a fault.
const TOLD: usize = 60;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Weather {
    Faults,
    NoFaults,
}

/// What a seed led to.
struct Run {
    answers: usize,
    unknown: usize,
    /// Those of them that nothing but a fault explains.
    unexplained: usize,
    trace: Vec<String>,
}

/// Runs a seed on a thread of its own, whose name gives it its random numbers.
///
/// # Errors
/// The first answer that may not be.
fn run(seed: u64, weather: Weather) -> Result<Run, String> {
    let thread = thread::Builder::new().name(format!("seed {seed}"));
    let running = thread.spawn(move || simulate(seed, weather)).unwrap();
    running.join().unwrap_or_else(|_| Err("the simulation panicked".to_owned()))
}

fn simulate(seed: u64, weather: Weather) -> Result<Run, String> {
    world::enter();
    let mut random = fastrand::Rng::with_seed(seed);
    let mut sim = Builder::new()
        .rng_seed(seed)
        .epoch(SystemTime::UNIX_EPOCH)
        .simulation_duration(LONGEST)
        .tick_duration(Duration::from_millis(1))
        .max_message_latency(LATENCY)
        .tcp_capacity(4096)
        .enable_random_order()
        .build();
    let (instances, trace) = (1 + usize::try_from(seed % 4).unwrap(), Trace::default());
    let hosts = Hosts::start(&mut sim, instances, &trace).map_err(|error| error.to_string())?;
    let clients = Clients::new(hosts.instances.clone(), random.fork(), trace.clone());
    sim.client(CLIENTS, clients.clone().run(random.usize(2..6)));
    let faults = (weather == Weather::Faults).then(|| Faults::new(random, trace.clone()));
    drive(&mut sim, &hosts, &clients, faults).map_err(|fault| told(&trace, &fault))?;
    let [answers, unknown, unexplained] = clients.answers();
    Ok(Run { answers, unknown, unexplained, trace: trace.lines() })
}

fn drive(
    sim: &mut Sim<'_>,
    hosts: &Hosts,
    clients: &Clients,
    mut faults: Option<Faults>,
) -> Result<(), String> {
    while !sim.step().map_err(|error| error.to_string())? {
        if let Some(fault) = clients.fault() {
            return Err(fault);
        }
        if let Some(faults) = faults.as_mut().filter(|_| clients.is_begun()) {
            faults.step(sim, hosts);
        }
    }
    clients.fault().map_or(Ok(()), Err)
}

/// A fault and what came before it.
fn told(trace: &Trace, fault: &str) -> String {
    let lines = trace.lines();
    let last = &lines[lines.len().saturating_sub(TOLD)..];
    format!("{}\n{fault}", last.join("\n"))
}

/// The seeds of `cargo xtask sim --services`, else of every test run.
fn seeds() -> Range<u64> {
    let number = |text: Option<&str>| text.and_then(|text| text.parse().ok());
    let first = number(option_env!("SIMULATION_FIRST_SEED")).unwrap_or(0);
    first..first + number(option_env!("SIMULATION_SEEDS")).unwrap_or(SEEDS)
}

#[test]
fn no_revoked_token_is_accepted_and_no_new_one_refused() {
    let (mut answers, mut unknown) = (0, 0);
    for seed in seeds() {
        match run(seed, Weather::Faults) {
            Ok(run) => {
                answers += run.answers;
                unknown += run.unknown;
            }
            Err(fault) => {
                panic!("{fault}; again: cargo xtask sim --services --first-seed {seed} --seeds 1")
            }
        }
    }
    assert!(answers > 0 && unknown < answers / 2, "{unknown} of {answers} answers are unknown");
}

#[test]
fn without_faults_every_answer_is_known() {
    let run = run(2, Weather::NoFaults).unwrap();
    assert!(run.answers > 100, "{}", run.answers);
    assert_eq!(run.unexplained, 0, "{:#?}", run.trace);
}

#[test]
fn a_seed_gives_the_same_run_again() {
    let [first, second] = [(); 2].map(|()| run(3, Weather::Faults).unwrap().trace);
    assert!(first.len() > 100, "{}", first.len());
    assert_eq!(first, second);
}
