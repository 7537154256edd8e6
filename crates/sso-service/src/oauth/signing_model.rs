//! Random programs of two actors who rotate, publish and use the signing keys of one database, over
//! months of simulated time: each starts again, sleeps and misses rotations, and the clock is reset.
//!
//! A verifier may cache the published keys for an hour. So every JWT verifies with the keys as either
//! actor published them at any time within the hour before, and as they are published until it ends.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use proptest::prelude::*;
use serde_json::{Value, json};
use service_runtime::clock::{Clock, ManualClock};
use tokio::runtime;

use super::signing::SigningKeys;
use crate::{
    signing_keys::{PublicKey, SecretKey},
    store::{Attribution, Store},
    test_service::noon,
};

/// How long published keys may be cached.
const CACHED: Duration = Duration::from_secs(3600);
/// How long a JWT lives.
const JWT_LIFETIME: Duration = Duration::from_secs(300);

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

#[derive(Debug, Clone)]
enum SigningStep {
    /// Time passes, in seconds, in which neither actor does anything.
    Wait(u64),
    /// The actor does its regular work.
    Rotate(usize),
    /// A verifier fetches the keys from the actor.
    Fetch(usize),
    /// The actor issues a JWT.
    Issue(usize),
    /// The actor starts again.
    Restart(usize),
    /// Both start again, on a clock that is so many seconds behind the one before.
    ResetClock(u64),
}

fn step() -> impl Strategy<Value = SigningStep> {
    let seconds = prop_oneof![
        1_u64..10,
        Just(MINUTE),
        Just(4 * MINUTE),
        Just(HOUR / 2),
        Just(HOUR),
        Just(12 * HOUR),
        Just(DAY - 1),
        Just(DAY),
        Just(3 * DAY),
        Just(29 * DAY),
        Just(30 * DAY),
        Just(100 * DAY),
    ];
    let actor = || 0_usize..2;
    prop_oneof![
        6 => seconds.prop_map(SigningStep::Wait),
        4 => actor().prop_map(SigningStep::Rotate),
        6 => actor().prop_map(SigningStep::Fetch),
        6 => actor().prop_map(SigningStep::Issue),
        1 => actor().prop_map(SigningStep::Restart),
        1 => prop_oneof![Just(HOUR), Just(40 * DAY), Just(400 * DAY)]
            .prop_map(SigningStep::ResetClock),
    ]
}

/// Keys as a verifier fetched them, and when.
struct Fetched {
    at: Duration,
    keys: Vec<PublicKey>,
}

/// A JWT, and when it was issued.
struct Issued {
    at: Duration,
    token: String,
}

struct World {
    store: Store,
    clock: Arc<ManualClock>,
    actors: Vec<SigningKeys>,
    /// Since the beginning, also over resets of the clock.
    elapsed: Duration,
    fetched: Vec<Fetched>,
    issued: Vec<Issued>,
}

impl World {
    async fn new() -> Self {
        let (store, clock) = (Store::in_memory().await, Arc::new(ManualClock::at(noon())));
        let elapsed = Duration::ZERO;
        let (fetched, issued) = (Vec::new(), Vec::new());
        let mut world = Self { store, clock, actors: Vec::new(), elapsed, fetched, issued };
        world.start_actors().await;
        world
    }

    async fn start_actors(&mut self) {
        self.actors = vec![self.start_actor().await, self.start_actor().await];
    }

    async fn start_actor(&self) -> SigningKeys {
        let secret: SecretKey = "0123456789abcdef0123456789abcdef".parse().unwrap();
        SigningKeys::open(self.store.clone(), self.clock.clone(), Some(secret)).await.unwrap()
    }

    async fn take(&mut self, step: &SigningStep) {
        match *step {
            SigningStep::Wait(seconds) => {
                self.clock.advance(Duration::from_secs(seconds));
                self.elapsed += Duration::from_secs(seconds);
            }
            SigningStep::Rotate(actor) => self.actors[actor].rotate().await.unwrap(),
            SigningStep::Fetch(actor) => self.fetch(actor).await,
            SigningStep::Issue(actor) => self.issue(actor).await,
            SigningStep::Restart(actor) => self.actors[actor] = self.start_actor().await,
            SigningStep::ResetClock(back) => self.reset_clock(back).await,
        }
    }

