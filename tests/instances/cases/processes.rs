//! Instances that are killed, paused, stopped and started, under load.

use std::time::Duration;

use libtest_mimic::Trial;

use super::{finish, named};
use crate::{
    databases::Postgres,
    fleet::{Fleet, FleetSetup},
    harness::{patience, until},
    history::Told,
    load::{Load, mint},
};

/// As long as a suspended process of the contract.
const PAUSE: Duration = Duration::from_secs(10);

pub(super) fn trials() -> Vec<Trial> {
    named!(
        "processes",
        [
            a_paused_instance_gives_no_old_answer_when_it_continues,
            killed_instances_lose_nothing_and_bring_nothing_back,
            restarted_instances_lose_nothing_and_bring_nothing_back,
            an_instance_that_is_paused_again_and_again_gives_no_old_answer,
            an_instance_that_starts_during_revocations_knows_them,
            a_writer_waits_for_the_lease_that_the_other_instance_was_started_with,
            an_instance_that_is_paused_while_it_writes_its_row_holds_up_no_revocation,
        ]
    )
}

async fn fleet(instances: usize) -> Fleet {
    let database = Postgres::shared().await.database().await;
    Fleet::start(instances, &database.url()).await
}

/// What the paused instance knew is pruned from the database meanwhile: it has to read everything
/// again, and no session ends for that.
async fn a_paused_instance_gives_no_old_answer_when_it_continues() {
    let fleet = fleet(2).await;
    let load = Load::start(&fleet).await;
    load.answered(100).await;
    let client = fleet.client();
    let person = client.create_person().await;
    let sessions = mint(&fleet, &person, "2").await;
    for session in &sessions {
        let told = client.validate(1, session).await;
        assert_eq!(told, Some(Told::Yes { permitted: false }));
    }
    let [ended, kept] = &sessions[..] else { panic!("{sessions:?}") };
    fleet.instances[1].pause().await;
    // The other one may hold the lock of the writers.
    client.end_for_certain(0, ended).await;
    // Asked while it is paused, after the revocation was answered; answered when it continues.
    let resume = async {
        tokio::time::sleep(PAUSE).await;
        fleet.instances[1].resume();
    };
    let (first, ()) = tokio::join!(client.validate(1, ended), resume);
    assert!(matches!(first, None | Some(Told::No | Told::Unknown)), "{first:?}");
    fleet.until_ready().await;
    let told = client.validate_everywhere(kept).await;
    assert!(told.iter().all(|told| *told == Some(Told::Yes { permitted: false })), "{told:?}");
    finish(fleet, load).await;
}

async fn killed_instances_lose_nothing_and_bring_nothing_back() {
    let mut fleet = fleet(3).await;
    let load = Load::start(&fleet).await;
    for round in 0..6 {
        load.answered(150).await;
        let at = round % fleet.count();
        fleet.instances[at].kill();
        load.answered(150).await;
        fleet.instances[at].start().await;
    }
    finish(fleet, load).await;
}

async fn restarted_instances_lose_nothing_and_bring_nothing_back() {
    let mut fleet = fleet(3).await;
    let load = Load::start(&fleet).await;
    for at in 0..fleet.count() {
        load.answered(150).await;
        fleet.instances[at].stop().await;
        load.answered(150).await;
        fleet.instances[at].start().await;
    }
    finish(fleet, load).await;
}

/// At random moments: sometimes between the lock and the commit.
async fn an_instance_that_is_paused_again_and_again_gives_no_old_answer() {
    let fleet = fleet(2).await;
    let load = Load::start(&fleet).await;
    for round in 0..8 {
        let instance = &fleet.instances[round % fleet.count()];
        load.answered(fastrand::usize(10..80)).await;
        instance.pause().await;
        // Shorter and longer than a lease and than the time-outs of a transaction.
        tokio::time::sleep(Duration::from_millis(fastrand::u64(100..3500))).await;
        instance.resume();
    }
    finish(fleet, load).await;
}

async fn an_instance_that_starts_during_revocations_knows_them() {
    let mut fleet = fleet(2).await;
    let client = fleet.client();
    let person = client.create_person().await;
    for _ in 0..5 {
        let sessions = mint(&fleet, &person, "150").await;
        fleet.instances[1].kill();
        let (starting, serving) = (1, 0);
        let end_and_validate = async {
            for session in &sessions {
                client.end(serving, session).await.unwrap();
                client.validate(starting, session).await;
            }
        };
        tokio::join!(end_and_validate, async { fleet.instances[starting].start().await });
        for session in &sessions {
            client.validate(starting, session).await;
        }
    }
    eprintln!("{}", fleet.history.check());
}

/// An instance waits for as long as the other one may answer without a look, not for its own time.
async fn a_writer_waits_for_the_lease_that_the_other_instance_was_started_with() {
    let url = Postgres::shared().await.database().await.url();
    let setup = FleetSetup::of(0, &url).and(&url, &[("SSO_STORE_STALE_MAX", "500ms")]);
    let fleet = setup.and(&url, &[("SSO_STORE_STALE_MAX", "4s")]).start().await;
    let client = fleet.client();
    let person = client.create_person().await;
    let session = &mint(&fleet, &person, "1").await[0];
    assert_eq!(client.validate(1, session).await, Some(Told::Yes { permitted: false }));
    fleet.instances[1].pause().await;
    let began = std::time::Instant::now();
    client.end_for_certain(0, session).await;
    let waited = began.elapsed();
    assert!(Duration::from_secs(3) < waited && waited < patience(), "{waited:?}");
    fleet.instances[1].resume();
    fleet.until_ready().await;
    client.validate_everywhere(session).await;
    eprintln!("{}", fleet.history.check());
}

/// Its transaction is open for as long as the server lets it. Here another client holds the row.
async fn an_instance_that_is_paused_while_it_writes_its_row_holds_up_no_revocation() {
    const ROW: &str = "SELECT id FROM instances WHERE stale_max = 1000 FOR UPDATE";
    let database = Postgres::shared().await.database().await;
    let url = database.url();
    let setup = FleetSetup::of(0, &url).and(&url, &[("SSO_STORE_STALE_MAX", "500ms")]);
    let fleet = setup.and(&url, &[("SSO_STORE_STALE_MAX", "1s")]).start().await;
    let client = fleet.client();
    let person = client.create_person().await;
    let sessions = mint(&fleet, &person, "3").await;
    fleet.instances[1].pause().await;
    let held = format!("{ROW}; SELECT pg_sleep(60)");
    let revoke = async {
        until("the row is held", patience(), async || {
            let free = database.sql(&format!("{ROW} SKIP LOCKED")).await.unwrap();
            free.is_empty().then_some(())
        })
        .await;
        for session in &sessions {
            client.end_for_certain(0, session).await;
        }
    };
    tokio::select! {
        () = revoke => {}
        held = database.sql(&held) => panic!("the row was let go: {held:?}"),
    }
    fleet.instances[1].resume();
    fleet.until_ready().await;
    for session in &sessions {
        client.validate_everywhere(session).await;
    }
    eprintln!("{}", fleet.history.check());
}
