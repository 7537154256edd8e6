//! A node with several pods.

use std::{collections::BTreeMap, fs, path::PathBuf};

use super::PODS;
use crate::tests::follow_model::node::{ModelClock, ModelNode};

/// How many lines an incarnation of a log has at most: its numbers tell it from others.
const NUMBERS: usize = 100_000;
const CONTAINERS: [&str; 2] = ["app", "side"];
/// How far times run back, in nanoseconds.
const BACK: u64 = 400_000_000;

/// A log by its pod and container.
pub(super) type LogName = (String, String);

pub(super) struct ModelPods {
    root: PathBuf,
    pub(super) clock: ModelClock,
    logs: BTreeMap<LogName, ModelNode>,
    /// How many incarnations of pods there were.
    incarnations: usize,
    /// The last one of each pod.
    uids: [usize; PODS],
    /// The directory of each pod that is there.
    directories: [Option<PathBuf>; PODS],
    /// The times of some log ran back.
    pub(super) ran_back: bool,
    /// The last number of each incarnation that was deleted.
    pub(super) deleted: BTreeMap<usize, (usize, bool)>,
}

/// Whether lines may be missing without a gap.
#[derive(Clone, Copy)]
pub(super) struct Losses {
    /// Before the first line that a reader gets.
    pub(super) are_possible: bool,
    /// Between two lines.
    pub(super) are_untraceable: bool,
}

impl ModelPods {
    pub(super) fn new(root: PathBuf) -> Self {
        Self {
            root,
            clock: ModelClock::default(),
            logs: BTreeMap::new(),
            incarnations: 0,
            uids: [0; PODS],
            directories: [const { None }; PODS],
            ran_back: false,
            deleted: BTreeMap::new(),
        }
    }

    /// Does something with a log, if there is any.
    pub(super) fn with(&mut self, log: usize, work: impl FnOnce(&mut ModelNode)) {
        let count = self.logs.len();
        if let Some(node) = (count > 0).then(|| self.logs.values_mut().nth(log % count)).flatten() {
            work(node);
        }
    }

    pub(super) fn run_back(&mut self, log: usize) {
        self.ran_back = true;
        // Files are put in order by their first lines.
        self.with(log, |node| {
            node.write(false);
            node.lag = BACK;
            node.write(false);
            node.lag = 0;
        });
    }

    pub(super) fn make(&mut self, pod: usize) {
        self.delete(pod);
        self.incarnations += 1;
        self.uids[pod] = self.incarnations;
        let directory = self.root.join(format!("shop_{}_{}", pod_name(pod), self.incarnations));
        self.directories[pod] = Some(directory);
        self.start(pod, 0);
    }

    pub(super) fn start_container(&mut self, pod: usize) {
        if !self.logs.contains_key(&log_name(pod, 1)) {
            self.start(pod, 1);
        }
    }

    fn start(&mut self, pod: usize, container: usize) {
        let Some(directory) = &self.directories[pod] else { return };
        let first = incarnation_of(self.uids[pod], CONTAINERS[container]) * NUMBERS;
        let directory = directory.join(CONTAINERS[container]);
        let node = ModelNode::beginning(directory, first, self.clock.clone());
        self.logs.insert(log_name(pod, container), node);
    }

    pub(super) fn delete(&mut self, pod: usize) {
        let Some(directory) = self.directories[pod].take() else { return };
        for container in 0..CONTAINERS.len() {
            if let Some(node) = self.logs.remove(&log_name(pod, container)) {
                // A file that nobody saw is gone without a trace.
                let lost = node.may_lose || node.is_new_file;
                self.deleted.insert(node.written / NUMBERS, (node.written, lost));
            }
        }
        fs::remove_dir_all(directory).unwrap();
    }

    pub(super) fn write_everywhere(&mut self) {
        self.logs.values_mut().for_each(|node| node.write(false));
    }

    pub(super) fn note_look(&mut self) {
        self.logs.values_mut().for_each(ModelNode::note_look);
    }

    /// What may have been lost of a log before the line of this number.
    pub(super) fn losses_before(&self, log: &LogName, number: usize) -> Losses {
        let is_of = |node: &&ModelNode| incarnation(node.written) == incarnation(number);
        match self.logs.get(log).filter(is_of) {
            Some(node) => Losses {
                are_possible: node.may_lose,
                are_untraceable: number <= node.untraceable + 1,
            },
            None => {
                let deleted = self.deleted.get(&incarnation(number));
                let may_lose = deleted.is_none_or(|(_, may_lose)| *may_lose);
                Losses { are_possible: may_lose, are_untraceable: may_lose }
            }
        }
    }

    pub(super) fn logs(&self) -> &BTreeMap<LogName, ModelNode> {
        &self.logs
    }
}

/// The incarnation of a container's log in this incarnation of its pod.
pub(super) fn incarnation_of(uid: usize, container: &str) -> usize {
    2 * uid + usize::from(container == CONTAINERS[1])
}

/// Which incarnation of a log wrote the line of this number.
pub(super) fn incarnation(number: usize) -> usize {
    number / NUMBERS
}

/// Whether it is the first line that an incarnation of a log wrote.
pub(super) fn is_first(number: usize) -> bool {
    number % NUMBERS == 1
}

pub(super) fn pod_name(pod: usize) -> String {
    format!("web-{pod}")
}

fn log_name(pod: usize, container: usize) -> LogName {
    (pod_name(pod), CONTAINERS[container].to_owned())
}
