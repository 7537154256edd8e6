//! PostgreSQL restarts, crashes and stands still, under load.

use futures_util::future::join_all;
use libtest_mimic::Trial;
use tokio::time::timeout;

use super::{finish, named};
use crate::{
    databases::{PgBouncer, Postgres},
    fleet::Fleet,
    harness::patience,
    history::Told,
    load::{Load, mint},
};

pub(super) fn trials() -> Vec<Trial> {
    let mut trials = named!(
        "database",
        [
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

/// The pause is longer than a lease, so no instance may answer from its memory.
async fn a_paused_database_loses_nothing_and_brings_nothing_back() {
    let (cluster, fleet) = start().await;
    let client = fleet.client();
    let person = client.create_person().await;
    let session = &mint(&fleet, &person, "1").await[0];
    let load = Load::start(&fleet).await;
    load.answered(200).await;
    cluster.pause();
    let unknown = (0..fleet.count()).map(|at| client.until_told(Told::Unknown, at, session));
    timeout(patience(), join_all(unknown)).await.unwrap();
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