    async fn fetch(&mut self, actor: usize) {
        let fetched =
            Fetched { at: self.elapsed, keys: self.actors[actor].published().await.unwrap() };
        let valid = |issued: &&Issued| self.elapsed - issued.at < JWT_LIFETIME;
        self.issued.iter().filter(valid).for_each(|issued| verify(&issued.token, &fetched.keys));
        self.fetched.push(fetched);
    }

    async fn issue(&mut self, actor: usize) {
        let claims = json!({"sub": "alice", "exp": i64::MAX / 2});
        let token = self.actors[actor].sign(&claims).await.unwrap().to_string();
        let cached = |fetched: &&Fetched| self.elapsed - fetched.at <= CACHED;
        self.fetched.iter().filter(cached).for_each(|fetched| verify(&token, &fetched.keys));
        self.issued.push(Issued { at: self.elapsed, token });
    }

    async fn reset_clock(&mut self, back: u64) {
        let now = self.clock.now();
        self.store.persist_instant(now).await.unwrap();
        let earlier = now - TimeDelta::seconds(back.cast_signed());
        self.store.reset_clock(earlier, Attribution::unrecorded(earlier)).await.unwrap();
        self.clock = Arc::new(ManualClock::at(earlier));
        self.start_actors().await;
    }
}

/// Verifies a JWT as another service does.
#[track_caller]
fn verify(token: &str, keys: &[PublicKey]) {
    let kid = decode_header(token).unwrap().kid.unwrap();
    let key = keys.iter().find(|key| key.id.to_string() == kid);
    let key = key.unwrap_or_else(|| panic!("the key {kid} is not published"));
    let key = DecodingKey::from_ec_components(&key.x, &key.y).unwrap();
    let claims = decode::<Value>(token, &key, &Validation::new(Algorithm::ES256)).unwrap().claims;
    assert_eq!(claims["sub"], "alice");
}

/// How many keys there are at most: the present and the next one, and the last ones.
const MOST_KEYS: i64 = 4;

fn run(steps: &[SigningStep]) {
    let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut world = World::new().await;
        for step in steps {
            world.take(step).await;
        }
        world.take(&SigningStep::Rotate(0)).await;
        let count = world.store.number("SELECT count(*) FROM signing_keys").await;
        assert!((1..=MOST_KEYS).contains(&count), "{count} keys");
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn jwt_verifies_with_keys_as_published_within_the_hour_before(
        steps in prop::collection::vec(step(), 1..120)
    ) {
        run(&steps);
    }
}

/// The instants from which keys sign.
async fn starts(store: &Store) -> Vec<DateTime<Utc>> {
    let keys = store.signing_keys().await.unwrap();
    keys.iter().map(|key| key.signs_from).collect()
}

#[tokio::test]
async fn two_actors_create_one_key() {
    let world = World::new().await;
    assert_eq!(starts(&world.store).await, [noon()]);
    world.clock.advance(Duration::from_secs(29 * DAY));
    let [one, other] = &world.actors[..] else { unreachable!() };
    let (first, second) = tokio::join!(one.rotate(), other.rotate());
    first.and(second).unwrap();
    assert_eq!(starts(&world.store).await, [noon(), noon() + TimeDelta::days(30)]);
}

#[tokio::test]
async fn old_key_is_deleted_when_its_last_token_is_over() {
    let world = World::new().await;
    world.clock.advance(Duration::from_secs(29 * DAY));
    world.actors[0].rotate().await.unwrap();
    world.clock.advance(Duration::from_secs(DAY + 65 * MINUTE - 1));
    world.actors[0].rotate().await.unwrap();
    assert_eq!(starts(&world.store).await.len(), 2);
    world.clock.advance(Duration::from_secs(1));
    world.actors[0].rotate().await.unwrap();
    assert_eq!(starts(&world.store).await, [noon() + TimeDelta::days(30)]);
}
