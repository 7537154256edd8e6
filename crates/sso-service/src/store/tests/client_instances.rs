//! What clients of OpenID Connect are given at one instance, seen by another.

use super::{
    begin,
    clients::{code, has_access, redemption, started, word},
    log_out,
};
use crate::{
    test_databases::{Engine, TestDatabase, on_postgres},
    test_service::bearer_token,
};
use service_runtime::clock::Clock;

on_postgres![code_of_one_instance_is_redeemed_once_by_all, end_at_one_instance_is_in_force_at_all];

async fn code_of_one_instance_is_redeemed_once_by_all() {
    let database = TestDatabase::of(Engine::Postgres);
    let (one, session, client) = started(&database).await;
    let other = database.start().await;
    let now = one.clock.now();
    for round in 0..10 {
        let name = format!("c{round}");
        one.store.add_code(code(&name, session, client, now)).await.unwrap();
        let (here, there) = tokio::join!(
            one.store.redeem_code(redemption(&name, &format!("{round} here"), client, now)),
            other.store.redeem_code(redemption(&name, &format!("{round} there"), client, now)),
        );
        let mut words = [word(here), word(there)];
        words.sort_unstable();
        assert_eq!(words, ["granted", "reused"]);
    }
    one.store.add_code(code("c", session, client, now)).await.unwrap();
    assert_eq!(word(other.store.redeem_code(redemption("c", "x", client, now)).await), "granted");
    assert!(has_access(&one, "x").await && has_access(&other, "x").await);
}

async fn end_at_one_instance_is_in_force_at_all() {
    let database = TestDatabase::of(Engine::Postgres);
    let (one, _, client) = started(&database).await;
    let other = database.start().await;
    let now = one.clock.now();
    let logged_in = begin(&one, "alice").await.unwrap();
    let token = bearer_token(logged_in.token.expose());
    let session = one.authority.principal(&token).await.unwrap().session.number;
    one.store.add_code(code("c", session, client, now)).await.unwrap();
    assert_eq!(word(one.store.redeem_code(redemption("c", "x", client, now)).await), "granted");
    assert!(has_access(&other, "x").await);
    assert!(log_out(&one, &logged_in).await);
    assert!(!has_access(&other, "x").await && !has_access(&one, "x").await);
}
