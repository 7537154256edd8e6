//! The connections through the proxy.

use std::io;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::{mpsc, oneshot, watch},
    task::JoinSet,
};

use super::network::{Direction, Network, hold_back};

const PIECE_BYTES: usize = 64 * 1024;

/// A change for the listener and all connections at once.
#[derive(Debug, Clone, Copy)]
pub(super) enum Change {
    Cut,
    Reopen,
}

/// Changes, each with a place for the word that it is done.
pub(super) type Changes = mpsc::UnboundedReceiver<(Change, oneshot::Sender<()>)>;

/// Forwards connections until the sender of the changes is gone.
pub(super) async fn serve(
    listener: TcpListener,
    network: watch::Receiver<Network>,
    mut changes: Changes,
) {
    let address = listener.local_addr().unwrap();
    let mut listener = Some(listener);
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            change = changes.recv() => {
                let Some((change, done)) = change else { return };
                match change {
                    Change::Cut => {
                        listener = None;
                        connections.shutdown().await;
                    }
                    Change::Reopen if listener.is_none() => {
                        listener = Some(TcpListener::bind(address).await.unwrap());
                    }
                    Change::Reopen => {}
                }
                // A test that failed meanwhile does not wait for it.
                let _ = done.send(());
            }
            client = accept(listener.as_ref()) => {
                connections.spawn(forward(client, network.clone()));
            }
            Some(_) = connections.join_next() => {}
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
