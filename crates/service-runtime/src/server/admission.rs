//! Admission of connections: bounds in total and for each client network.

use std::{
    collections::{HashMap, hash_map::Entry},
    net::IpAddr,
    os::fd::RawFd,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use prometheus_client::metrics::counter::Counter;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::descriptors::Descriptors;
use crate::{
    metrics::Metrics,
    network::{Network, TrustedProxies},
};

/// The connections that one network may hold at most, however many descriptors there are: each
/// costs memory as well.
const MAX_PER_NETWORK: usize = 16 * 1024;

/// Bounds the connections of a listener, for all its workers.
#[derive(Debug)]
pub(super) struct Admission {
    /// `None`: no bound but the descriptors of the process.
    descriptors: Option<Descriptors>,
    per_network: usize,
    /// Proxies stand for many clients, so no bound of a client network holds for them.
    trusted_proxies: TrustedProxies,
    held: Mutex<HashMap<Network, usize>>,
    refusals: Semaphore,
    refused: Counter,
}

/// The place of a connection, until it is dropped.
#[derive(Debug)]
pub(super) struct Admitted {
    admission: Arc<Admission>,
    network: Option<Network>,
}

impl Admission {
    /// Creates the admission of a listener for clients.
    pub(super) fn of_clients(
        descriptors: Descriptors,
        trusted_proxies: TrustedProxies,
        metrics: &Metrics,
    ) -> Arc<Self> {
        Arc::new(Self {
            descriptors: Some(descriptors),
            per_network: descriptors.per_network().min(MAX_PER_NETWORK),
            trusted_proxies,
            held: Mutex::default(),
            refusals: Semaphore::new(descriptors.for_refusals()),
            refused: metrics.register(
                "connections_refused",
                "Connections refused because a limit, in total or per network, was reached",
                Counter::default(),
            ),
        })
    }

    /// Creates the admission of the operations listener.
    pub(super) fn of_operators(per_network: usize) -> Arc<Self> {
        Arc::new(Self {
            descriptors: None,
            per_network,
            trusted_proxies: TrustedProxies::default(),
            held: Mutex::default(),
            refusals: Semaphore::new(per_network),
            refused: Counter::default(),
        })
    }

    /// Reserves a place for the connection with this descriptor and this client; `None` when all
    /// are taken.
    pub(super) fn admit(self: &Arc<Self>, descriptor: RawFd, peer: IpAddr) -> Option<Admitted> {
        let admitted = self.place(descriptor, peer.to_canonical());
        if admitted.is_none() {
            self.refused.inc();
        }
        admitted
    }

    fn place(self: &Arc<Self>, descriptor: RawFd, peer: IpAddr) -> Option<Admitted> {
        if self.descriptors.is_some_and(|all| !all.is_for_clients(descriptor)) {
            return None;
        }
        if self.trusted_proxies.trusts(peer) {
            return Some(Admitted { admission: self.clone(), network: None });
        }
        let network = Network::of(peer);
        let mut held = self.held();
        let count = held.entry(network).or_default();
        if *count >= self.per_network {
            return None;
        }
        *count += 1;
        Some(Admitted { admission: self.clone(), network: Some(network) })
    }

    /// Permission to send a refused client the reason; `None` when many refusals are being sent.
    pub(super) fn refusal(&self) -> Option<SemaphorePermit<'_>> {
        self.refusals.try_acquire().ok()
    }

    fn held(&self) -> MutexGuard<'_, HashMap<Network, usize>> {
        // A panic while it is locked leaves the numbers consistent.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        let Some(network) = self.network else {
            return;
        };
        if let Entry::Occupied(mut count) = self.admission.held().entry(network) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::networks;

    const LOW: RawFd = 3;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn admission(limit: u64, trusted: &str) -> Arc<Admission> {
        let proxies = TrustedProxies::new(networks(trusted).unwrap());
        Admission::of_clients(Descriptors::of_limit(limit), proxies, &Metrics::default())
    }

    #[test]
    fn a_network_holds_a_quarter_and_gives_it_back() {
        let admission = admission(100, "10.0.0.0/8");
        let mut held: Vec<_> =
            (0..22).map(|_| admission.admit(LOW, ip("192.0.2.1")).unwrap()).collect();
        assert!(admission.admit(LOW, ip("192.0.2.1")).is_none());
        assert!(admission.admit(LOW, ip("::ffff:192.0.2.1")).is_none());
        assert!(admission.admit(LOW, ip("192.0.2.2")).is_some());
        assert_eq!(admission.refused.get(), 2);
        held.pop();
        assert!(admission.admit(LOW, ip("192.0.2.1")).is_some());
        held.clear();
        assert!(admission.held().is_empty());
    }

    #[test]
    fn trusted_proxies_are_bounded_by_the_descriptors_alone() {
        let admission = admission(100, "10.0.0.0/8");
        let held: Vec<_> = (0..50).map(|_| admission.admit(LOW, ip("10.0.0.1"))).collect();
        assert!(held.iter().all(Option::is_some));
        assert!(admission.admit(90, ip("10.0.0.1")).is_none());
    }
}
