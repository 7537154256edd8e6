//! The proxy, as tests hold it.

use std::{
    net::{self, SocketAddr},
    thread,
    time::Duration,
};

use tokio::{
    net::TcpListener,
    runtime,
    sync::{mpsc, oneshot, watch},
};

use super::{
    super::loopback::own_address,
    forwarding::{Change, Changes, serve},
    network::{Direction, Network},
};

/// A proxy that forwards until a test orders a fault. It runs in a thread of its own, so a test
/// may block while a program talks through it. Dropped, it closes everything.
#[derive(Debug)]
pub(crate) struct FaultProxy {
    address: SocketAddr,
    network: watch::Sender<Network>,
    changes: mpsc::UnboundedSender<(Change, oneshot::Sender<()>)>,
}

impl FaultProxy {
    /// Starts one before a peer, which need not be up.
    pub(crate) fn before(peer: SocketAddr) -> Self {
        let listener = net::TcpListener::bind(own_address()).unwrap();
        let address = listener.local_addr().unwrap();
        let (network, faults) = watch::channel(Network::to(peer));
        let (changes, ordered) = mpsc::unbounded_channel();
        thread::spawn(move || run(listener, faults, ordered));
        Self { address, network, changes }
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Closes all connections and refuses new ones, until [`Self::heal`].
    pub(crate) async fn cut(&self) {
        self.change(Change::Cut).await;
    }

    /// Keeps and accepts connections, and forwards nothing. What was withheld arrives when the
    /// network heals.
    pub(crate) fn black_hole(&self) {
        Direction::BOTH.into_iter().for_each(|direction| self.black_hole_in(direction));
    }

    /// The same in one direction.
    pub(crate) fn black_hole_in(&self, direction: Direction) {
        self.network.send_modify(|network| network.faults_mut(direction).withholds = true);
    }

    /// Delays bytes by at least this time in each direction.
    pub(crate) fn delay(&self, delay: Duration) {
        Direction::BOTH.into_iter().for_each(|direction| self.delay_in(direction, delay));
    }

    /// The same in one direction.
    pub(crate) fn delay_in(&self, direction: Direction, delay: Duration) {
        self.network.send_modify(|network| network.faults_mut(direction).delay = delay);
    }

    /// Ends every fault.
    pub(crate) async fn heal(&self) {
        self.network.send_modify(|network| *network = Network::to(network.peer));
        self.change(Change::Reopen).await;
    }

    /// Leads new connections to another peer, as after a fail-over.
    pub(crate) fn lead_to(&self, peer: SocketAddr) {
        self.network.send_modify(|network| network.peer = peer);
    }

    async fn change(&self, change: Change) {
        let (done, is_done) = oneshot::channel();
        self.changes.send((change, done)).unwrap();
        is_done.await.unwrap();
    }
}

fn run(listener: net::TcpListener, network: watch::Receiver<Network>, changes: Changes) {
    let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        listener.set_nonblocking(true).unwrap();
        serve(TcpListener::from_std(listener).unwrap(), network, changes).await;
    });
}
