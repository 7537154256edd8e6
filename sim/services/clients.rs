//! A random program of clients.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};

use futures_util::future::join_all;
use tokio::{task::spawn_local, time::sleep};

use crate::{
    client,
    history::{Answer, Ending, History, Token},
    hosts::ADMIN,
    trace::Trace,
};

/// The users, and the password of all.
const USERS: [&str; 3] = ["ada", "bob", "cem"];
const PASSWORD: &str = "staple battery horse correct";
/// How long the clients go on.
const LENGTH: Duration = Duration::from_secs(20);
/// The pause before the next try to begin.
const PAUSE: Duration = Duration::from_millis(500);

/// The clients, and what they know.
pub(crate) struct Clients {
    instances: Vec<String>,
    random: RefCell<fastrand::Rng>,
    history: RefCell<History>,
    /// By number; `None` where the log-in was not answered.
    tokens: RefCell<Vec<Option<String>>>,
    admin: RefCell<String>,
    fault: RefCell<Option<String>>,
    is_begun: Cell<bool>,
    trace: Trace,
}

impl Clients {
    pub(crate) fn new(instances: Vec<String>, random: fastrand::Rng, trace: Trace) -> Rc<Self> {
        Rc::new(Self {
            instances,
            random: RefCell::new(random),
            history: RefCell::default(),
            tokens: RefCell::default(),
            admin: RefCell::default(),
            fault: RefCell::default(),
            is_begun: Cell::new(false),
            trace,
        })
    }

    /// The first answer that may not be.
    pub(crate) fn fault(&self) -> Option<String> {
        self.fault.borrow().clone()
    }

    /// Whether there are users: faults may begin.
    pub(crate) fn is_begun(&self) -> bool {
        self.is_begun.get()
    }

    /// How many requests with tokens were answered, how many of them by "unknown", and how many of
    /// those without a reason.
    pub(crate) fn answers(&self) -> [usize; 3] {
        let history = self.history.borrow();
        [history.answers, history.unknown, history.unexplained]
    }

    /// Creates the users, then lets so many clients do as they like for a while.
    pub(crate) async fn run(self: Rc<Self>, clients: usize) -> turmoil::Result {
        self.create_users().await;
        self.is_begun.set(true);
        for _ in 0..clients {
            spawn_local(self.clone().client());
        }
        sleep(LENGTH).await;
        Ok(())
    }

    async fn create_users(&self) {
        let admin = loop {
            if let Some(token) = client::log_in(&self.instances[0], ADMIN).await {
                break token;
            }
            sleep(PAUSE).await;
        };
        for user in USERS {
            while client::create_user(&self.instances[0], &admin, [user, PASSWORD]).await.is_none()
            {
                sleep(PAUSE).await;
            }
        }
        self.admin.replace(admin);
    }

    async fn client(self: Rc<Self>) {
        loop {
            sleep(self.up_to(200)).await;
            match self.below(24) {
                0 | 1 => self.log_in().await,
                2 => self.log_out().await,
                3 if self.below(4) == 0 => self.end_sessions().await,
                4..8 => self.read_log(self.token()).await,
                _ => self.validate(self.token(), &self.instance()).await,
            }
        }
    }

    async fn log_in(&self) {
        let user = self.below(USERS.len());
        let token = self.history.borrow_mut().log_in(user);
        self.tokens.borrow_mut().push(None);
        let issued = client::log_in(&self.instance(), [USERS[user], PASSWORD]).await;
        if let Some(text) = issued {
            self.history.borrow_mut().issued(token);
            self.trace.note(&format!("token {token} is issued: {text}"));
            self.tokens.borrow_mut()[token] = Some(text);
            self.ask_everywhere(token).await;
        }
    }

    async fn log_out(&self) {
        let (token, instance) = (self.token(), self.instance());
        let Some(text) = self.text_of(token) else { return };
        let asked = self.history.borrow_mut().ending(Ending::Of(token));
        if client::log_out(&instance, &text).await {
            self.history.borrow_mut().ended(Ending::Of(token), asked);
            self.trace.note(&format!("token {token} is revoked"));
            self.ask_everywhere(token).await;
        }
    }

    async fn end_sessions(&self) {
        let (user, instance) = (self.below(USERS.len()), self.instance());
        let admin = self.admin.borrow().clone();
        let asked = self.history.borrow_mut().ending(Ending::OfUser(user));
        if client::end_sessions(&instance, &admin, USERS[user]).await {
            self.history.borrow_mut().ended(Ending::OfUser(user), asked);
            self.trace.note(&format!("the sessions of {} are ended", USERS[user]));
            self.ask_everywhere(self.token()).await;
        }
    }

    async fn ask_everywhere(&self, token: Token) {
        let validations = self.instances.iter().map(|instance| self.validate(token, instance));
        tokio::join!(join_all(validations), self.read_log(token));
    }

    async fn validate(&self, token: Token, instance: &str) {
        let Some(text) = self.text_of(token) else { return };
        let begun = self.history.borrow_mut().moment();
        let answer = client::validate(instance, &text).await;
        self.check(token, begun, answer, instance);
    }

    async fn read_log(&self, token: Token) {
        let Some(text) = self.text_of(token) else { return };
        let begun = self.history.borrow_mut().moment();
        let answer = client::read_log(&text).await;
        self.check(token, begun, answer, "gateway");
    }

    fn check(&self, token: Token, begun: u64, answer: Result<Answer, u16>, place: &str) {
        self.trace.note(&format!("token {token} at {place} since {begun}: {answer:?}"));
        let checked = match answer {
            Ok(answer) => self.history.borrow_mut().answered(token, begun, answer),
            Err(status) => return self.fail(format!("{place} answered {status}")),
        };
        if let Err(violation) = checked {
            self.fail(format!("{place}: {violation}"));
        }
    }

    fn fail(&self, fault: String) {
        self.trace.note(&fault);
        self.fault.borrow_mut().get_or_insert(fault);
    }

    fn text_of(&self, token: Token) -> Option<String> {
        self.tokens.borrow().get(token).cloned().flatten()
    }

    /// One of the last tokens.
    fn token(&self) -> Token {
        let last = self.tokens.borrow().len();
        last.saturating_sub(1 + self.below(6))
    }

    fn instance(&self) -> String {
        self.instances[self.below(self.instances.len())].clone()
    }

    fn up_to(&self, millis: u64) -> Duration {
        Duration::from_millis(self.random.borrow_mut().u64(0..=millis))
    }

    fn below(&self, end: usize) -> usize {
        self.random.borrow_mut().usize(0..end)
    }
}
