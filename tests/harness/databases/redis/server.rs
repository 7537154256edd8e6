//! A Redis server.

use std::net::SocketAddr;

use rustix::process::Signal;

use super::{
    super::daemon::{Daemon, require},
    endpoint::Endpoint,
    setup::RedisSetup,
};

/// A running Redis server, or one that a test has stopped or killed.
#[derive(Debug)]
pub(crate) struct Redis {
    daemon: Daemon,
    endpoint: Endpoint,
}

impl Redis {
    /// Fails with the reason why Redis is missing.
    pub(crate) fn installed() -> Result<(), String> {
        require(&["redis-server", "redis-cli"])
    }

    /// One without password and TLS.
    pub(crate) async fn start() -> Self {
        RedisSetup::default().start().await
    }

    pub(super) async fn start_with(daemon: Daemon, endpoint: Endpoint) -> Self {
        let mut redis = Self { daemon, endpoint };
        redis.start_daemon().await;
        redis
    }

    async fn start_daemon(&mut self) {
        self.daemon.start(async |_| self.endpoint.answers().await).await;
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.endpoint.address
    }

    /// `redis://…` or `rediss://…`, with the password.
    pub(crate) fn url(&self) -> String {
        self.endpoint.url()
    }

    /// Executes a command through redis-cli. Gives the answer: a line for each value.
    pub(crate) async fn command(&self, words: &[&str]) -> Result<String, String> {
        self.endpoint.command(words).await
    }

    /// Removes everything that it holds.
    pub(crate) async fn flush(&self) {
        assert_eq!(self.command(&["FLUSHALL", "SYNC"]).await.unwrap(), "OK");
    }

    /// Shuts it down.
    pub(crate) async fn stop(&mut self) {
        self.daemon.stop(Signal::TERM).await;
    }

    /// Kills it.
    pub(crate) fn kill(&mut self) {
        self.daemon.kill();
    }

    /// Starts it again, at the same address. If it runs, it is stopped before.
    pub(crate) async fn restart(&mut self) {
        if self.daemon.is_running() {
            self.stop().await;
        }
        self.start_daemon().await;
    }

    /// Pauses all of its threads.
    pub(crate) fn pause(&self) {
        self.daemon.pause();
    }

    /// Continues all of its threads.
    pub(crate) fn resume(&self) {
        self.daemon.resume();
    }
}
