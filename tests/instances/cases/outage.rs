//! PostgreSQL or Redis is away for a while, under load.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use libtest_mimic::Trial;

use crate::{
    databases::{Postgres, Redis},
    fleet::{Client, Credential, Fleet, FleetSetup},
    harness::{patience, until},
    history::Told,
    load::mint,
    scale::Scale,
};

const YES: Told = Told::Yes { permitted: false };
/// How many sessions are validated, and by how many clients.
const SESSIONS: &str = "200";
const CLIENTS: usize = 8;
/// The pause of a client between two rounds.
const PAUSE: Duration = Duration::from_millis(10);

pub(super) fn trials() -> Vec<Trial> {
    let both = Postgres::installed().and(Redis::installed());
    vec![
        super::trial(
            "outage::without_postgresql_nobody_is_refused_and_it_ends_at_once",
            Postgres::installed(),
            without_postgresql_nobody_is_refused_and_it_ends_at_once,
        ),
        super::trial(
            "outage::without_redis_nobody_is_refused_and_it_ends_at_once",
            both,
            without_redis_nobody_is_refused_and_it_ends_at_once,
        ),
    ]
}

/// What is away. Others need the rest meanwhile.
enum Missing {
    Postgres(Postgres),
    Redis(Redis),
}

impl Missing {
    fn kill(&mut self) {
        match self {
            Self::Postgres(cluster) => cluster.kill(),
            Self::Redis(redis) => redis.kill(),
        }
    }

    async fn restart(&mut self) {
        match self {
            Self::Postgres(cluster) => cluster.restart().await,
            Self::Redis(redis) => redis.restart().await,
        }
    }
}

async fn without_postgresql_nobody_is_refused_and_it_ends_at_once() {
    let cluster = Postgres::start().await;
    let fleet = Fleet::start(2, &cluster.database().await.url()).await;
    check_outage(Missing::Postgres(cluster), fleet).await;
}

async fn without_redis_nobody_is_refused_and_it_ends_at_once() {
    let (database, redis) = (Postgres::shared().await.database().await.url(), Redis::start().await);
    let store = redis.url();
    let variables = [("SSO_SESSION_STORE", &*store)];
    let setup = FleetSetup::of(0, "").and(&database, &variables).and(&database, &variables);
    let fleet = setup.start().await;
    check_outage(Missing::Redis(redis), fleet).await;
}

/// No validation is 401, no cookie is cleared, and each instance answers again in time.
async fn check_outage(mut missing: Missing, fleet: Fleet) {
    let client = fleet.client();
    let person = client.create_person().await;
    let sessions = mint(&fleet, &person, SESSIONS).await;
    let clients = sessions.chunks(sessions.len() / CLIENTS);
    let validating = join_all(clients.map(|sessions| validate_repeatedly(&client, sessions)));
    let outage = async {
        until_validated(&fleet, 2 * sessions.len()).await;
        missing.kill();
        tokio::time::sleep(Scale::of_run().outage()).await;
        missing.restart().await;
        let back = Instant::now();
        join_all((0..fleet.count()).map(|at| client.until_told(YES, at, &sessions[0]))).await;
        back.elapsed()
    };
    let took = tokio::select! {
        _ = validating => unreachable!(),
        took = outage => took,
    };
    eprintln!("instances answered after {took:?}");
    assert!(took < Scale::of_run().recovery(), "{took:?}");
    let summary = fleet.history.check();
    eprintln!("{summary}");
    assert_eq!(summary.no, 0, "{summary}");
    assert!(summary.unknown > 0, "{summary}");
}

async fn until_validated(fleet: &Fleet, count: usize) {
    until("sessions are validated", 3 * patience(), async || {
        (fleet.history.validations() >= count).then_some(())
    })
    .await;
}

/// Validates at every instance, and opens a page as a browser does, for ever.
async fn validate_repeatedly(client: &Client, sessions: &[Credential]) {
    for (round, session) in sessions.iter().cycle().enumerate() {
        client.validate_everywhere(session).await;
        let page = client.open_page(round % client.instances(), session).await;
        assert!(matches!(page.status, 200 | 503), "{page:?}");
        assert!(!page.headers.contains_key("set-cookie"), "{page:?}");
        tokio::time::sleep(PAUSE).await;
    }
}
