//! Many seeds, on all cores.

use std::{
    fmt,
    ops::{AddAssign, Range},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

use crate::{
    disk::DiskKind,
    seed::{self, Report},
    stage::Stage,
};

/// How often a soak says how far it is, in seeds.
const PROGRESS: u64 = 50;

/// The seeds that failed, and what all did.
#[derive(Debug, Default)]
pub(crate) struct Results {
    pub(crate) seeds: u64,
    pub(crate) failed: Vec<u64>,
    pub(crate) report: Report,
}

/// Runs these seeds. A failure is reported at once, with the line that repeats it.
pub(crate) fn run(stage: &Stage, seeds: Range<u64>, disk: DiskKind) -> Results {
    let next = AtomicU64::new(seeds.start);
    let results = Mutex::new(Results::default());
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some(seed) = take(&next, &seeds) {
                    let report = catch_unwind(AssertUnwindSafe(|| seed::run(stage, seed, disk)));
                    results.lock().unwrap().add(seed, report.ok());
                }
            });
        }
    });
    results.into_inner().unwrap()
}

fn take(next: &AtomicU64, seeds: &Range<u64>) -> Option<u64> {
    Some(next.fetch_add(1, Ordering::Relaxed)).filter(|seed| seeds.contains(seed))
}

impl Results {
    fn add(&mut self, seed: u64, report: Option<Report>) {
        self.seeds += 1;
        match report {
            Some(report) => self.report += report,
            None => {
                eprintln!("failed: cargo xtask soak power-loss --first {seed} --seeds 1");
                self.failed.push(seed);
            }
        }
        if self.seeds.is_multiple_of(PROGRESS) {
            eprintln!("{self}");
        }
    }
}

impl fmt::Display for Results {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Report { power_cuts, starts, failed_syncs, lost_sectors, tally } = self.report;
        write!(
            f,
            "{} seeds, {} failed: {power_cuts} power cuts, {starts} starts, {failed_syncs} failed \
             syncs, {lost_sectors} sectors lost, {} changes answered, {} not answered",
            self.seeds,
            self.failed.len(),
            tally.answered,
            tally.unanswered,
        )
    }
}

impl AddAssign for Report {
    fn add_assign(&mut self, other: Self) {
        self.power_cuts += other.power_cuts;
        self.starts += other.starts;
        self.failed_syncs += other.failed_syncs;
        self.lost_sectors += other.lost_sectors;
        self.tally += other.tally;
    }
}
