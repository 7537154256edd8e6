//! Records in Redis: what is there, and what they can do.

use libtest_mimic::Trial;

use super::instance::Instance;
use crate::{
    databases::{Redis, RedisSetup},
    harness::{PrivateCa, WELL_FORMED_TOKEN, patience, run_sso, until},
    stores::named,
};

pub(super) fn trials() -> Vec<Trial> {
    named!(
        "session_store",
        Redis::installed(),
        [
            record_is_there_while_its_session_lives,
            restored_record_of_an_ended_session_is_not_accepted,
            ended_sessions_of_a_user_do_not_come_back,
            password_is_not_logged_and_tls_is_verified,
            evicting_policy_is_a_warning,
            cluster_is_refused,
            full_redis_costs_no_answer,
        ],
    )
}

/// The keys of records.
async fn keys(redis: &Redis) -> Vec<String> {
    let keys = redis.command(&["--scan", "--pattern", "sso:*"]).await.unwrap();
    keys.lines().map(str::to_owned).collect()
}

/// The only key, once it is there.
async fn only_key(redis: &Redis) -> String {
    until("there is one record", patience(), async || {
        let mut keys = keys(redis).await;
        (keys.len() == 1).then(|| keys.remove(0))
    })
    .await
}

async fn record_is_there_while_its_session_lives() {
    let redis = Redis::start().await;
    let instance = Instance::start(&redis.url()).await;
    let token = instance.log_in().await;
    let key = only_key(&redis).await;
    assert!(!key.contains(&token[4..20]), "{key}");
    let left: i64 = redis.command(&["PTTL", &key]).await.unwrap().parse().unwrap();
    assert!((1_700_000..=1_800_000).contains(&left), "{left}");
    let both = [&*token, WELL_FORMED_TOKEN, &token];
    assert_eq!(instance.validate_batch(&both).await, [200, 401, 200]);
    instance.log_out(&token).await;
    assert_eq!(instance.validate(&token).await, 401);
    until("the record is gone", patience(), async || keys(&redis).await.is_empty().then_some(()))
        .await;
}

async fn restored_record_of_an_ended_session_is_not_accepted() {
    let redis = Redis::start().await;
    let mut instance = Instance::start(&redis.url()).await;
    let token = instance.log_in().await;
    let key = only_key(&redis).await;
    assert_eq!(redis.command(&["COPY", &key, "kept"]).await.unwrap(), "1");
    instance.log_out(&token).await;
    for started_later in [false, true] {
        if started_later {
            instance.restart().await;
        }
        redis.command(&["COPY", "kept", &key, "REPLACE"]).await.unwrap();
        assert_eq!(instance.validate(&token).await, 401, "started later: {started_later}");
    }
}

async fn ended_sessions_of_a_user_do_not_come_back() {
    let redis = Redis::start().await;
    let mut instance = Instance::start(&redis.url()).await;
    let tokens = instance.mint(20).await;
    instance.end_all_of_admin(&tokens[0]).await;
    for started_later in [false, true] {
        if started_later {
            instance.restart().await;
        }
        for token in &tokens {
            assert_eq!(instance.validate(token).await, 401, "started later: {started_later}");
        }
    }
}

async fn password_is_not_logged_and_tls_is_verified() {
    const PASSWORD: &str = "battery-staple";
    let (ca, other) = (PrivateCa::new(), PrivateCa::new());
    let redis = RedisSetup::default().password(PASSWORD).over_tls(&ca).start().await;
    let (trusted, untrusted) = (ca.file(), other.file());
    let trust = [("SSL_CERT_FILE", &*trusted)];
    let mut instance = Instance::start_with(&redis.url(), &trust).await;
    let token = instance.log_in().await;
    assert_eq!(instance.validate(&token).await, 200);
    let log = instance.service.stop_and_read_log();
    assert!(!log.contains(PASSWORD), "{log}");

    let distrust = [("SSL_CERT_FILE", &*untrusted)];
    let mut instance = Instance::start_with(&redis.url(), &distrust).await;
    let token = instance.log_in().await;
    assert_eq!(instance.validate(&token).await, 503);
    let log = instance.service.stop_and_read_log();
    assert!(log.contains("Redis cannot be reached") && !log.contains(PASSWORD), "{log}");
}

async fn evicting_policy_is_a_warning() {
    const WARNING: &str = "maxmemory-policy of Redis should be noeviction";
    let redis = Redis::start().await;
    for (policy, warns) in [("allkeys-lru", true), ("noeviction", false)] {
        redis.command(&["CONFIG", "SET", "maxmemory-policy", policy]).await.unwrap();
        let mut instance = Instance::start(&redis.url()).await;
        instance.until_ready().await;
        let log = instance.service.stop_and_read_log();
        assert_eq!(log.contains(WARNING), warns, "{policy}: {log}");
    }
}

async fn cluster_is_refused() {
    let redis = RedisSetup::default().in_a_cluster().start().await;
    let url = redis.url();
    let variables = [("SSO_SESSION_STORE", &*url), ("SSO_DATABASE_URL", "sqlite::memory:")];
    let ended = run_sso(&[], &variables, "");
    assert_eq!(ended.code, 64, "{ended:?}");
    assert!(ended.stderr.contains("SSO_SESSION_STORE: a Redis Cluster"), "{ended:?}");
}

async fn full_redis_costs_no_answer() {
    let redis = Redis::start().await;
    let mut instance = Instance::start(&redis.url()).await;
    redis.command(&["CONFIG", "SET", "maxmemory", "1"]).await.unwrap();
    let token = instance.log_in().await;
    for _ in 0..3 {
        assert_eq!(instance.validate(&token).await, 200);
    }
    assert_eq!(keys(&redis).await, Vec::<String>::new());
    instance.log_out(&token).await;
    assert_eq!(instance.validate(&token).await, 401);
    let log = instance.service.stop_and_read_log();
    assert_eq!(log.matches("Redis refuses writes").count(), 1, "{log}");
}
