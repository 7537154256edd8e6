//! One seed: a service that is restarted again and again, and what its clients find then.

use std::os::unix::process::ExitStatusExt;

use fastrand::Rng;
use rustix::process::Signal;

use crate::{
    clients::{Population, Tally},
    disk::{Disk, DiskKind, Replayed, Survival},
    harness::scratch,
    layer::Faults,
    service::{Ending, Home, Service},
    stage::Stage,
};

/// How often a seed cuts the power. It may restart the service more often than that.
pub(crate) const POWER_CUTS: u64 = 4;
/// One seed of so many begins without a database.
const EMPTY: u64 = 8;

/// What a seed did.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Report {
    pub(crate) power_cuts: u64,
    pub(crate) starts: u64,
    pub(crate) failed_syncs: u64,
    pub(crate) lost_sectors: usize,
    pub(crate) tally: Tally,
}

/// What happens to one process.
#[derive(Debug)]
struct Plan {
    faults: Faults,
    /// How many changes each user makes, if the process lives that long.
    changes: usize,
    /// The process is told to stop then; otherwise it is killed.
    stops: bool,
    /// The power is cut when the process has ended.
    power_cut: bool,
}

impl Plan {
    fn choose(random: &mut Rng) -> Self {
        let mut faults = Faults::default();
        match random.u8(..10) {
            0..6 => faults.cut_after = Some(up_to(2048, random)),
            6..9 => faults.fail_syncs = Some((up_to(128, random), random.u64(1..=3))),
            _ => {}
        }
        let stops = faults.fail_syncs.is_none() && random.bool();
        let power_cut = random.u8(..3) > 0;
        Self { faults, changes: random.usize(..40), stops, power_cut }
    }
}

/// A number of a random magnitude.
fn up_to(most: u64, random: &mut Rng) -> u64 {
    let magnitude = random.u32(0..=most.ilog2());
    random.u64(1..=1 << magnitude)
}

/// A service and its clients.
struct Run<'a> {
    stage: &'a Stage,
    home: Home,
    disk: Disk,
    population: Population,
    random: Rng,
    report: Report,
}

/// Runs a seed.
///
/// # Panics
/// When something that was answered is lost, or the service does not start.
pub(crate) fn run(stage: &Stage, seed: u64, disk: DiskKind) -> Report {
    let directory = scratch();
    let home = Home::new(directory.path());
    let population = match seed % EMPTY {
        0 => Population::default(),
        _ => stage.lay(&home),
    };
    let disk = Disk::of(&home.database_directory(), disk);
    let random = Rng::with_seed(seed);
    let mut run = Run { stage, home, disk, population, random, report: Report::default() };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(run.restart_repeatedly())
}

impl Run<'_> {
    async fn restart_repeatedly(&mut self) -> Report {
        while self.report.power_cuts < POWER_CUTS {
            let plan = Plan::choose(&mut self.random);
            self.run_process(&plan).await;
            if plan.power_cut {
                self.cut_power();
            }
        }
        self.run_to_check().await;
        Report { tally: self.population.tally(), ..self.report }
    }

    fn cut_power(&mut self) {
        let survival = Survival::choose(&mut self.random, self.disk.calls());
        self.report.lost_sectors += self.disk.cut_power(survival, &mut self.random);
        self.report.power_cuts += 1;
    }

    async fn run_process(&mut self, plan: &Plan) {
        self.report.starts += 1;
        let unanswered = self.population.tally().unanswered;
        let ending = match self.home.start(Some((&self.stage.layer, plan.faults))) {
            Ok(service) => self.use_service(service, plan).await,
            Err(ending) => Some(ending),
        };
        let replayed = self.disk.replay(&self.home.layer_log(), &mut self.random);
        self.report.failed_syncs +=
            u64::from(replayed.sync_failed || replayed.directory_sync_failed);
        check_ending(ending.as_ref(), replayed);
        let all_answered = self.population.tally().unanswered == unanswered;
        assert!(all_answered || replayed.is_fault(), "no answer without a fault: {ending:?}");
    }

    /// Returns how the process ended by itself, if it did.
    async fn use_service(&mut self, mut service: Service, plan: &Plan) -> Option<Ending> {
        let api = service.api();
        if self.population.complete(&api).await.is_some() {
            self.population.check_and_change(&api, plan.changes, &mut self.random).await;
        }
        if service.has_ended() || self.disk.has_failed_sync(&self.home.layer_log()) {
            return Some(service.end());
        }
        if plan.stops {
            service.terminate();
            return Some(service.end());
        }
        service.kill(&self.home.layer_log());
        None
    }

    /// Starts the service on a disk that is all right, which must succeed.
    async fn run_to_check(&mut self) {
        let mut service = self.home.start(None).unwrap();
        self.report.starts += 1;
        let api = service.api();
        self.population.complete(&api).await.unwrap();
        assert!(self.population.check_and_change(&api, 1, &mut self.random).await);
        service.terminate();
        assert!(service.end().status.success(), "{}", service.log());
    }
}

/// Checks that a process ended by itself only if it was told to stop or for a fault of the disk:
/// after a failed sync with an error.
fn check_ending(ending: Option<&Ending>, replayed: Replayed) {
    let Some(Ending { status, log }) = ending else {
        return;
    };
    let exits_by_error = status.code() == Some(1);
    if replayed.was_cut {
        assert_eq!(status.signal(), Some(Signal::KILL.as_raw()), "{log}");
    } else if replayed.sync_failed {
        assert!(exits_by_error, "{status}:\n{log}");
        let was_ready = log.contains("lifecycle: ready");
        let lines = log.matches("a sync of the database failed: the process ends").count();
        assert!(!was_ready || lines > 0, "{log}");
    } else {
        let may_fail = replayed.directory_sync_failed && exits_by_error;
        assert!(status.success() || may_fail, "{status}:\n{log}");
    }
}
