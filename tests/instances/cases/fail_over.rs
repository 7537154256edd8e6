//! A standby replaces the primary.

use libtest_mimic::Trial;

use super::{finish, named};
use crate::{
    databases::{Database, FaultProxy, Postgres},
    fleet::Fleet,
    harness::{patience, until},
    history::{Change, Told},
    load::{Load, mint},
};

pub(super) fn trials() -> Vec<Trial> {
    named!(
        "fail_over",
        [
            a_synchronous_standby_loses_nothing_and_brings_nothing_back,
            a_standby_that_lacks_changes_ends_all_sessions,
        ]
    )
}

/// A primary, a way to it that can lead elsewhere, and instances.
struct Stage {
    fleet: Fleet,
    way: FaultProxy,
    database: Database,
    primary: Postgres,
}

impl Stage {
    async fn start() -> Self {
        let primary = Postgres::start().await;
        let way = FaultProxy::before(primary.address());
        let database = primary.database().await.at(way.address());
        let fleet = Fleet::start(2, &database.url()).await;
        Self { fleet, way, database, primary }
    }

    /// Waits until the standby has everything that the primary has now.
    async fn until_followed_by(&self, standby: &Postgres) {
        let last = "SELECT max(seq) FROM changes";
        let expected = self.database.sql(last).await.unwrap();
        let copy = self.database.at(standby.address());
        until("the standby has followed", patience(), async || {
            (copy.sql(last).await.unwrap() == expected).then_some(())
        })
        .await;
    }

    async fn fail_over(&mut self, standby: &Postgres) {
        self.primary.kill();
        self.way.cut().await;
        standby.promote().await;
        self.way.lead_to(standby.address());
        self.way.heal().await;
    }
}

async fn a_synchronous_standby_loses_nothing_and_brings_nothing_back() {
    let mut stage = Stage::start().await;
    let standby = stage.primary.synchronous_standby().await;
    let load = Load::start(&stage.fleet).await;
    load.answered(300).await;
    stage.fail_over(&standby).await;
    load.answered(300).await;
    finish(stage.fleet, load).await;
}

/// A log-in and a revocation are lost. The instances notice, and end all sessions: the revoked one
/// does not come back.
async fn a_standby_that_lacks_changes_ends_all_sessions() {
    let mut stage = Stage::start().await;
    let standby = stage.primary.standby().await;
    let client = stage.fleet.client();
    let person = client.create_person().await;
    let sessions = mint(&stage.fleet, &person, "2").await;
    let [revoked, kept] = &sessions[..] else { panic!("{sessions:?}") };
    stage.until_followed_by(&standby).await;
    standby.detach().await;
    client.end(0, revoked).await.unwrap();
    let lost = client.log_in(0, &person).await.unwrap();
    let yes = Told::Yes { permitted: false };
    assert_eq!(client.validate_everywhere(&lost).await, [Some(yes); 2]);
    stage.fleet.history.may_happen(Change::EndAll);
    stage.fail_over(&standby).await;
    for at in 0..stage.fleet.count() {
        for session in [kept, &lost, revoked] {
            client.until_told(Told::No, at, session).await;
        }
    }
    stage.fleet.until_ready().await;
    let anew = client.log_in(1, &person).await.unwrap();
    assert_eq!(client.validate_everywhere(&anew).await, [Some(yes); 2]);
    eprintln!("{}", stage.fleet.history.check());
}
