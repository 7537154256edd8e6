//! A primary and a replica, watched by three Sentinels.

use std::net::SocketAddr;

use super::{
    super::daemon::require,
    sentinel::{NAME, Sentinel},
    server::Redis,
    setup::RedisSetup,
};
use crate::harness::{patience, until};

/// Two Redis servers and three Sentinels, two of which decide.
#[derive(Debug)]
pub(crate) struct Sentinels {
    servers: [Redis; 2],
    sentinels: [Sentinel; 3],
}

impl Sentinels {
    /// Fails with the reason why Redis or Sentinel is missing.
    pub(crate) fn installed() -> Result<(), String> {
        Redis::installed()?;
        require(&["redis-sentinel"])
    }

    /// Starts all, and waits until they know each other.
    pub(crate) async fn start() -> Self {
        let first = Redis::start().await;
        let second = RedisSetup::default().replica_of(first.address()).start().await;
        until("the replica follows", patience(), async || {
            let info = second.command(&["INFO", "replication"]).await.unwrap();
            info.contains("master_link_status:up").then_some(())
        })
        .await;
        let primary = first.address();
        let (one, two, three) = tokio::join!(
            Sentinel::start(primary),
            Sentinel::start(primary),
            Sentinel::start(primary)
        );
        let all = Self { servers: [first, second], sentinels: [one, two, three] };
        all.until_known().await;
        all
    }

    /// The name of the primary.
    pub(crate) fn name(&self) -> &'static str {
        NAME
    }

    /// The addresses of the Sentinels.
    pub(crate) fn addresses(&self) -> [SocketAddr; 3] {
        self.sentinels.each_ref().map(Sentinel::address)
    }

    /// The server that the Sentinels call the primary.
    pub(crate) async fn primary(&mut self) -> &mut Redis {
        let primary = self.sentinels[0].primary().await;
        self.servers.iter_mut().find(|server| server.address() == primary).unwrap()
    }

    /// Replaces the primary by the replica, and waits until all Sentinels agree. The old primary
    /// follows the new one.
    pub(crate) async fn fail_over(&self) {
        let old = self.sentinels[0].primary().await;
        until("a Sentinel begins", patience(), async || self.sentinels[0].fail_over().await.ok())
            .await;
        self.until_replaced(old).await;
    }

    /// Waits until all Sentinels name another primary, and that it accepts writes.
    pub(crate) async fn until_replaced(&self, old: SocketAddr) {
        for sentinel in &self.sentinels {
            let replaced = async || (sentinel.primary().await != old).then_some(());
            until("a Sentinel has another primary", 3 * patience(), replaced).await;
        }
        let new = self.servers.iter().find(|server| server.address() != old).unwrap();
        until("the new primary accepts writes", patience(), async || {
            new.command(&["ROLE"]).await.unwrap().starts_with("master").then_some(())
        })
        .await;
    }

    async fn until_known(&self) {
        for sentinel in &self.sentinels {
            let knows = async || sentinel.knows_all().await.then_some(());
            until("a Sentinel knows all", 3 * patience(), knows).await;
        }
    }
}
