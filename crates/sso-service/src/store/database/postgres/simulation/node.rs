//! The process of an instance: the real follower and confirmer, and what clients ask of it.

use std::{
    cell::{Cell, RefCell},
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
    time::{sleep, timeout},
};

use super::{
    super::{
        confirmer::{self, Confirmer, UnconfirmedCommit},
        freshness::Freshness,
        instance::{Following, Instance},
        lease::Lease,
        looks::{LookRequest, Looks},
        metrics::InstanceMetrics,
        time::since_boot,
    },
    history::Answer,
    memory::{Memory, ModelFollower},
    pausing::Pause,
    server::{Effect, ModelServer, Network, Tables, Token},
};
use crate::store::database::{fatal::FatalFault, write_job::FinishedJob};

/// How long a transaction of a writer may take.
const TRANSACTION_TIME: Duration = Duration::from_millis(2500);
/// How long a supervisor waits before it starts a process that has ended.
const RESTART: Duration = Duration::from_millis(100);

/// A running instance.
pub(super) struct Node {
    pub(super) pause: Pause,
    server: ModelServer,
    memory: Memory,
    freshness: Freshness,
    unconfirmed: mpsc::Sender<UnconfirmedCommit>,
    stop: RefCell<Option<oneshot::Sender<()>>>,
    tasks: Vec<JoinHandle<()>>,
}

impl Node {
    /// Starts a process that knows nothing yet.
    pub(super) fn start(
        tables: Arc<Mutex<Tables>>,
        random: fastrand::Rng,
        stale_max: Duration,
    ) -> Self {
        let (server, memory, pause) =
            (ModelServer::new(tables, random), Memory::default(), Pause::default());
        let ((looks, requests), lease) = (Looks::new(), Lease::default());
        let (unconfirmed, received) = confirmer::queue();
        let (stop, stopped) = oneshot::channel();
        let metrics = InstanceMetrics::new();
        let confirming = Confirmer::new(server.clone(), metrics.clone()).run(received);
        let following =
            Following { stale_max, clock: None, metrics, new_id, fault: FatalFault::default() };
        let instance =
            serve(server.clone(), memory.clone(), following, lease.clone(), (requests, stopped));
        let tasks = vec![
            tokio::task::spawn_local(pause.around(instance)),
            tokio::task::spawn_local(pause.around(confirming)),
        ];
        let freshness = Freshness { lease, looks };
        let stop = RefCell::new(Some(stop));
        Self { pause, server, memory, freshness, unconfirmed, stop, tasks }
    }

    pub(super) fn set_network(&self, network: Network) {
        *self.server.network.lock().unwrap() = network;
    }

    /// A notification arrives.
    pub(super) fn notify(&self) {
        self.freshness.looks.hasten();
    }

    /// As kill -9 does it.
    pub(super) fn kill(&self) {
        self.pause.begin();
        self.tasks.iter().for_each(JoinHandle::abort);
    }

    /// As SIGTERM does it: it leaves the table, and answers nothing any more.
    pub(super) fn terminate(&self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
    }

    /// Whether the log-in was answered.
    pub(super) async fn log_in(&self, token: Token) -> bool {
        let log_in = async { self.commit(Effect::Issues(token)).await.is_some() };
        self.pause.around(log_in).await
    }

    /// Whether the revocation was answered.
    pub(super) async fn revoke(&self, token: Token) -> bool {
        let revoke = async {
            let Some(change) = self.commit(Effect::Revokes(token)).await else {
                return false;
            };
            let committed = since_boot();
            let (job, answered) = FinishedJob::that_waits();
            let commit = UnconfirmedCommit { change, committed, jobs: vec![job] };
            self.unconfirmed.send(commit).await.is_ok() && matches!(answered.await, Ok(Ok(())))
        };
        self.pause.around(revoke).await
    }

    pub(super) async fn validate(&self, token: Token) -> Answer {
        let validate = self.freshness.known(|| self.memory.knows(token).then_some(()));
        match self.pause.around(validate).await {
            Ok(Some(())) => Answer::Valid,
            Ok(None) => Answer::Invalid,
            Err(_) => Answer::Unknown,
        }
    }

    /// As the writer commits: the outcome of a transaction that takes too long is unknown.
    async fn commit(&self, effect: Effect) -> Option<i64> {
        let commit = self.server.call(move |tables| tables.commit(effect));
        let committed = timeout(TRANSACTION_TIME, commit).await;
        self.freshness.looks.hasten();
        committed.ok()?.ok()
    }
}

/// The instance; a supervisor starts it anew while it cannot load.
async fn serve(
    server: ModelServer,
    memory: Memory,
    following: Following,
    lease: Lease,
    (mut requests, mut stopped): (mpsc::Receiver<LookRequest>, oneshot::Receiver<()>),
) {
    loop {
        let follower = ModelFollower::new(memory.clone());
        let (report, loaded) = oneshot::channel();
        let instance = Instance::new(server.clone(), follower, following.clone(), lease.clone());
        instance.run(&mut requests, &mut stopped, report).await;
        if matches!(loaded.await, Ok(Ok(()))) {
            return;
        }
        sleep(RESTART).await;
    }
}

/// An id for each registration in a simulation.
fn new_id() -> String {
    thread_local! {
        static LAST: Cell<u64> = const { Cell::new(0) };
    }
    LAST.set(LAST.get() + 1);
    format!("instance-{}", LAST.get())
}
