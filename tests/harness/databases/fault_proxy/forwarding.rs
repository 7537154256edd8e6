//! The connections through the proxy.

use std::{io, net::SocketAddr};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::{mpsc, oneshot, watch},
    task::JoinSet,
};

use super::{
    super::loopback::close,
    network::{Direction, Network, hold_back},
};

const PIECE_BYTES: usize = 64 * 1024;

/// A change for the listener and all connections at once.
#[derive(Debug, Clone, Copy)]
pub(super) enum Change {
    Cut,
    Reopen,
}

/// Changes, each with a place for the word that it is done.
pub(super) type Changes = mpsc::UnboundedReceiver<(Change, oneshot::Sender<()>)>;

/// The listener, unless the network is cut, and the connections.
struct Forwarder {
    address: SocketAddr,
    listener: Option<TcpListener>,
    connections: JoinSet<io::Result<()>>,
}

/// Forwards connections until the sender of the changes is gone.
pub(super) async fn serve(
    listener: TcpListener,
    network: watch::Receiver<Network>,
    mut changes: Changes,
) {
    let address = listener.local_addr().unwrap();
    let mut all = Forwarder { address, listener: Some(listener), connections: JoinSet::new() };
    loop {
        tokio::select! {
            change = changes.recv() => {
                let Some((change, done)) = change else { return };
                all.apply(change).await;
                // A test that failed meanwhile does not wait for it.
                let _ = done.send(());
            }
            client = accept(all.listener.as_ref()) => {
                all.connections.spawn(forward(client, network.clone()));
            }
            Some(_) = all.connections.join_next() => {}
        }
    }
}

impl Forwarder {
    async fn apply(&mut self, change: Change) {
        match change {
            Change::Cut => {
                if let Some(listener) = self.listener.take() {
                    close(listener.into_std().unwrap());
                }
                self.connections.shutdown().await;
            }
            Change::Reopen if self.listener.is_none() => {
                self.listener = Some(TcpListener::bind(self.address).await.unwrap());
            }
            Change::Reopen => {}
        }
    }
}

/// Waits for ever without a listener.
async fn accept(listener: Option<&TcpListener>) -> TcpStream {
    match listener {
        Some(listener) => listener.accept().await.unwrap().0,
        None => std::future::pending().await,
    }
}

/// Ends when both directions have ended, or one by an error.
async fn forward(client: TcpStream, network: watch::Receiver<Network>) -> io::Result<()> {
    let address = network.borrow().peer;
    let peer = TcpStream::connect(address).await?;
    for stream in [&client, &peer] {
        stream.set_nodelay(true)?;
    }
    let ((from_client, to_client), (from_peer, to_peer)) = (client.into_split(), peer.into_split());
    let back = pump(from_peer, to_client, network.clone(), Direction::FromPeer);
    tokio::try_join!(pump(from_client, to_peer, network, Direction::ToPeer), back)?;
    Ok(())
}

async fn pump(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut network: watch::Receiver<Network>,
    direction: Direction,
) -> io::Result<()> {
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        let read = from.read(&mut piece).await;
        hold_back(&mut network, direction).await;
        match read? {
            0 => return to.shutdown().await,
            length => to.write_all(&piece[..length]).await?,
        }
    }
}
