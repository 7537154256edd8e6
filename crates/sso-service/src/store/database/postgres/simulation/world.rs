//! A random program of clients and faults.

use std::{
    cell::RefCell,
    rc::Rc,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_util::future::join_all;
use tokio::time::{sleep, timeout};

use super::{
    super::time::since_boot,
    history::{Answer, History},
    node::Node,
    server::{Network, Tables, Token},
};

/// How long a client waits for an answer.
const PATIENCE: Duration = Duration::from_secs(15);

/// The instances, the server and the clients.
pub(super) struct World {
    tables: Arc<Mutex<Tables>>,
    nodes: RefCell<Vec<Rc<Node>>>,
    random: RefCell<fastrand::Rng>,
    pub(super) history: RefCell<History>,
    fault: RefCell<Option<String>>,
    tokens: RefCell<Token>,
}

impl World {
    pub(super) fn new(seed: u64, instances: usize) -> Rc<Self> {
        let world = Self {
            tables: Arc::new(Mutex::new(Tables::new())),
            nodes: RefCell::default(),
            random: RefCell::new(fastrand::Rng::with_seed(seed)),
            history: RefCell::default(),
            fault: RefCell::default(),
            tokens: RefCell::default(),
        };
        for _ in 0..instances {
            let node = world.start_node();
            world.nodes.borrow_mut().push(node);
        }
        Rc::new(world)
    }

    /// The first answer that may not be.
    pub(super) fn fault(&self) -> Option<String> {
        self.fault.borrow().clone()
    }

    fn start_node(&self) -> Rc<Node> {
        let stale_max = self.up_to(1500) + Duration::from_millis(500);
        let random = self.random.borrow_mut().fork();
        Rc::new(Node::start(self.tables.clone(), random, stale_max))
    }

    fn up_to(&self, millis: u64) -> Duration {
        Duration::from_millis(self.random.borrow_mut().u64(0..=millis))
    }

    fn below(&self, end: usize) -> usize {
        self.random.borrow_mut().usize(0..end)
    }

    fn node(&self) -> Rc<Node> {
        let at = self.below(self.nodes.borrow().len());
        self.nodes.borrow()[at].clone()
    }

    /// Logs in, validates and revokes, at any instance.
    pub(super) async fn client(self: Rc<Self>) {
        loop {
            sleep(self.up_to(120)).await;
            match self.below(12) {
                0 | 1 => self.log_in().await,
                2 => self.revoke().await,
                _ => self.validate(self.token(), &self.node()).await,
            }
        }
    }

    /// One of the last tokens, whether it was issued or not.
    fn token(&self) -> Token {
        let last = *self.tokens.borrow();
        last.saturating_sub(self.random.borrow_mut().u32(0..6))
    }

    async fn log_in(&self) {
        *self.tokens.borrow_mut() += 1;
        let token = *self.tokens.borrow();
        let node = self.node();
        if timeout(PATIENCE, node.log_in(token)).await == Ok(true) {
            self.history.borrow_mut().issued(token, since_boot());
            tokio::join!(self.validate_everywhere(token), self.notify());
        }
    }

    async fn revoke(&self) {
        let (token, node) = (self.token(), self.node());
        if !self.history.borrow().is_issued(token) {
            return;
        }
        self.history.borrow_mut().revoking(token, since_boot());
        let revoke = timeout(PATIENCE, node.revoke(token));
        let (revoked, ()) = tokio::join!(revoke, self.notify());
        if revoked == Ok(true) {
            self.history.borrow_mut().revoked(token, since_boot());
            self.validate_everywhere(token).await;
        }
    }

    async fn validate_everywhere(&self, token: Token) {
        let nodes = self.nodes.borrow().clone();
        join_all(nodes.iter().map(|node| self.validate(token, node))).await;
    }

    async fn validate(&self, token: Token, node: &Node) {
        let begun = since_boot();
        let answer = timeout(PATIENCE, node.validate(token)).await.unwrap_or(Answer::Unknown);
        let checked = self.history.borrow_mut().validated(token, (begun, since_boot()), answer);
        if let Err(fault) = checked {
            self.fault.borrow_mut().get_or_insert(fault);
        }
    }

    /// Some notifications arrive, and some are lost.
    async fn notify(&self) {
        sleep(self.up_to(5)).await;
        for node in self.nodes.borrow().iter() {
            if self.random.borrow_mut().bool() {
                node.notify();
            }
        }
    }

    /// Does one harm after the other, and heals some of it.
    pub(super) async fn faults(self: Rc<Self>) {
        loop {
            sleep(self.up_to(2500)).await;
            let node = self.node();
            match self.below(9) {
                0 | 1 => self.pause(&node),
                2 => node.set_network(Network::Slow(self.up_to(900))),
                3 => node.set_network(Network::Refused),
                4 => node.set_network(Network::Lost),
                5 => self.replace(&node, Node::kill),
                6 => self.replace(&node, Node::terminate),
                7 => self.server_restarts().await,
                _ => self.tables.lock().unwrap().prune(),
            }
            if self.below(3) > 0 {
                self.heal();
            }
        }
    }

    fn pause(&self, node: &Rc<Node>) {
        let (node, length) = (node.clone(), self.up_to(10_000));
        node.pause.begin();
        tokio::task::spawn_local(async move {
            sleep(length).await;
            node.pause.end();
        });
    }

    fn replace(&self, node: &Rc<Node>, end: fn(&Node)) {
        end(node);
        let new = self.start_node();
        for place in self.nodes.borrow_mut().iter_mut().filter(|place| Rc::ptr_eq(place, node)) {
            *place = new.clone();
        }
    }

    /// All connections end, and none can be made for a while.
    async fn server_restarts(&self) {
        let set = |network| self.nodes.borrow().iter().for_each(|node| node.set_network(network));
        set(Network::Refused);
        sleep(self.up_to(4000)).await;
        set(Network::Well);
    }

    fn heal(&self) {
        for node in self.nodes.borrow().iter() {
            node.set_network(Network::Well);
        }
    }
}
