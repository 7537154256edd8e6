//! Clients that validate tokens without a pause.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use reqwest::Client;
use tokio::task::JoinSet;

use super::instance::Instance;
use crate::harness::plain_client;

const CLIENTS: usize = 4;
/// Redis has half a second to answer.
const LONGEST: Duration = Duration::from_secs(1);

/// Running clients, which ask about live tokens.
#[derive(Debug)]
pub(super) struct Load {
    clients: JoinSet<()>,
    stop: Arc<AtomicBool>,
    counts: Arc<Counts>,
}

/// How many answers there were.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) valid: AtomicU64,
    pub(super) unknown: AtomicU64,
}

impl Load {
    /// Starts clients of the instances, which must never be told that a token is invalid.
    pub(super) fn start(instances: &[&Instance], tokens: &[String]) -> Self {
        let urls: Vec<_> =
            instances.iter().map(|instance| instance.url("/auth/validate")).collect();
        let (stop, counts, mut clients) =
            (Arc::new(AtomicBool::new(false)), Arc::new(Counts::default()), JoinSet::new());
        for client in 0..CLIENTS {
            let (stop, counts) = (stop.clone(), counts.clone());
            let (url, tokens) = (urls[client % urls.len()].clone(), tokens.to_vec());
            clients.spawn(async move {
                let http = plain_client();
                for token in tokens.iter().cycle() {
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                    validate(&http, &url, token, &counts).await;
                }
            });
        }
        Self { clients, stop, counts }
    }

    /// How many answers have said that a token is valid.
    pub(super) fn valid(&self) -> u64 {
        self.counts.valid.load(Ordering::Relaxed)
    }

    /// How many answers have said that nothing is known.
    pub(super) fn unknown(&self) -> u64 {
        self.counts.unknown.load(Ordering::Relaxed)
    }

    /// Ends the clients. Gives how many answers were yes, and how many unknown.
    pub(super) async fn finish(mut self) -> (u64, u64) {
        self.stop.store(true, Ordering::Relaxed);
        while let Some(ended) = self.clients.join_next().await {
            ended.unwrap();
        }
        (self.valid(), self.unknown())
    }
}

async fn validate(http: &Client, url: &str, token: &str, counts: &Counts) {
    let began = Instant::now();
    let status = http.post(url).bearer_auth(token).send().await.unwrap().status().as_u16();
    let took = began.elapsed();
    assert!(took < LONGEST, "{status} after {took:?}");
    match status {
        200 => counts.valid.fetch_add(1, Ordering::Relaxed),
        503 => counts.unknown.fetch_add(1, Ordering::Relaxed),
        _ => panic!("{status} for a valid token"),
    };
}
