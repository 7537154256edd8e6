//! Wrong passwords, many times as many as can be hashed, and everybody else meanwhile.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use reqwest::header::RETRY_AFTER;

use crate::harness::{ADMIN, Caller, Setup, patience};

const HOME: &str = "192.0.2.1";
const WRONG: &str = "a password that is wrong";
/// One thread hashes, and a hundred may wait for it.
const GUESSERS: usize = 300;
/// How often each thing that must go on is done before the flood ends.
const TIMES: usize = 5;
const VALIDATIONS: usize = 200;

/// What many guessers share.
#[derive(Debug, Clone)]
struct Flood {
    anonymous: Caller,
    next: Arc<AtomicU32>,
    is_over: Arc<AtomicBool>,
}

/// What came of guesses.
#[derive(Debug, Default)]
struct Toll {
    compared: usize,
    busy: usize,
    throttled: usize,
}

impl Flood {
    fn goes_on(&self) -> bool {
        !self.is_over.load(Ordering::Relaxed)
    }

    /// Guesses until it is over: each time by another name, from one of many networks.
    async fn guess(self) -> Toll {
        let mut toll = Toll::default();
        while self.goes_on() {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let [_, _, third, fourth] = number.to_be_bytes();
            let (ip, name) = (format!("10.0.{third}.{fourth}"), format!("guess-{number}"));
            let started = Instant::now();
            let answer = self.anonymous.log_in_from(&ip, &name, WRONG).await;
            // It is two seconds and a half where nothing else goes on.
            assert!(started.elapsed() < patience(), "{:?}", started.elapsed());
            match answer.problem() {
                (401, code) if code == "invalid_credentials" => toll.compared += 1,
                (429, code) if code == "too_many_attempts" => toll.throttled += 1,
                (503, code) if code == "busy" => toll.busy += 1,
                other => panic!("{other:?}"),
            }
            if answer.status != 401 {
                let seconds: u32 = answer.header(RETRY_AFTER.as_str()).parse().unwrap();
                assert!(seconds > 0, "{answer:?}");
            }
        }
        toll
    }

    /// Logs in from home while the flood goes on, and comes again as told if need be. How often is
    /// no matter of luck: of those who guess, hardly one in a hundred gets as far as this.
    async fn log_in_at_home(&self) {
        for _ in 0..TIMES {
            loop {
                let answer = self.anonymous.log_in_from(HOME, ADMIN.0, ADMIN.1).await;
                if answer.status == 200 {
                    break;
                }
                answer.check_problem_is(503, "busy");
                let seconds = answer.header(RETRY_AFTER.as_str()).parse().unwrap();
                tokio::time::sleep(Duration::from_secs(seconds)).await;
            }
        }
    }
}

#[tokio::test]
async fn a_flood_of_wrong_passwords_drowns_nobody_who_was_there_before() {
    let setup = Setup::new().sso("SSO_TRUSTED_PROXIES", "127.0.0.1").sso_on_two_cores();
    let pair = setup.sso("SSO_LOG_LEVEL", "info").start();
    let anonymous = pair.anonymous();
    let admin = anonymous.log_in_from(HOME, ADMIN.0, ADMIN.1).await;
    let admin = anonymous.with_token(admin.json()["token"].as_str().unwrap());
    let flood = Flood { anonymous, next: Arc::default(), is_over: Arc::default() };
    let guessing: Vec<_> = (0..GUESSERS).map(|_| tokio::spawn(flood.clone().guess())).collect();

    let validating = async {
        for _ in 0..VALIDATIONS {
            assert_eq!(admin.validate().await.status, 200);
        }
    };
    let all = async { tokio::join!(validating, flood.log_in_at_home()) };
    tokio::time::timeout(6 * patience(), all).await.unwrap();
    flood.is_over.store(true, Ordering::Relaxed);

    let mut toll = Toll::default();
    for guesses in guessing {
        let Toll { compared, busy, throttled } = guesses.await.unwrap();
        toll.compared += compared;
        toll.busy += busy;
        toll.throttled += throttled;
    }
    assert!(toll.compared > 0 && toll.busy > 10 * toll.compared, "{toll:?}");
}
