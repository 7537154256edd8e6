//! The state of the network between both sides.

use std::{net::SocketAddr, time::Duration};

use tokio::{sync::watch, time::sleep};

/// A direction of the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    ToPeer,
    FromPeer,
}

impl Direction {
    pub(super) const BOTH: [Self; 2] = [Self::ToPeer, Self::FromPeer];
}

/// The faults of one direction.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Faults {
    /// Bytes wait, and so does the end of a connection, until the network heals.
    pub(super) withholds: bool,
    /// For each piece of up to 64 KiB, after the one before it.
    pub(super) delay: Duration,
}

/// The peer, and the faults on the way to it and back.
#[derive(Debug, Clone, Copy)]
pub(super) struct Network {
    pub(super) peer: SocketAddr,
    to_peer: Faults,
    from_peer: Faults,
}

impl Network {
    pub(super) fn to(peer: SocketAddr) -> Self {
        Self { peer, to_peer: Faults::default(), from_peer: Faults::default() }
    }

    pub(super) fn faults_mut(&mut self, direction: Direction) -> &mut Faults {
        match direction {
            Direction::ToPeer => &mut self.to_peer,
            Direction::FromPeer => &mut self.from_peer,
        }
    }

    fn faults(&self, direction: Direction) -> Faults {
        match direction {
            Direction::ToPeer => self.to_peer,
            Direction::FromPeer => self.from_peer,
        }
    }
}

/// Waits as long as the faults of a direction demand.
pub(super) async fn hold_back(network: &mut watch::Receiver<Network>, direction: Direction) {
    let delay = network.borrow().faults(direction).delay;
    sleep(delay).await;
    // An error means that the proxy is gone, and with it all connections.
    let _ = network.wait_for(|network| !network.faults(direction).withholds).await;
}
