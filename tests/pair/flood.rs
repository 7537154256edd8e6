//! A flood of wrong passwords, far more than can be hashed, beside regular users.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use tokio::time::{sleep, timeout};

use crate::harness::{ADMIN, Answer, Caller, RawRequest, Setup, patience, until};

const HOME: &str = "192.0.2.1";
/// One thread hashes, and a hundred may wait for it.
const GUESSERS: usize = 300;
/// The pause between guesses, so that this process leaves the service some of both cores: about a
/// thousand guesses a second remain, of which some forty can be hashed.
const PAUSE: Duration = Duration::from_millis(200);
/// The number of regular log-ins and reads before the flood ends.
const VALIDATIONS: usize = 200;
const LOG_INS: usize = 5;

/// Guessers, and the outcomes of their guesses.
#[derive(Debug)]
struct Flood {
    sso: SocketAddr,
    next: AtomicU32,
    compared: AtomicU32,
    sent_away: AtomicU32,
    is_over: AtomicBool,
}

impl Flood {
    fn of(sso: SocketAddr) -> Arc<Self> {
        let [next, compared, sent_away] = <[AtomicU32; 3]>::default();
        Arc::new(Self { sso, next, compared, sent_away, is_over: AtomicBool::new(false) })
    }

    /// Guesses until the flood ends. Each answer must come within the harness's patience of ten
    /// seconds; on an idle machine two and a half are promised.
    async fn guess(self: Arc<Self>) {
        while !self.is_over.load(Ordering::Relaxed) {
            self.count(&Answer::to(self.sso, &self.next_guess()).await);
            sleep(PAUSE).await;
        }
    }

    /// Waits for the first refusal: from here on the queue is full.
    async fn has_risen(&self) {
        let sent_away = async || (self.sent_away.load(Ordering::Relaxed) > 0).then_some(());
        until("the queue is full", patience(), sent_away).await;
    }

    /// Guesses with a new name each time, from one of many networks.
    fn next_guess(&self) -> Vec<u8> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let [_, _, third, fourth] = number.to_be_bytes();
        let request = RawRequest::new("POST", "/auth/login");
        let request = request.header("x-forwarded-for", format!("10.0.{third}.{fourth}"));
        request.with_form(&format!("username=guess-{number}&password=this+one+is+wrong"))
    }

    fn count(&self, answer: &Answer) {
        match answer.problem() {
            (401, code) if code == "invalid_credentials" => {
                self.compared.fetch_add(1, Ordering::Relaxed);
            }
            (503, code) if code == "busy" => {
                let seconds: u32 = answer.header("retry-after").parse().unwrap();
                assert!(seconds > 0, "{answer:?}");
                self.sent_away.fetch_add(1, Ordering::Relaxed);
            }
            other => panic!("{other:?}"),
        }
    }
}

/// Logs in from the known network during the flood, and retries after `Retry-After` if refused.
/// Success is not luck: hardly one guess in twenty reaches a comparison.
async fn log_in_at_home(anonymous: &Caller) {
    for _ in 0..LOG_INS {
        loop {
            let answer = anonymous.log_in_from(HOME, ADMIN.0, ADMIN.1).await;
            if answer.status == 200 {
                break;
            }
            answer.check_problem_is(503, "busy");
            let seconds = answer.header("retry-after").parse().unwrap();
            sleep(Duration::from_secs(seconds)).await;
        }
    }
}

#[tokio::test]
async fn a_flood_of_wrong_passwords_does_not_block_known_users() {
    let setup = Setup::new().sso("SSO_TRUSTED_PROXIES", "127.0.0.1").sso_on_two_cores();
    let pair = setup.sso("SSO_LOG_LEVEL", "info").start();
    let anonymous = pair.anonymous();
    let admin = anonymous.log_in_from(HOME, ADMIN.0, ADMIN.1).await;
    let admin = anonymous.with_token(admin.json()["token"].as_str().unwrap());
    let flood = Flood::of(pair.sso.listening());
    let guessing: Vec<_> = (0..GUESSERS).map(|_| tokio::spawn(flood.clone().guess())).collect();
    flood.has_risen().await;

    let validating = async {
        for _ in 0..VALIDATIONS {
            assert_eq!(admin.validate().await.status, 200);
        }
    };
    let both = async { tokio::join!(validating, log_in_at_home(&anonymous)) };
    timeout(3 * patience(), both).await.unwrap();

    flood.is_over.store(true, Ordering::Relaxed);
    for guesser in guessing {
        guesser.await.unwrap();
    }
    let [compared, sent_away] =
        [&flood.compared, &flood.sent_away].map(|count| count.load(Ordering::Relaxed));
    assert!(compared > 0 && sent_away > compared, "{compared} compared, {sent_away} sent away");
}
