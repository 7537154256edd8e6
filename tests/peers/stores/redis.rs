//! Redis: what was written survives a crash, until it is flushed.

use std::pin::pin;

use libtest_mimic::Trial;

use super::{is_late, named};
use crate::{
    databases::{Redis, RedisSetup},
    harness::PrivateCa,
};

pub(super) fn trials() -> Vec<Trial> {
    named!(
        "redis",
        Redis::installed(),
        [
            killed_server_has_what_it_confirmed_until_it_is_flushed,
            paused_server_answers_when_it_continues,
            server_demands_its_password_over_tls,
        ],
    )
}

async fn killed_server_has_what_it_confirmed_until_it_is_flushed() {
    let mut redis = Redis::start().await;
    assert_eq!(redis.url(), format!("redis://{}", redis.address()));
    assert_eq!(redis.command(&["SET", "key", "value"]).await.unwrap(), "OK");
    redis.kill();
    let error = redis.command(&["GET", "key"]).await.unwrap_err();
    assert!(error.contains("Connection refused"), "{error}");
    redis.restart().await;
    redis.restart().await;
    assert_eq!(redis.command(&["GET", "key"]).await.unwrap(), "value");
    redis.flush().await;
    assert_eq!(redis.command(&["DBSIZE"]).await.unwrap(), "0");
}

async fn paused_server_answers_when_it_continues() {
    let redis = Redis::start().await;
    redis.pause();
    let mut answer = pin!(redis.command(&["PING"]));
    assert!(is_late(&mut answer).await);
    redis.resume();
    assert_eq!(answer.await.unwrap(), "PONG");
}

async fn server_demands_its_password_over_tls() {
    const PASSWORD: &str = "battery-staple";
    let ca = PrivateCa::new();
    let redis = RedisSetup::default().password(PASSWORD).over_tls(&ca).start().await;
    assert_eq!(redis.url(), format!("rediss://:{PASSWORD}@{}", redis.address()));
    assert_eq!(redis.command(&["ACL", "WHOAMI"]).await.unwrap(), "default");
    let error = redis.command(&["AUTH", "wrong"]).await.unwrap_err();
    assert!(error.contains("WRONGPASS"), "{error}");
}
