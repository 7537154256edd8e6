//! The thread that keeps memory up to date with the server and holds the lease.
//!
//! It has a connection of its own that never takes the writers' lock, and a thread of its own, so
//! that neither a long write nor a busy worker delays it.

use std::io;

use tokio::sync::oneshot;
use tracing::error_span;

use super::{
    freshness::Freshness,
    instance::{Following, Instance},
    lease::Lease,
    listener::listen,
    look_error::LookError,
    looks::Looks,
    server::PostgresServer,
    threads::spawn,
};
use crate::store::database::follow::Follow;

/// The running thread.
#[derive(Debug)]
pub(in crate::store::database) struct FollowerThread {
    pub(in crate::store::database) freshness: Freshness,
    stop: oneshot::Sender<()>,
    ended: oneshot::Receiver<()>,
}

impl FollowerThread {
    /// Ends the lease, removes the instance from the table, and returns when that is done.
    pub(in crate::store::database) async fn stop(self) {
        let _ = self.stop.send(());
        let _ = self.ended.await;
    }
}

/// Starts the thread. Everything is in memory, and the lease holds, when this returns.
///
/// # Errors
/// When there is no thread, or the server cannot be read.
pub(in crate::store::database) async fn start(
    server: PostgresServer,
    follower: impl Follow,
    following: Following,
) -> Result<FollowerThread, StartFollowerError> {
    let (looks, mut requests) = Looks::new();
    let (lease, (stop, mut stopped), (report, loaded)) =
        (Lease::default(), oneshot::channel(), oneshot::channel());
    let (ended, end) = oneshot::channel();
    let instance = Instance::new(server.clone(), follower, following, lease.clone());
    let listening = listen(server, looks.clone());
    spawn("follower", error_span!("follower"), async move || {
        tokio::select! {
            () = instance.run(&mut requests, &mut stopped, report) => {}
            () = listening => {}
        }
        let _ = ended.send(());
    })?;
    match loaded.await {
        Ok(Ok(())) => {
            Ok(FollowerThread { freshness: Freshness { lease, looks }, stop, ended: end })
        }
        Ok(Err(error)) => Err(StartFollowerError::Load(error)),
        Err(_) => Err(io::Error::other("the follower has ended").into()),
    }
}

/// The follower could not be started.
#[derive(Debug, thiserror::Error)]
pub(in crate::store::database) enum StartFollowerError {
    #[error(transparent)]
    Thread(#[from] io::Error),
    #[error(transparent)]
    Load(#[from] LookError),
}
