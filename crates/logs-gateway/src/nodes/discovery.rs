//! Which addresses the nodes have, as the names in `GATEWAY_NODES` resolve.

use std::{collections::HashMap, io, net::SocketAddr, sync::Arc, time::Duration};

use futures_util::future::join_all;
use tokio::{
    net::lookup_host,
    time::{Instant, timeout},
};

use super::node_target::NodeTarget;

/// How often names are resolved.
pub(super) const RESOLVE_EVERY: Duration = Duration::from_secs(10);
/// How long a name may take to resolve.
const RESOLVE_TIMEOUT: Duration = Duration::from_secs(10);
/// How long an address is kept that is no longer found: a node that is drained, or a name server
/// that forgets.
pub(super) const FORGET_AFTER: Duration = Duration::from_secs(15 * 60);
/// How many addresses are kept. Further ones are left out.
const MAX_ADDRESSES: usize = 4096;

/// An address of a node, and the target among whose addresses it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NodeAddress {
    pub(super) target: Arc<NodeTarget>,
    pub(super) address: SocketAddr,
}

/// What a name resolved to.
pub(super) type Resolved = io::Result<Vec<SocketAddr>>;

/// How the known addresses changed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct AddressChanges {
    pub(super) found: Vec<NodeAddress>,
    pub(super) forgotten: Vec<SocketAddr>,
}

/// Remembers the addresses of nodes.
#[derive(Debug)]
pub(super) struct Discovery {
    targets: Vec<DiscoveredTarget>,
    /// When each was last found.
    known: HashMap<SocketAddr, Instant>,
    has_warned_of_bound: bool,
}

#[derive(Debug)]
struct DiscoveredTarget {
    target: Arc<NodeTarget>,
    /// Whether it did not resolve the last time.
    is_failing: bool,
    has_resolved: bool,
}

impl Discovery {
    pub(super) fn of(targets: Vec<NodeTarget>) -> Self {
        let discovered = |target| DiscoveredTarget {
            target: Arc::new(target),
            is_failing: false,
            has_resolved: false,
        };
        let targets = targets.into_iter().map(discovered).collect();
        Self { targets, known: HashMap::new(), has_warned_of_bound: false }
    }

    /// Whether each name has resolved once.
    pub(super) fn has_resolved(&self) -> bool {
        self.targets.iter().all(|one| one.has_resolved)
    }

    /// Resolves all names.
    pub(super) async fn resolve(&self) -> Vec<Resolved> {
        join_all(self.targets.iter().map(|one| resolve(&one.target))).await
    }

    /// Takes what the names resolved to, in the order of the targets. A name that does not resolve,
    /// or to nothing, changes nothing.
    pub(super) fn take(&mut self, resolved: Vec<Resolved>, now: Instant) -> AddressChanges {
        let mut changes = AddressChanges::default();
        let mut is_complete = true;
        for (one, resolved) in self.targets.iter_mut().zip(resolved) {
            let addresses = one.note(resolved);
            is_complete &= addresses.is_some();
            for address in addresses.unwrap_or_default() {
                if self.known.len() >= MAX_ADDRESSES && !self.known.contains_key(&address) {
                    if !std::mem::replace(&mut self.has_warned_of_bound, true) {
                        tracing::warn!(
                            "more than {MAX_ADDRESSES} addresses of nodes; leaving out the others"
                        );
                    }
                    continue;
                }
                if self.known.insert(address, now).is_none() {
                    changes.found.push(NodeAddress { target: one.target.clone(), address });
                }
            }
        }
        if is_complete {
            let is_old = |found: &Instant| now.duration_since(*found) >= FORGET_AFTER;
            changes.forgotten = self
                .known
                .extract_if(|_, found| is_old(found))
                .map(|(address, _)| address)
                .collect();
        }
        changes
    }
}

impl DiscoveredTarget {
    /// The addresses, if there are any.
    fn note(&mut self, resolved: Resolved) -> Option<Vec<SocketAddr>> {
        let host = self.target.host();
        let failure = match resolved {
            Ok(addresses) if !addresses.is_empty() => {
                (self.is_failing, self.has_resolved) = (false, true);
                return Some(addresses);
            }
            Ok(_) => "no addresses".to_owned(),
            Err(error) => error.to_string(),
        };
        if !std::mem::replace(&mut self.is_failing, true) {
            tracing::warn!(host, error = failure, "cannot resolve nodes; keeping the known ones");
        }
        None
    }
}

async fn resolve(target: &NodeTarget) -> Resolved {
    if let Some(address) = target.address() {
        return Ok(vec![SocketAddr::new(address, target.port())]);
    }
    let looking_up = lookup_host((target.host(), target.port()));
    Ok(timeout(RESOLVE_TIMEOUT, looking_up).await??.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(texts: &[&str]) -> Vec<SocketAddr> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    fn found(changes: &AddressChanges) -> Vec<SocketAddr> {
        changes.found.iter().map(|found| found.address).collect()
    }

    fn failure() -> Resolved {
        Err(io::Error::other("no name server"))
    }

    #[tokio::test(start_paused = true)]
    async fn an_address_is_forgotten_a_while_after_it_left() {
        let mut discovery = Discovery::of(vec![NodeTarget::parse("nodes:1").unwrap()]);
        let began = Instant::now();
        let (one, both) = (addresses(&["10.0.0.1:1"]), addresses(&["10.0.0.1:1", "10.0.0.2:1"]));
        assert!(!discovery.has_resolved());
        assert_eq!(found(&discovery.take(vec![Ok(both.clone())], began)), both);
        assert!(discovery.has_resolved());
        let later = began + FORGET_AFTER - RESOLVE_EVERY;
        assert_eq!(discovery.take(vec![Ok(one.clone())], later), AddressChanges::default());
        // It is back for a moment.
        assert_eq!(discovery.take(vec![Ok(both.clone())], later), AddressChanges::default());
        let gone = later + FORGET_AFTER;
        let changes = discovery.take(vec![Ok(one)], gone);
        assert_eq!(changes.forgotten, both[1..]);
        assert_eq!(found(&discovery.take(vec![Ok(both.clone())], gone)), both[1..]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_failure_of_the_name_server_changes_nothing() {
        let mut discovery = Discovery::of(vec![NodeTarget::parse("nodes:1").unwrap()]);
        let began = Instant::now();
        discovery.take(vec![Ok(addresses(&["10.0.0.1:1"]))], began);
        for (round, nothing) in [failure(), Ok(Vec::new())].into_iter().enumerate() {
            let now = began + FORGET_AFTER * u32::try_from(round + 2).unwrap();
            assert_eq!(discovery.take(vec![nothing], now), AddressChanges::default());
        }
    }

    #[tokio::test]
    async fn an_address_needs_no_name_server() {
        let targets = ["[::1]:7", "127.0.0.2:8"].map(|text| NodeTarget::parse(text).unwrap());
        let mut discovery = Discovery::of(targets.into());
        let resolved = discovery.resolve().await;
        let changes = discovery.take(resolved, Instant::now());
        assert_eq!(found(&changes), addresses(&["[::1]:7", "127.0.0.2:8"]));
    }
}
