//! PostgreSQL restarts, crashes, stands still and is away, under load.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use libtest_mimic::Trial;
use tokio::time::timeout;

use super::{finish, named};
use crate::{
    databases::{PgBouncer, Postgres},
    fleet::{Client, Credential, Fleet},
    history::Told,
    load::{Load, mint},
    scale::Scale,
};

const YES: Told = Told::Yes { permitted: false };
/// How soon instances answer again: the second of the contract, and two for a build that is not
/// optimized on a busy machine.
const BACK: Duration = Duration::from_secs(3);
/// The pause between two rounds of validations.
const PAUSE: Duration = Duration::from_millis(10);

pub(super) fn trials() -> Vec<Trial> {
    let mut trials = named!(
        "database",
        [
            an_outage_refuses_nobody_and_ends_at_once,
            a_restarted_database_loses_nothing_and_brings_nothing_back,
            a_killed_database_loses_nothing_and_brings_nothing_back,
            a_paused_database_loses_nothing_and_brings_nothing_back,
        ]
    );
    let name = "database::instances_behind_a_pooler_see_one_history";
    trials.push(super::trial(
        name,
        PgBouncer::installed(),
        instances_behind_a_pooler_see_one_history,
    ));
    trials
}

/// A cluster that the case may kill, and instances. The cluster must outlive them.
async fn start() -> (Postgres, Fleet) {
    let cluster = Postgres::start().await;
    let fleet = Fleet::start(2, &cluster.database().await.url()).await;
    (cluster, fleet)
}

/// No validation is 401, no cookie is cleared, and each instance answers again within a second.
async fn an_outage_refuses_nobody_and_ends_at_once() {
    let (mut cluster, fleet) = start().await;
    let client = fleet.client();
    let person = client.create_person().await;
    let sessions = mint(&fleet, &person, "200").await;
    let validating = async {
        loop {
            validate_all(&client, &sessions).await;
        }
    };
    let outage = async {
        cluster.kill();
        tokio::time::sleep(Scale::of_run().outage()).await;
        cluster.restart().await;
        let back = Instant::now();
        join_all((0..fleet.count()).map(|at| client.until_told(YES, at, &sessions[0]))).await;
        back.elapsed()
    };
    let took = tokio::select! {
        () = validating => unreachable!(),
        took = outage => took,
    };
    eprintln!("instances answered after {took:?}");
    assert!(took < BACK, "{took:?}");
    let summary = fleet.history.check();
    eprintln!("{summary}");
    assert_eq!(summary.no, 0, "{summary}");
    assert!(summary.unknown > 0, "{summary}");
}

/// Validates at every instance, and opens a page as a browser does.
async fn validate_all(client: &Client, sessions: &[Credential]) {
    for session in sessions {
        client.validate_everywhere(session).await;
        let page = client.open_page(0, session).await;
        assert!(matches!(page.status, 200 | 503), "{page:?}");
        assert!(!page.headers.contains_key("set-cookie"), "{page:?}");
        tokio::time::sleep(PAUSE).await;
    }
}

async fn a_restarted_database_loses_nothing_and_brings_nothing_back() {
    let (mut cluster, fleet) = start().await;
    let load = Load::start(&fleet).await;
    for _ in 0..3 {
        load.answered(200).await;
        cluster.restart().await;
    }
    load.answered(200).await;
    finish(fleet, load).await;
}

async fn a_killed_database_loses_nothing_and_brings_nothing_back() {
    let (mut cluster, fleet) = start().await;
    let load = Load::start(&fleet).await;
    for _ in 0..3 {
        load.answered(200).await;
        cluster.kill();
        load.answered(20).await;
        cluster.restart().await;
    }
    load.answered(200).await;
    finish(fleet, load).await;
}

/// Longer than a lease: nobody may answer any more.
async fn a_paused_database_loses_nothing_and_brings_nothing_back() {
    let (cluster, fleet) = start().await;
    let client = fleet.client();
    let person = client.create_person().await;
    let session = &mint(&fleet, &person, "1").await[0];
    let load = Load::start(&fleet).await;
    load.answered(200).await;
    cluster.pause();
    let unknown = (0..fleet.count()).map(|at| client.until_told(Told::Unknown, at, session));
    timeout(5 * BACK, join_all(unknown)).await.unwrap();
    cluster.resume();
    load.answered(200).await;
    finish(fleet, load).await;
}

/// A pooler in transaction mode delivers no notifications: instances look at fixed intervals.
async fn instances_behind_a_pooler_see_one_history() {
    let cluster = Postgres::shared().await;
    let mut pooler = PgBouncer::before(cluster).await;
    let database = cluster.database().await.at(pooler.address());
    let fleet = Fleet::start(2, &database.url()).await;
    let load = Load::start(&fleet).await;
    load.answered(400).await;
    pooler.restart().await;
    load.answered(400).await;
    finish(fleet, load).await;
}
