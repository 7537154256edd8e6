//! Writes the sample logs: a history at once, then a line from time to time.

use std::{
    convert::Infallible,
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use chrono::{DateTime, FixedOffset};
use fastrand::Rng;
use local_services::clock;
use tokio::time::sleep;

use super::{
    cri::Line,
    log_file::LogFile,
    pods::{Container, PODS, Pod},
    programs::{Program, uuid},
};

/// The number of writes of a container before the start.
const HISTORY: u32 = 200;
/// The time from its first line to the start.
const HISTORY_SPAN: Duration = Duration::from_secs(20 * 60);
/// The time between two related lines of a container.
const BETWEEN_LINES: Duration = Duration::from_micros(40);
/// The time between two writes of a container: a few lines a second, slow enough to read.
const PACE_MILLIS: std::ops::Range<u64> = 80..600;

/// The sample pods, with the files they write to.
pub(crate) struct Samples {
    rng: Rng,
    writers: Vec<ContainerWriter>,
}

/// Writes the log of a container.
struct ContainerWriter {
    program: Program,
    log: LogFile,
}

impl Samples {
    /// Creates the directories `roots` and the logs of all pods, in each directory those of a node,
    /// with a history that ends now.
    pub(crate) fn create(roots: &[PathBuf]) -> io::Result<Self> {
        let mut rng = Rng::new();
        let now = clock::now();
        let mut writers = Vec::new();
        for (pod, root) in PODS.iter().zip(roots.iter().cycle()) {
            let directory = root.join(directory_name(pod, &mut rng));
            for container in pod.containers {
                let directory = directory.join(container.name);
                fs::create_dir_all(&directory)?;
                writers.push(write_history(container, &directory, now, &mut rng)?);
            }
        }
        Ok(Self { rng, writers })
    }

    /// Keeps writing while it is polled.
    pub(crate) async fn write_on(&mut self) -> io::Result<Infallible> {
        loop {
            sleep(Duration::from_millis(self.rng.u64(PACE_MILLIS))).await;
            let nth = self.rng.usize(..self.writers.len());
            self.writers[nth].write_next(&mut self.rng, clock::now())?;
        }
    }
}

impl ContainerWriter {
    fn write_next(&mut self, rng: &mut Rng, at: DateTime<FixedOffset>) -> io::Result<()> {
        self.write(&(self.program)(rng, at), at)
    }

    fn write(&mut self, lines: &[Line], at: DateTime<FixedOffset>) -> io::Result<()> {
        for (line, nth) in lines.iter().zip(0_u32..) {
            for physical in line.encode(at + BETWEEN_LINES * nth) {
                self.log.append(&physical)?;
            }
        }
        self.log.rotate_if_large(at)
    }
}

/// `<namespace>_<pod>_<uid>`, as the kubelet names it.
fn directory_name(pod: &Pod, rng: &mut Rng) -> String {
    format!("{}_{}_{}", pod.namespace, pod.name, uuid(rng))
}

/// Writes the lines of a container until `now`; the last file is the one of its last restart.
fn write_history(
    container: &Container,
    directory: &Path,
    now: DateTime<FixedOffset>,
    rng: &mut Rng,
) -> io::Result<ContainerWriter> {
    let mut writer =
        ContainerWriter { program: container.program, log: LogFile::open(directory, 0)? };
    let mut occasions = occasions(now, rng).into_iter();
    if let Some(crash) = container.crash {
        for at in occasions.by_ref().take(HISTORY as usize / 2) {
            writer.write_next(rng, at)?;
        }
        if let Some(at) = occasions.next() {
            writer.write(&crash(rng, at), at)?;
        }
        writer.log = LogFile::open(directory, 1)?;
    }
    for at in occasions {
        writer.write_next(rng, at)?;
    }
    Ok(writer)
}

/// Instants in order, the last of them just before `now`.
fn occasions(now: DateTime<FixedOffset>, rng: &mut Rng) -> Vec<DateTime<FixedOffset>> {
    let step = HISTORY_SPAN / HISTORY;
    (1..=HISTORY).rev().map(|steps_ago| now - step * steps_ago + step.mul_f64(rng.f64())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log_files(root: &Path) -> Vec<PathBuf> {
        let children =
            |path: PathBuf| fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path());
        children(root.to_owned()).flat_map(children).flat_map(children).collect()
    }

    #[test]
    fn every_container_has_its_directory() {
        let root = tempfile::tempdir().unwrap();
        Samples::create(&[root.path().to_owned()]).unwrap();
        let containers = PODS.iter().map(|pod| pod.containers.len()).sum::<usize>();
        let current = log_files(root.path())
            .into_iter()
            .filter(|path| path.ends_with("0.log"))
            .inspect(|path| assert!(path.parent().unwrap().is_dir()))
            .count();
        assert_eq!(current, containers);
    }

    #[test]
    fn every_node_has_pods_of_its_own() {
        let home = tempfile::tempdir().unwrap();
        let roots = ["1", "2", "3"].map(|node| home.path().join(node));
        Samples::create(&roots).unwrap();
        let pods = roots.map(|root| fs::read_dir(root).unwrap().count());
        assert!(pods.iter().all(|pods| *pods > 0), "{pods:?}");
        assert_eq!(pods.iter().sum::<usize>(), PODS.len());
    }

    #[test]
    fn a_restarted_container_has_two_logs_and_writes_to_the_second() {
        let root = tempfile::tempdir().unwrap();
        let mut samples = Samples::create(&[root.path().to_owned()]).unwrap();
        let [second] = log_files(root.path())
            .into_iter()
            .filter(|path| path.ends_with("1.log"))
            .collect::<Vec<_>>()
            .try_into()
            .unwrap();
        let first = fs::read_to_string(second.with_file_name("0.log")).unwrap();
        assert!(first.contains(" stderr F panic: "), "{first}");
        let before = fs::metadata(&second).unwrap().len();
        samples.writers[0].write_next(&mut samples.rng, clock::now()).unwrap();
        assert!(fs::metadata(&second).unwrap().len() > before);
    }

    #[test]
    fn time_runs_forward_through_a_history() {
        let now = clock::now();
        let occasions = occasions(now, &mut Rng::with_seed(1));
        assert_eq!(occasions.len(), HISTORY as usize);
        assert!(occasions.is_sorted() && occasions.last() < Some(&now));
    }
}
