//! Notices to clients that sessions have ended, on each database and by several instances.

use actix_web::http::Method;
use chrono::TimeDelta;
use futures_util::future::join_all;
use serde_json::{Value, json};
use service_runtime::clock::Clock;

use super::{
    bearer, begin,
    clients::{add_client, code, redemption, started, word},
    log_out,
};
use crate::{
    authority::LoggedIn,
    oidc::{ClientId, LogoutNotice},
    test_databases::{Engine, TestDatabase, on_both_engines, on_postgres},
    test_service::{LIFETIMES, PASSWORD, TestService},
};

on_both_engines![
    each_end_is_told_to_the_clients_of_the_session,
    client_without_an_address_is_not_told,
    notice_is_due_again_until_it_is_removed,
    notices_of_a_client_wait_together,
    client_with_many_notices_holds_up_no_other,
];
on_postgres![notice_is_taken_by_one_instance];

const ADDRESS: &str = "UPDATE clients SET backchannel_logout_uri = 'https://app.example.org/out'
    WHERE id <> 'kubectl-sso'";

/// Begins a session of alice in which she logs in to the client, by a code of this name.
async fn session_with_client(service: &TestService, client: ClientId, name: &str) -> LoggedIn {
    let logged_in = begin(service, "alice").await.unwrap();
    let token = bearer(logged_in.token.expose());
    let session = service.authority.principal(&token).await.unwrap().session.number;
    let now = service.clock.now();
    service.store.add_code(code(name, session, client, now)).await.unwrap();
    let redeemed = service.store.redeem_code(redemption(name, name, client, now)).await;
    assert_eq!(word(redeemed), "granted");
    logged_in
}

async fn take(service: &TestService) -> Vec<LogoutNotice> {
    service.store.take_notices(100, &[], service.clock.now()).await.unwrap()
}

/// How two sessions of alice end, or one of them.
#[derive(Debug, Clone, Copy)]
enum End {
    LogOut,
    FromTheList,
    ReusedRefreshToken,
    Administrator,
    AllOfAll,
    PasswordChange,
    Disabling,
    Deletion,
    Time,
}

/// Each row: the end, and whose sessions the client is told of: of each by its id, or of all at once.
async fn each_end_is_told_to_the_clients_of_the_session(engine: Engine) {
    for (end, first_is_named, all_at_once) in [
        (End::LogOut, true, false),
        (End::FromTheList, true, false),
        (End::ReusedRefreshToken, true, false),
        (End::PasswordChange, true, false),
        (End::Administrator, false, true),
        (End::AllOfAll, false, true),
        (End::Disabling, false, true),
        (End::Deletion, false, true),
        (End::Time, false, false),
    ] {
        let database = TestDatabase::of(engine);
        let (service, _, client) = started(&database).await;
        service.execute(ADDRESS).await;
        let first = session_with_client(&service, client, "a").await;
        let second = session_with_client(&service, client, "b").await;
        assert!(take(&service).await.is_empty());
        bring_about(&service, end, &first, &second).await;
        let told: Vec<_> = take(&service).await.into_iter().map(|told| told.session_id).collect();
        let named = first_is_named.then_some(Some(first.session_id));
        let expected: Vec<_> = named.into_iter().chain(all_at_once.then_some(None)).collect();
        assert_eq!(told, expected, "{end:?}");
    }
}

async fn bring_about(service: &TestService, end: End, first: &LoggedIn, second: &LoggedIn) {
    let by_second = second.token.expose();
    match end {
        End::LogOut => assert!(log_out(service, first).await),
        End::FromTheList => {
            let path = format!("/auth/sessions/{}", first.session_id);
            call(service, Method::DELETE, &path, by_second, Value::Null).await;
        }
        End::ReusedRefreshToken => {
            let next = super::refresh(service, first).await.unwrap();
            assert_eq!(service.validate(next.token.expose()).await.status, 200);
            service.clock.advance(std::time::Duration::from_secs(11));
            super::refresh(service, first).await.unwrap_err();
        }
        End::PasswordChange => {
            let body = json!({"current_password": PASSWORD, "new_password": "a longer password"});
            call(service, Method::POST, "/auth/password", by_second, body).await;
        }
        End::Administrator | End::Disabling | End::Deletion => {
            let root = service.add_admin("root").await;
            let (method, path, body) = match end {
                End::Administrator => (Method::DELETE, "/admin/users/alice/sessions", Value::Null),
                End::Disabling => (Method::PATCH, "/admin/users/alice", json!({"disabled": true})),
                _ => (Method::DELETE, "/admin/users/alice", Value::Null),
            };
            call(service, method, path, &root, body).await;
        }
        End::AllOfAll => {
            let by = crate::store::Attribution::unrecorded(service.clock.now());
            service.store.end_all_sessions(by).await.unwrap();
        }
        End::Time => {
            service.clock.advance(LIFETIMES.session);
            service.upkeep.sweep().await.unwrap();
        }
    }
}

