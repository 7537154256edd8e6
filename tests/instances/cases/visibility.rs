//! Without faults: what one instance has answered, every other one knows at once.

use std::sync::Mutex;

use fastrand::Rng;
use futures_util::future::join_all;
use libtest_mimic::Trial;
use tokio::sync::Semaphore;

use super::named;
use crate::{
    databases::Postgres,
    fleet::{Client, Credential, Fleet, Person},
    history::{Summary, Told},
    load::{Load, mint},
    scale::Scale,
};

/// How many rounds are under way at the same time.
const ABREAST: usize = 32;

pub(super) fn trials() -> Vec<Trial> {
    named!(
        "visibility",
        [
            what_begins_and_ends_at_one_of_two_instances_is_known_to_the_other,
            what_begins_and_ends_at_one_of_three_instances_is_known_to_the_others,
            random_clients_of_three_instances_see_one_history,
        ]
    )
}

async fn what_begins_and_ends_at_one_of_two_instances_is_known_to_the_other() {
    check_rounds(2).await;
}

async fn what_begins_and_ends_at_one_of_three_instances_is_known_to_the_others() {
    check_rounds(3).await;
}

async fn check_rounds(instances: usize) {
    let database = Postgres::shared().await.database().await;
    let fleet = Fleet::start(instances, &database.url()).await;
    let seed = fastrand::u64(..);
    eprintln!("the rounds have the seed {seed}");
    let mut random = Rng::with_seed(seed);
    let person = fleet.client().create_person().await;
    let minted = Mutex::new(mint(&fleet, &person, &Scale::of_run().rounds.to_string()).await);
    let rounds = (0..ABREAST).map(|_| run_rounds(&fleet, &person, &minted, random.fork()));
    join_all(rounds).await;
    let summary = fleet.history.check();
    eprintln!("{summary}");
    assert_eq!(summary.open, 0, "{summary}");
    check_unknown_is_rare(&summary);
}

/// One after the other: the queue before the hashing threads is short.
async fn log_in(client: &Client, at: usize, person: &Person) -> Option<Credential> {
    static ONE: Semaphore = Semaphore::const_new(1);
    let _turn = ONE.acquire().await.unwrap();
    client.log_in(at, person).await
}

/// Most rounds are about keys and minted sessions: a log-in costs a hash.
async fn run_rounds(
    fleet: &Fleet,
    person: &Person,
    minted: &Mutex<Vec<Credential>>,
    mut random: Rng,
) {
    let client = fleet.client();
    for round in 0..Scale::of_run().rounds.div_ceil(ABREAST) {
        let at = random.usize(..client.instances());
        let begun = match round % 64 {
            0 => log_in(&client, at, person).await,
            1..32 => minted.lock().unwrap().pop(),
            _ => client.create_key(at).await,
        };
        let begun = begun.unwrap();
        let elsewhere = (at + random.usize(1..client.instances())) % client.instances();
        let told = client.validate(elsewhere, &begun).await;
        assert_eq!(told, Some(Told::Yes { permitted: false }), "at {elsewhere} after {at}");
        let at = random.usize(..client.instances());
        client.end(at, &begun).await.unwrap();
        let told = client.validate_everywhere(&begun).await;
        assert!(told.iter().all(|told| *told == Some(Told::No)), "after {at}: {told:?}");
    }
}

async fn random_clients_of_three_instances_see_one_history() {
    let database = Postgres::shared().await.database().await;
    let fleet = Fleet::start(3, &database.url()).await;
    let load = Load::start(&fleet).await;
    load.answered(4000).await;
    load.settle().await;
    let summary = fleet.history.check();
    eprintln!("{summary}");
    check_unknown_is_rare(&summary);
}

fn check_unknown_is_rare(summary: &Summary) {
    assert!(summary.unknown * 1000 <= summary.yes + summary.no, "{summary}");
}
