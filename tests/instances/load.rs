//! Clients that do what users and administrators do, at random instances, until they are stopped.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use fastrand::Rng;
use futures_util::future::join_all;
use tokio::task::JoinHandle;

use crate::{
    fleet::{Client, Credential, Fleet, Person},
    harness::{patience, until},
    history::{Change, ChangeRecord, History},
};

/// How many clients there are.
const CLIENTS: usize = 4;
/// How many sessions each of them begins with.
const MINTED: &str = "30";
/// The pause of a client between two actions: all the tests share the machine.
const PAUSE: Duration = Duration::from_millis(5);

/// Running clients.
#[derive(Debug)]
pub(crate) struct Load {
    stop: Arc<AtomicBool>,
    clients: Vec<JoinHandle<LoadClient>>,
    history: Arc<History>,
}

/// A client with a user of its own.
#[derive(Debug)]
struct LoadClient {
    client: Client,
    person: Person,
    /// What is valid, as far as the client knows.
    valid: Vec<Credential>,
    /// What was ended, and not answered yet.
    ending: Vec<Credential>,
    /// What has ended, as far as the client knows.
    ended: Vec<Credential>,
    /// Whether enabling the user again was not answered.
    disabled: bool,
    shared: Arc<Mutex<Vec<Credential>>>,
    random: Rng,
}

impl Load {
    /// Starts the clients, whose choices a seed decides. The seed is printed.
    pub(crate) async fn start(fleet: &Fleet) -> Self {
        let seed = fastrand::u64(..);
        eprintln!("the load has the seed {seed}");
        let mut random = Rng::with_seed(seed);
        let (stop, shared) = (Arc::<AtomicBool>::default(), Arc::default());
        let mut clients = Vec::new();
        for _ in 0..CLIENTS {
            let client = LoadClient::new(fleet, random.fork(), Arc::clone(&shared)).await;
            clients.push(tokio::spawn(client.run(stop.clone())));
        }
        Self { stop, clients, history: fleet.history.clone() }
    }

    /// Waits until clients were told so many more answers to validations.
    pub(crate) async fn answered(&self, count: usize) {
        let before = self.history.validations();
        // A busy machine gives tens of answers a second.
        let bound = patience() * u32::try_from(6 + count / 200).unwrap();
        until("clients are told answers", bound, async || {
            (self.history.validations() >= before + count).then_some(())
        })
        .await;
    }

    /// Stops the clients, which end what they wanted to end, and has everything that they know
    /// validated at every instance.
    pub(crate) async fn settle(self) {
        self.stop.store(true, Ordering::Relaxed);
        let clients = join_all(self.clients).await.into_iter().map(Result::unwrap);
        join_all(clients.map(LoadClient::settle)).await;
    }
}

impl LoadClient {
    async fn new(fleet: &Fleet, random: Rng, shared: Arc<Mutex<Vec<Credential>>>) -> Self {
        let client = fleet.client();
        let person = client.create_person().await;
        let valid = mint(fleet, &person, MINTED).await;
        let (ending, ended) = (Vec::new(), Vec::new());
        Self { client, person, valid, ending, ended, disabled: false, shared, random }
    }

    async fn run(mut self, stop: Arc<AtomicBool>) -> Self {
        while !stop.load(Ordering::Relaxed) {
            self.act().await;
            tokio::time::sleep(PAUSE).await;
        }
        self
    }

    async fn act(&mut self) {
        let at = self.random.usize(..self.client.instances());
        match self.random.u8(..100) {
            0..20 => self.create_key(at).await,
            20..40 => self.end_something(at).await,
            40..46 => self.change_permission(at).await,
            46..47 => self.end_everything(at).await,
            47..49 => self.log_in(at).await,
            _ => self.validate_something(at).await,
        }
    }

    async fn create_key(&mut self, at: usize) {
        let created = self.client.create_key(at).await;
        self.begin(created).await;
    }

    async fn log_in(&mut self, at: usize) {
        if self.disabled {
            self.disabled = self.client.enable(at, &self.person).await.is_none();
        }
        if !self.disabled {
            let session = self.client.log_in(at, &self.person).await;
            self.begin(session).await;
        }
    }

    /// What was begun is valid everywhere at once.
    async fn begin(&mut self, begun: Option<Credential>) {
        if let Some(begun) = begun {
            self.client.validate_everywhere(&begun).await;
            self.shared.lock().unwrap().push(begun.clone());
            self.valid.push(begun);
        }
    }

    /// What was ended is refused everywhere at once.
    async fn end_something(&mut self, at: usize) {
        let ending = match self.ending.pop() {
            Some(ending) => ending,
            None if self.valid.is_empty() => return,
            None => self.valid.swap_remove(self.random.usize(..self.valid.len())),
        };
        if self.client.end(at, &ending).await.is_some() {
            self.client.validate_everywhere(&ending).await;
            self.ended.push(ending);
        } else {
            self.ending.push(ending);
        }
    }

    async fn change_permission(&mut self, at: usize) {
        let changed = if self.random.bool() {
            self.client.give(at, &self.person).await
        } else {
            self.client.take(at, &self.person).await
        };
        if let (Some(_), Some(session)) = (changed, self.some_session()) {
            self.client.validate_everywhere(&session).await;
        }
    }

    fn some_session(&self) -> Option<Credential> {
        let of_person = |one: &&Credential| one.token.user == self.person.number;
        self.valid.iter().find(of_person).cloned()
    }

    /// Keys are not the sessions of a user.
    async fn end_everything(&mut self, at: usize) {
        let ended = if self.random.bool() {
            self.client.end_all_of(at, &self.person).await
        } else {
            self.disabled = true;
            let enabled = self.client.disable(at, &self.person).await;
            self.disabled = enabled.is_none();
            enabled
        };
        if ended.is_some() {
            let number = self.person.number;
            let sessions: Vec<_> =
                self.valid.extract_if(.., |one| one.token.user == number).collect();
            join_all(sessions.iter().take(3).map(|one| self.client.validate_everywhere(one))).await;
            self.ended.extend(sessions);
        }
    }

    async fn validate_something(&mut self, at: usize) {
        let shared = self.shared.lock().unwrap().clone();
        let lists = [&shared, &self.valid, &self.valid, &self.ended];
        let list = lists[self.random.usize(..lists.len())];
        if let Some(one) = self.random.choice(list) {
            self.client.validate(at, one).await;
        }
    }

    /// After the last fault: ends what was to end, and validates everything.
    async fn settle(mut self) {
        for ending in &self.ending {
            assert!(self.client.end(0, ending).await.is_some(), "the fault is not over");
        }
        self.ended.append(&mut self.ending);
        for one in self.valid.iter().chain(&self.ended) {
            let told = self.client.validate_everywhere(one).await;
            assert!(told.iter().all(Option::is_some), "the fault is not over");
        }
    }
}

/// Sessions of a user, made by a command of the shell.
pub(crate) async fn mint(fleet: &Fleet, person: &Person, count: &str) -> Vec<Credential> {
    let user = &*person.name;
    let command = ["sessions", "mint", "--user", user, "--count", count, "--ttl", "24h"];
    let began = Instant::now();
    let printed = fleet.administer(&command).await;
    let sessions = printed.lines().map(|secret| {
        let session = person.minted(&fleet.history, secret);
        note_begun(&fleet.history, &session, began);
        session
    });
    sessions.collect()
}

fn note_begun(history: &History, session: &Credential, began: Instant) {
    let change = Change::Begin(session.token);
    history.note(ChangeRecord { change, began, answered: Some(Instant::now()) });
}
