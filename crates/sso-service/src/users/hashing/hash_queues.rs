//! The queues before the hashing threads, and their order.

use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender, bounded, select};

use super::password_hash::HashMemory;
use crate::{
    fair_share::{FairShare, QueuePlace},
    network::Network,
};

/// Work for a thread, which lends its memory.
pub(super) type HashJob = Box<dyn FnOnce(&mut HashMemory) + Send>;

/// The client on whose behalf a password is hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HashRequester {
    /// The service itself.
    Service,
    /// A user who has logged in from this network before.
    Known(Network),
    /// An unknown client in this network.
    Stranger(Network),
}

/// Unknown clients have a queue, and known users another: any number of unknown clients leave it as
/// it is.
#[derive(Debug)]
pub(super) struct HashQueues {
    known: Queue,
    strangers: Queue,
}

#[derive(Debug)]
struct Queue {
    jobs: Sender<HashJob>,
    /// The networks that the jobs belong to.
    shares: Arc<FairShare>,
}

/// The other end of the queues.
#[derive(Debug, Clone)]
pub(super) struct HashQueueReceiver {
    known: Receiver<HashJob>,
    strangers: Receiver<HashJob>,
}

/// There is no room.
#[derive(Debug)]
pub(super) struct QueueFull;

impl HashQueues {
    /// Two queues of this length, and the receiver of their jobs. It ends with the queues.
    pub(super) fn of(length: usize) -> (Self, HashQueueReceiver) {
        let (known, known_jobs) = Queue::of(length);
        let (strangers, jobs_of_strangers) = Queue::of(length);
        let turns = HashQueueReceiver { known: known_jobs, strangers: jobs_of_strangers };
        (Self { known, strangers }, turns)
    }

    /// A place in the queue, unless the network has its share already.
    pub(super) fn take_place(
        &self,
        requester: HashRequester,
    ) -> Result<Option<QueuePlace>, QueueFull> {
        let (queue, network) = match requester {
            HashRequester::Service => return Ok(None),
            HashRequester::Known(network) => (&self.known, network),
            HashRequester::Stranger(network) => (&self.strangers, network),
        };
        queue.shares.take(network).map(Some).ok_or(QueueFull)
    }

    /// Whether there is no room for unknown clients.
    pub(super) fn refuse_strangers(&self) -> bool {
        self.strangers.jobs.is_full()
    }

    /// Has a job wait for its turn.
    pub(super) fn enqueue(&self, requester: HashRequester, job: HashJob) -> Result<(), QueueFull> {
        let queue = match requester {
            HashRequester::Service | HashRequester::Known(_) => &self.known,
            HashRequester::Stranger(_) => &self.strangers,
        };
        queue.jobs.try_send(job).map_err(|_| QueueFull)
    }
}

impl Queue {
    fn of(length: usize) -> (Self, Receiver<HashJob>) {
        let (jobs, waiting) = bounded(length);
        (Self { jobs, shares: Arc::new(FairShare::of(length)) }, waiting)
    }
}

impl Iterator for HashQueueReceiver {
    type Item = HashJob;

    /// While jobs wait in both queues, chance decides: neither waits for all of the other.
    fn next(&mut self) -> Option<HashJob> {
        let (known, strangers) = (&self.known, &self.strangers);
        let job = select! {
            recv(known) -> job => job.or_else(|_| strangers.recv()),
            recv(strangers) -> job => job.or_else(|_| known.recv()),
        };
        job.ok()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::network::test_network;

    fn network() -> Network {
        test_network(1)
    }

    /// Who was served, in order, of so many who wait.
    fn served(known: usize, strangers: usize) -> Vec<HashRequester> {
        let (queues, turns) = HashQueues::of(100);
        let served: Arc<Mutex<Vec<HashRequester>>> = Arc::default();
        let (known, strangers) = (
            [HashRequester::Known(network())].repeat(known),
            [HashRequester::Stranger(network())].repeat(strangers),
        );
        for requester in known.into_iter().chain(strangers) {
            let served = served.clone();
            queues
                .enqueue(requester, Box::new(move |_| served.lock().unwrap().push(requester)))
                .unwrap();
        }
        drop(queues);
        turns.for_each(|job| job(&mut HashMemory::default()));
        Arc::into_inner(served).unwrap().into_inner().unwrap()
    }

    #[test]
    fn a_waiting_client_is_served_when_no_other_can_come() {
        for (known, strangers) in [(0, 0), (3, 0), (0, 3), (2, 7)] {
            assert_eq!(served(known, strangers).len(), known + strangers);
        }
    }

    /// The chance that this fails is 2 to the -99.
    #[test]
    fn neither_queue_waits_for_the_whole_other() {
        let order = served(100, 100);
        let first_half = &order[..100];
        assert!(first_half.contains(&HashRequester::Known(network())));
        assert!(first_half.contains(&HashRequester::Stranger(network())));
    }

    #[test]
    fn a_queue_full_of_strangers_accepts_known_networks() {
        let (queues, _turns) = HashQueues::of(1);
        queues.enqueue(HashRequester::Stranger(network()), Box::new(|_| {})).unwrap();
        queues.enqueue(HashRequester::Stranger(network()), Box::new(|_| {})).unwrap_err();
        queues.enqueue(HashRequester::Known(network()), Box::new(|_| {})).unwrap();
        queues.enqueue(HashRequester::Service, Box::new(|_| {})).unwrap_err();
    }
}
