//! Several instances on one PostgreSQL and one Redis, also behind Sentinels.

use std::time::Duration;

use libtest_mimic::Trial;

use super::{instance::Instance, load::Load};
use crate::{
    databases::{Database, Postgres, Redis, Sentinels},
    harness::{patience, until},
    stores::named,
};

pub(super) fn trials() -> Vec<Trial> {
    let several = Postgres::installed().and_then(|()| Redis::installed());
    let with_sentinels = Sentinels::installed();
    let mut trials = named!(
        "session_store",
        with_sentinels.clone(),
        [fail_over_loses_no_session, killed_primary_loses_no_session],
    );
    trials.extend(named!(
        "session_store",
        several.clone(),
        [
            sessions_begin_and_end_for_all_instances_at_once,
            instance_that_starts_later_accepts_no_ended_session,
            databases_on_one_redis_are_separate,
        ],
    ));
    trials
}

async fn on(database: &Database, redis: &Redis) -> Instance {
    let url = database.url();
    Instance::start_with(&redis.url(), &[("SSO_DATABASE_URL", &url)]).await
}

async fn sessions_begin_and_end_for_all_instances_at_once() {
    let (postgres, redis) = (Postgres::shared().await, Redis::start().await);
    let database = postgres.database().await;
    let (one, other) = (on(&database, &redis).await, on(&database, &redis).await);
    for round in 0..50 {
        let (here, there) = if round % 2 == 0 { (&one, &other) } else { (&other, &one) };
        let token = here.log_in().await;
        assert_eq!(there.validate(&token).await, 200, "round {round}");
        assert_eq!(here.validate(&token).await, 200, "round {round}");
        if round % 3 == 0 {
            redis.flush().await;
        }
        there.log_out(&token).await;
        assert_eq!(here.validate(&token).await, 401, "round {round}");
        assert_eq!(there.validate(&token).await, 401, "round {round}");
    }
}

async fn instance_that_starts_later_accepts_no_ended_session() {
    let (postgres, redis) = (Postgres::shared().await, Redis::start().await);
    let database = postgres.database().await;
    let first = on(&database, &redis).await;
    let tokens = [first.log_in().await, first.log_in().await];
    until("there are two records", patience(), async || {
        (redis.command(&["DBSIZE"]).await.unwrap() == "2").then_some(())
    })
    .await;
    let dumps = dump(&redis).await;
    first.log_out(&tokens[0]).await;
    let second = on(&database, &redis).await;
    // As a Redis that is restored from a dump, or fails over to a replica that was behind.
    restore(&redis, &dumps).await;
    for instance in [&second, &first] {
        assert_eq!(instance.validate(&tokens[0]).await, 401);
        assert_eq!(instance.validate(&tokens[1]).await, 200);
    }
}

async fn databases_on_one_redis_are_separate() {
    let (postgres, redis) = (Postgres::shared().await, Redis::start().await);
    let (one, other) = (postgres.database().await, postgres.database().await);
    let (one, other) = (on(&one, &redis).await, on(&other, &redis).await);
    let (here, there) = (one.log_in().await, other.log_in().await);
    assert_eq!([one.validate(&here).await, one.validate(&there).await], [200, 401]);
    assert_eq!([other.validate(&here).await, other.validate(&there).await], [401, 200]);
}

/// All records, each under another key as well.
async fn dump(redis: &Redis) -> Vec<String> {
    let keys = redis.command(&["--scan", "--pattern", "sso:*"]).await.unwrap();
    let keys: Vec<_> = keys.lines().map(str::to_owned).collect();
    for key in &keys {
        redis.command(&["COPY", key, &format!("kept:{key}")]).await.unwrap();
    }
    keys
}

async fn restore(redis: &Redis, keys: &[String]) {
    for key in keys {
        redis.command(&["COPY", &format!("kept:{key}"), key, "REPLACE"]).await.unwrap();
    }
}

/// The URL that names the Sentinels.
fn url(sentinels: &Sentinels) -> String {
    let addresses = sentinels.addresses().map(|address| address.to_string());
    format!("redis-sentinel://{}/{}", addresses.join(","), sentinels.name())
}

async fn fail_over_loses_no_session() {
    let sentinels = Sentinels::start().await;
    let instance = Instance::start(&url(&sentinels)).await;
    let (live, ended) = (instance.log_in().await, instance.log_in().await);
    let load = Load::start(&[&instance], std::slice::from_ref(&live));
    instance.log_out(&ended).await;
    sentinels.fail_over().await;
    instance.until_valid(&live, patience()).await;
    assert_eq!(instance.validate(&ended).await, 401);
    load.finish().await;
}

async fn killed_primary_loses_no_session() {
    let mut sentinels = Sentinels::start().await;
    let instance = Instance::start(&url(&sentinels)).await;
    let (live, ended) = (instance.log_in().await, instance.log_in().await);
    let load = Load::start(&[&instance], std::slice::from_ref(&live));
    instance.log_out(&ended).await;
    let old = sentinels.primary().await;
    let address = old.address();
    old.kill();
    sentinels.until_replaced(address).await;
    instance.until_valid(&live, Duration::from_secs(1)).await;
    assert_eq!(instance.validate(&ended).await, 401);
    load.finish().await;
}
