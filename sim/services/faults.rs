//! One harm after the other, and some of it healed.

use std::time::Duration;

use turmoil::Sim;

use crate::{
    hosts::{CLIENTS, DATABASE, GATEWAY, Hosts},
    processes::Process,
    trace::Trace,
};

/// How long messages take at most, when the network is well.
pub(crate) const LATENCY: Duration = Duration::from_millis(8);

/// What goes wrong, and when.
pub(crate) struct Faults {
    random: fastrand::Rng,
    next: Duration,
    /// The processes that are paused, and until when.
    paused: Vec<(Duration, Process)>,
    trace: Trace,
}

impl Faults {
    pub(crate) fn new(random: fastrand::Rng, trace: Trace) -> Self {
        Self { random, next: Duration::ZERO, paused: Vec::new(), trace }
    }

    /// Does what is due before the next step of the simulation.
    pub(crate) fn step(&mut self, sim: &mut Sim<'_>, hosts: &Hosts) {
        let now = sim.elapsed();
        for (_, process) in self.paused.extract_if(.., |(end, _)| *end <= now) {
            process.resume();
        }
        if self.next <= now {
            self.harm(sim, hosts);
            if self.random.u8(0..3) > 0 {
                heal(sim, hosts);
            }
            self.next = now + self.up_to(2500);
        }
    }

    fn harm(&mut self, sim: &mut Sim<'_>, hosts: &Hosts) {
        let (name, process) = &hosts.processes[self.random.usize(0..hosts.processes.len())];
        let [one, other] = self.link(hosts);
        let harm = match self.random.u8(0..9) {
            0 | 1 => self.pause(sim.elapsed(), name, process),
            2 => {
                process.kill();
                format!("{name} is killed")
            }
            3 => {
                process.terminate();
                format!("{name} is terminated")
            }
            4 => {
                sim.partition(one, other);
                format!("{one} and {other} are cut off from each other")
            }
            5 => {
                sim.partition_oneway(one, other);
                format!("messages from {one} to {other} are lost")
            }
            6 => {
                sim.hold(one, other);
                format!("messages between {one} and {other} are held")
            }
            7 => {
                let rate = self.random.f64() / 20.0;
                sim.set_link_fail_rate(one, other, rate);
                format!("some messages between {one} and {other} are lost")
            }
            _ => {
                let latency = self.up_to(900);
                sim.set_link_max_message_latency(one, other, latency + LATENCY);
                format!("messages between {one} and {other} take up to {latency:?}")
            }
        };
        self.trace.note_at(sim.elapsed(), &harm);
    }

    fn pause(&mut self, now: Duration, name: &str, process: &Process) -> String {
        let length = self.up_to(6000);
        process.pause();
        self.paused.push((now + length, process.clone()));
        format!("{name} is paused for {length:?}")
    }

    /// Two hosts that speak with each other: most often an instance and the database.
    fn link<'h>(&mut self, hosts: &'h Hosts) -> [&'h str; 2] {
        let instance = &hosts.instances[self.random.usize(0..hosts.instances.len())];
        let others = [DATABASE, DATABASE, GATEWAY, CLIENTS];
        [instance, others[self.random.usize(0..others.len())]]
    }

    fn up_to(&mut self, millis: u64) -> Duration {
        Duration::from_millis(self.random.u64(0..=millis))
    }
}

fn heal(sim: &mut Sim<'_>, hosts: &Hosts) {
    for instance in &hosts.instances {
        for other in [DATABASE, GATEWAY, CLIENTS] {
            sim.set_link_fail_rate(instance.as_str(), other, 0.0);
            sim.set_link_max_message_latency(instance.as_str(), other, LATENCY);
            sim.release(instance.as_str(), other);
        }
    }
}
