//! Log-ins with wrong passwords: each by a name of its own, from one of many networks, over
//! connections that are kept alive.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::bail;
use tokio::{
    sync::Semaphore,
    task::JoinSet,
    time::{MissedTickBehavior, interval},
};

use crate::clients::http::{self, Connection, Head};

const BUFFER_BYTES: usize = 4096;
/// So many networks that the limiter refuses hardly any log-in: nearly all reach the queue of the
/// hashing threads.
const NETWORKS: u32 = 1 << 16;
/// The interval at which due guesses are released.
const TICK: Duration = Duration::from_millis(1);

/// A client that guesses passwords, each with another user name.
#[derive(Clone)]
pub(crate) struct Guesses {
    address: SocketAddr,
    next: Arc<AtomicU32>,
}

/// The rate of guesses.
pub(crate) enum Pace {
    /// A guess for each permit that [`Pace::keep`] adds, until the pace is closed.
    Steady(Semaphore),
    /// Without a pause, until this number of guesses is used up.
    AtOnce(AtomicI64),
}

/// The answers to guesses.
#[derive(Debug, Default)]
pub(crate) struct GuessCounts {
    /// Compared with a hash: 401.
    pub(crate) compared: u64,
    /// Refused before any hashing: 429 or 503.
    pub(crate) shed: u64,
    /// The time of the slowest of these.
    pub(crate) slowest_shed: Duration,
}

/// `POST /auth/login`, as a trusted proxy passes it on.
pub(crate) fn log_in_request(from: Ipv4Addr, name: &str, password: &str) -> Vec<u8> {
    let body = format!("username={name}&password={password}");
    let from = from.to_string();
    let headers =
        [("Content-Type", "application/x-www-form-urlencoded"), ("X-Forwarded-For", from.as_str())];
    http::request_with_body("/auth/login", &headers, &body)
}

impl Guesses {
    /// Guesses at the service at this address.
    pub(crate) fn at(address: SocketAddr) -> Self {
        Self { address, next: Arc::default() }
    }

    /// Guesses at this pace over this number of connections.
    pub(crate) async fn make(
        &self,
        connections: usize,
        pace: Arc<Pace>,
    ) -> anyhow::Result<GuessCounts> {
        let mut guessing = JoinSet::new();
        for _ in 0..connections {
            let connection = Connection::open(self.address, BUFFER_BYTES).await?;
            guessing.spawn(self.clone().repeat(connection, pace.clone()));
        }
        let mut counts = GuessCounts::default();
        while let Some(some) = guessing.join_next().await {
            counts.add(&some??);
        }
        Ok(counts)
    }

    async fn repeat(
        self,
        mut connection: Connection,
        pace: Arc<Pace>,
    ) -> anyhow::Result<GuessCounts> {
        let mut counts = GuessCounts::default();
        while pace.next().await {
            let request = self.request();
            let start = Instant::now();
            let Head { status, body } = connection.ask(&request).await?;
            connection.read_to_end(body, |_| {}).await?;
            counts.count(status, start.elapsed())?;
        }
        Ok(counts)
    }

    fn request(&self) -> Vec<u8> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let network = Ipv4Addr::from_bits((10 << 24) | (number % NETWORKS));
        log_in_request(network, &format!("guess-{number}"), "not+the+right+password")
    }
}

impl Pace {
    /// A pace that [`Pace::keep`] keeps.
    pub(crate) fn steady() -> Self {
        Self::Steady(Semaphore::new(0))
    }

    /// This number of guesses without a pause.
    pub(crate) fn at_once(count: u32) -> Self {
        Self::AtOnce(AtomicI64::new(count.into()))
    }

    /// Releases guesses at this rate, in guesses a second, until closed. A guess without a free
    /// connection is skipped.
    pub(crate) async fn keep(&self, rate: f64) {
        let Self::Steady(permits) = self else { return };
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let mut due = 0.0;
        while !permits.is_closed() {
            ticks.tick().await;
            due += rate * TICK.as_secs_f64();
            if permits.available_permits() == 0 {
                permits.add_permits(due as usize);
            }
            due = due.fract();
        }
    }

    /// Ends the guesses.
    pub(crate) fn close(&self) {
        match self {
            Self::Steady(permits) => permits.close(),
            Self::AtOnce(left) => left.store(0, Ordering::Relaxed),
        }
    }

    async fn next(&self) -> bool {
        match self {
            Self::Steady(permits) => permits.acquire().await.is_ok_and(|permit| {
                permit.forget();
                true
            }),
            Self::AtOnce(left) => left.fetch_sub(1, Ordering::Relaxed) > 0,
        }
    }
}

impl GuessCounts {
    pub(crate) fn total(&self) -> u64 {
        self.compared + self.shed
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.compared += other.compared;
        self.shed += other.shed;
        self.slowest_shed = self.slowest_shed.max(other.slowest_shed);
    }

    fn count(&mut self, status: u16, took: Duration) -> anyhow::Result<()> {
        match status {
            401 => self.compared += 1,
            429 | 503 => {
                self.shed += 1;
                self.slowest_shed = self.slowest_shed.max(took);
            }
            _ => bail!("a wrong password was answered with {status}"),
        }
        Ok(())
    }
}
