//! Fair shares of a queue that too many clients want to wait in.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::network::Network;

/// Keeps one network from filling the queue. While the queue is less than half full, any client
/// may wait. From then on a network may have a quarter of it, so that there is room for others.
#[derive(Debug)]
pub(crate) struct FairShare {
    queue: usize,
    waiting: Mutex<Waiting>,
}

#[derive(Debug, Default)]
struct Waiting {
    total: usize,
    /// Only networks of which a client waits.
    by_network: HashMap<Network, usize>,
}

impl FairShare {
    /// The shares of a queue of this length.
    pub(crate) fn of(queue: usize) -> Self {
        Self { queue, waiting: Mutex::default() }
    }

    /// A place in the queue, unless the network has its share already.
    pub(crate) fn take(self: &Arc<Self>, network: Network) -> Option<QueuePlace> {
        let mut waiting = self.lock();
        let own = waiting.by_network.get(&network).copied().unwrap_or(0);
        if waiting.total >= self.queue.div_ceil(2) && own >= self.queue.div_ceil(4) {
            return None;
        }
        waiting.total += 1;
        waiting.by_network.insert(network, own + 1);
        Some(QueuePlace { shares: self.clone(), network })
    }

    fn give_back(&self, network: Network) {
        let mut waiting = self.lock();
        waiting.total -= 1;
        match waiting.by_network.get_mut(&network) {
            Some(own) if *own > 1 => *own -= 1,
            _ => drop(waiting.by_network.remove(&network)),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        // Nothing in here panics half way.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place in the queue, taken until it is dropped.
#[derive(Debug)]
pub(crate) struct QueuePlace {
    shares: Arc<FairShare>,
    network: Network,
}

impl Drop for QueuePlace {
    fn drop(&mut self) {
        self.shares.give_back(self.network);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(number: u8) -> Network {
        Network::of([192, 0, 2, number].into())
    }

    /// How many places a network gets at most.
    fn take_all(shares: &Arc<FairShare>, number: u8) -> Vec<QueuePlace> {
        std::iter::from_fn(|| shares.take(network(number))).take(100).collect()
    }

    #[test]
    fn one_network_has_half_of_the_queue_and_others_a_quarter_each() {
        let shares = Arc::new(FairShare::of(16));
        let places: Vec<_> = (1..=4).map(|number| take_all(&shares, number)).collect();
        let taken: Vec<_> = places.iter().map(Vec::len).collect();
        assert_eq!(taken, [8, 4, 4, 4]);
    }

    #[test]
    fn a_released_place_is_free_again() {
        let shares = Arc::new(FairShare::of(16));
        drop(take_all(&shares, 1));
        assert_eq!(take_all(&shares, 2).len(), 8);
        let waiting = shares.lock();
        assert!(waiting.total == 0 && waiting.by_network.is_empty());
    }
}
