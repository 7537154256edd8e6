//! Wrong passwords, many times as many as can be hashed, and everybody else meanwhile.

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
/// A moment for each, or this process would have both cores to itself: about a thousand guesses a
/// second are left, of which some forty can be hashed.
const PAUSE: Duration = Duration::from_millis(200);
/// What must go on, and how often it is done before the flood ends.
const VALIDATIONS: usize = 200;
const LOG_INS: usize = 5;

/// Guessers, and what came of their guesses.
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

    /// Guesses until it is over. Each answer comes within the harness's patience of ten seconds;
    /// two and a half are promised where nothing else goes on.
    async fn guess(self: Arc<Self>) {
        while !self.is_over.load(Ordering::Relaxed) {
            self.count(&Answer::to(self.sso, &self.next_guess()).await);
            sleep(PAUSE).await;
        }
    }

    /// Those who find the queue full are sent away, so it is full from here on.
    async fn has_risen(&self) {
        let sent_away = async || (self.sent_away.load(Ordering::Relaxed) > 0).then_some(());
        until("the queue is full", patience(), sent_away).await;
    }

    /// Another name each time, from one of many networks.
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

/// Logs in from home while the flood goes on, and comes again as told if need be. That it works is
/// no matter of luck: of those who guess, hardly one in twenty gets as far as a comparison.
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
