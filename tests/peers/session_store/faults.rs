//! Redis that is emptied, killed, paused and started again under load.

use std::time::{Duration, Instant};

use libtest_mimic::Trial;

use super::{instance::Instance, load::Load};
use crate::{
    databases::Redis,
    harness::{WELL_FORMED_TOKEN, patience, until},
    stores::named,
};

const A_SECOND: Duration = Duration::from_secs(1);

pub(super) fn trials() -> Vec<Trial> {
    named!(
        "session_store",
        Redis::installed(),
        [
            emptied_redis_loses_no_session,
            killed_redis_makes_nothing_invalid,
            paused_redis_makes_nothing_invalid,
            instance_starts_without_redis,
        ],
    )
}

async fn stage() -> (Redis, Instance, Vec<String>) {
    let redis = Redis::start().await;
    let instance = Instance::start(&redis.url()).await;
    let tokens = instance.mint(100).await;
    (redis, instance, tokens)
}

/// Waits for so many more answers that a token is valid.
async fn until_more(load: &Load, more: u64) {
    let before = load.valid();
    until("tokens are validated", patience(), async || {
        (load.valid() >= before + more).then_some(())
    })
    .await;
}

async fn emptied_redis_loses_no_session() {
    let (redis, instance, tokens) = stage().await;
    let load = Load::start(&[&instance], &tokens);
    for _ in 0..20 {
        redis.flush().await;
        until_more(&load, 50).await;
    }
    let (_, unknown) = load.finish().await;
    assert_eq!(unknown, 0);
}

async fn killed_redis_makes_nothing_invalid() {
    let (mut redis, mut instance, tokens) = stage().await;
    let load = Load::start(&[&instance], &tokens);
    until_more(&load, 100).await;
    redis.kill();
    is_out_of_order(&instance, &tokens[0]).await;
    redis.restart().await;
    instance.until_valid(&tokens[0], A_SECOND).await;
    until_more(&load, 200).await;
    let (_, unknown) = load.finish().await;
    assert!(unknown > 0);
    assert_eq!(instance.unready().await, None);
    check_log(&mut instance);
}

async fn paused_redis_makes_nothing_invalid() {
    let (redis, mut instance, tokens) = stage().await;
    let load = Load::start(&[&instance], &tokens);
    until_more(&load, 100).await;
    redis.pause();
    is_out_of_order(&instance, &tokens[0]).await;
    redis.resume();
    instance.until_valid(&tokens[0], A_SECOND).await;
    until_more(&load, 200).await;
    load.finish().await;
    check_log(&mut instance);
}

async fn instance_starts_without_redis() {
    let mut redis = Redis::start().await;
    redis.stop().await;
    let instance = Instance::start(&redis.url()).await;
    let token = instance.log_in().await;
    assert_eq!(instance.validate(&token).await, 503);
    redis.restart().await;
    instance.until_valid(&token, A_SECOND).await;
}

/// Validations are 503 within a second, whatever the token, and log-ins go on.
async fn is_out_of_order(instance: &Instance, token: &str) {
    for token in [token, WELL_FORMED_TOKEN, token] {
        let began = Instant::now();
        assert_eq!(instance.validate(token).await, 503);
        assert!(began.elapsed() < A_SECOND, "{:?}", began.elapsed());
    }
    let reason = instance.unready().await.unwrap();
    assert!(reason.contains("Redis cannot be reached"), "{reason}");
    assert_eq!(instance.try_to_log_in().await.status, 200);
}

/// A line for each change of state.
fn check_log(instance: &mut Instance) {
    let log = instance.service.stop_and_read_log();
    assert_eq!(log.matches("Redis cannot be reached").count(), 1, "{log}");
    assert_eq!(log.matches("Redis can be reached").count(), 2, "{log}");
}