async fn call(service: &TestService, method: Method, path: &str, token: &str, body: Value) {
    let answer = service.call(method, path, token, body).await;
    assert!(answer.status.is_success(), "{path} {}", answer.text);
}

async fn client_without_an_address_is_not_told(engine: Engine) {
    let database = TestDatabase::of(engine);
    let (service, _, client) = started(&database).await;
    let first = session_with_client(&service, client, "a").await;
    assert!(log_out(&service, &first).await);
    assert!(take(&service).await.is_empty());
    service.execute(ADDRESS).await;
    let second = session_with_client(&service, client, "b").await;
    assert!(log_out(&service, &second).await);
    let [notice] = take(&service).await.try_into().unwrap();
    assert_eq!((notice.client, notice.session_id), (client, Some(second.session_id)));
    assert_eq!(notice.subject, second.account.user_id);
    assert!(service.store.client_to_tell(&notice).await.unwrap().is_some());
}

async fn notice_is_due_again_until_it_is_removed(engine: Engine) {
    let database = TestDatabase::of(engine);
    let (service, _, client) = started(&database).await;
    service.execute(ADDRESS).await;
    let session = session_with_client(&service, client, "a").await;
    assert!(log_out(&service, &session).await);
    let first = service.clock.now();
    for tries in 1..4 {
        let [notice] = take(&service).await.try_into().unwrap();
        assert_eq!(notice.tries, tries);
        assert_eq!(notice.given_up_at, (first + TimeDelta::hours(1)).timestamp_millis());
        assert!(take(&service).await.is_empty(), "it is taken");
        // An instance that ends leaves it to the others.
        service.clock.advance(std::time::Duration::from_secs(30));
    }
    let [notice] = take(&service).await.try_into().unwrap();
    service.store.remove_notice(notice.number).await.unwrap();
    service.clock.advance(std::time::Duration::from_secs(30));
    assert!(take(&service).await.is_empty());
}

async fn notices_of_a_client_wait_together(engine: Engine) {
    let database = TestDatabase::of(engine);
    let (service, _, client) = started(&database).await;
    service.execute(ADDRESS).await;
    for name in ["a", "b", "c"] {
        let session = session_with_client(&service, client, name).await;
        assert!(log_out(&service, &session).await);
    }
    let now = service.clock.now();
    let [notice] = service.store.take_notices(1, &[], now).await.unwrap().try_into().unwrap();
    let until = now + TimeDelta::seconds(60);
    service.store.postpone_notice(&notice, until).await.unwrap();
    assert!(take(&service).await.is_empty());
    assert_eq!(service.store.take_notices(9, &[], until).await.unwrap().len(), 3);
}

async fn client_with_many_notices_holds_up_no_other(engine: Engine) {
    let database = TestDatabase::of(engine);
    let (service, _, first) = started(&database).await;
    let second = add_client(&service, "Other", service.clock.now()).await;
    service.execute(ADDRESS).await;
    for (name, client) in
        [("a", first), ("b", first), ("c", first), ("d", first), ("e", first), ("f", second)]
    {
        let session = session_with_client(&service, client, name).await;
        assert!(log_out(&service, &session).await);
    }
    let now = service.clock.now();
    let clients = async |except: &[ClientId]| {
        let taken = service.store.take_notices(9, except, now).await.unwrap();
        let mut clients: Vec<_> = taken.iter().map(|notice| notice.client == second).collect();
        clients.sort_unstable();
        clients
    };
    assert_eq!(clients(&[second]).await, [false; 4]);
    assert_eq!(clients(&[first]).await, [true]);
    assert_eq!(clients(&[]).await, [false]);
    assert!(clients(&[]).await.is_empty());
}

async fn notice_is_taken_by_one_instance() {
    let database = TestDatabase::of(Engine::Postgres);
    let (one, _, client) = started(&database).await;
    one.execute(ADDRESS).await;
    let other = database.start().await;
    for name in ["a", "b", "c", "d"] {
        let session = session_with_client(&one, client, name).await;
        assert!(log_out(&other, &session).await);
    }
    let now = one.clock.now();
    let instances = [&one, &other, &one, &other];
    let taken = join_all(instances.map(|instance| instance.store.take_notices(3, &[], now))).await;
    let mut numbers: Vec<_> =
        taken.into_iter().flat_map(|taken| taken.unwrap()).map(|notice| notice.number).collect();
    numbers.sort_unstable();
    let all = numbers.len();
    numbers.dedup();
    assert_eq!((all, numbers.len()), (4, 4));
}
