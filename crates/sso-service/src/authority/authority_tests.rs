//! The authority as its callers see it.

use std::{collections::HashSet, time::Duration};

use service_runtime::clock::Clock;
use shared_types::{AskedPermission, BearerToken};

use super::{
    service::{Lifetimes, SessionAuthority},
    session_lifecycle::{LoggedIn, LoginError},
    validate::TokenRefusal,
};
use crate::{
    login_guard::TypedCredentials,
    sessions::{Client, SessionLimits},
    store::Location,
    test_service::{HERE, LIFETIMES, LIMITS, PASSWORD, TOKEN_TTL, TestService},
    users::{PasswordHash, User},
};

/// The hash of [`PASSWORD`] with parameters of old: `-t 1 -k 64`.
const OUTDATED: &str = "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$\
                        wZeUqErRQM9fr7+3IJVQyFsb5QPhYeqkXwNGZgBH/L4";

impl SessionAuthority {
    /// How many passwords have been compared.
    pub(crate) fn comparisons(&self) -> u64 {
        self.guard.comparisons()
    }
}

fn client() -> Client {
    Client::new([127, 0, 0, 1].into(), None)
}

async fn log_in(service: &TestService, name: &str, password: &str) -> Result<LoggedIn, LoginError> {
    service.authority.login(TypedCredentials { name, password }, client(), "r").await
}

fn token_of(logged_in: &LoggedIn) -> BearerToken {
    BearerToken::parse(logged_in.token.expose().as_bytes()).unwrap()
}

async fn user(service: &TestService, name: &str) -> User {
    service.store.find_user(&name.parse().unwrap()).await.unwrap().unwrap()
}

#[tokio::test]
async fn every_refusal_costs_as_much_as_a_log_in() {
    let service = TestService::start().await;
    for name in ["alice", "mallory"] {
        service.add_user(name, &[]).await;
    }
    service.execute("UPDATE users SET disabled = 1 WHERE username = 'mallory'").await;
    let too_long = "x".repeat(1025);
    let cases = [
        ("alice", PASSWORD, true),
        ("alice", "another password", false),
        ("alice", "", false),
        ("alice", &too_long, false),
        ("mallory", PASSWORD, false),
        ("nobody", PASSWORD, false),
        ("nobody", &too_long, false),
        ("no name at all", PASSWORD, false),
        ("", "", false),
    ];
    for (name, password, expected) in cases {
        let before = service.comparisons();
        let result = log_in(&service, name, password).await;
        let cost = service.comparisons() - before;
        assert_eq!(cost, 1, "{name} {password}");
        match result {
            Ok(_) => assert!(expected, "{name} {password}"),
            Err(LoginError::InvalidCredentials) => assert!(!expected, "{name} {password}"),
            Err(error) => panic!("{name} {password}: {error}"),
        }
    }
}

#[tokio::test]
async fn the_password_is_the_same_from_every_keyboard() {
    let service = TestService::start().await;
    service.add_user("alice", &[]).await;
    let wide = "ｃorrect horse battery";
    log_in(&service, "alice", wide).await.unwrap();
}

#[tokio::test]
async fn an_outdated_hash_is_replaced_at_log_in() {
    let service = TestService::start().await;
    let outdated = PasswordHash::stored(OUTDATED.to_owned());
    service.add_user_with_hash("alice", outdated.clone(), &[]).await;
    let hash = async || {
        let user = service.store.find_user(&"alice".parse().unwrap()).await.unwrap();
        user.unwrap().password_hash
    };

    let wrong = log_in(&service, "alice", "another").await;
    assert!(matches!(wrong, Err(LoginError::InvalidCredentials)));
    assert!(hash().await == outdated);

    log_in(&service, "alice", PASSWORD).await.unwrap();
    let renewed = hash().await;
    assert!(renewed != outdated);
    log_in(&service, "alice", PASSWORD).await.unwrap();
    assert!(hash().await == renewed);
}

#[tokio::test]
async fn a_token_is_valid_until_the_very_instant_it_expires() {
    let service = TestService::start().await;
    service.add_user("alice", &[]).await;
    let logged_in = log_in(&service, "alice", PASSWORD).await.unwrap();
    let token = token_of(&logged_in);

    service.clock.advance(TOKEN_TTL - Duration::from_nanos(1));
    service.authority.validate(&token, None, HERE).await.unwrap();
    service.clock.advance(Duration::from_nanos(1));
    let refusal = service.authority.validate(&token, None, HERE).await.unwrap_err();
    assert_eq!(refusal, TokenRefusal::InvalidToken);
}

#[tokio::test]
async fn using_a_token_does_not_prolong_it() {
    let service = TestService::start().await;
    service.add_user("alice", &[]).await;
    let logged_in = log_in(&service, "alice", PASSWORD).await.unwrap();
    let token = token_of(&logged_in);
    for _ in 0..29 {
        service.clock.advance(Duration::from_secs(60));
        let principal = service.authority.principal(&token).await.unwrap();
        assert_eq!(principal.session.last_seen(), service.clock.now());
    }
    service.clock.advance(Duration::from_secs(60));
    service.authority.validate(&token, None, HERE).await.unwrap_err();
}

#[tokio::test]
async fn no_token_outlives_its_session() {
    let short = Lifetimes { session: Duration::from_secs(60), ..LIFETIMES };
    let service = TestService::with(short, LIMITS, &Location::Memory).await;
    service.add_user("alice", &[]).await;
    let logged_in = log_in(&service, "alice", PASSWORD).await.unwrap();
    let end = service.clock.now() + short.session;
    assert_eq!(logged_in.expires_at, end);
    assert_eq!(logged_in.refresh_expires_at, end);
}

#[tokio::test]
async fn a_refresh_token_is_not_accepted_as_bearer() {
    let service = TestService::start().await;
    service.add_user("alice", &[]).await;
    let logged_in = log_in(&service, "alice", PASSWORD).await.unwrap();
    let refresh = BearerToken::parse(logged_in.refresh_token.expose().as_bytes()).unwrap();
    let refusal = service.authority.validate(&refresh, None, HERE).await.unwrap_err();
    assert_eq!(refusal, TokenRefusal::InvalidToken);
    service.authority.validate(&token_of(&logged_in), None, HERE).await.unwrap();
}

#[tokio::test]
async fn permissions_decide_over_access() {
    let service = TestService::start().await;
    service.add_user("alice", &["logs:read:shop/*"]).await;
    let logged_in = log_in(&service, "alice", PASSWORD).await.unwrap();
    let token = token_of(&logged_in);
    let may = AskedPermission::on("logs:read", "shop", "web");
    let may_not = AskedPermission::on("logs:read", "bank", "web");
    service.authority.validate(&token, Some(&may), HERE).await.unwrap();
    assert_eq!(
        service.authority.validate(&token, Some(&may_not), HERE).await.unwrap_err(),
        TokenRefusal::Denied(may_not)
    );
}

/// Many log in and out at the same time. Whatever the order, a token is valid from its log-in
/// to its log-out, and at the end nothing is left.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_revoked_token_is_never_valid_again() {
    let service = TestService::start().await;
    service.add_user("alice", &[]).await;
    service.add_user("bob", &[]).await;
    let mut tasks = Vec::new();
    for task in 0..16 {
        let authority = service.authority.clone();
        let store = service.store.clone();
        tasks.push(tokio::spawn(async move {
            // Eight tasks a user, a session each at a time: below what a user may have.
            let name = if task % 2 == 0 { "alice" } else { "bob" };
            let mut revoked = Vec::new();
            for _ in 0..50 {
                let user = store.find_user(&name.parse().unwrap()).await.unwrap().unwrap();
                let logged_in = authority.begin_session(user, client(), HERE).await.unwrap();
                let token = token_of(&logged_in);
                authority.validate(&token, None, HERE).await.unwrap();
                authority.logout(&token, HERE).await.unwrap();
                authority.validate(&token, None, HERE).await.unwrap_err();
                revoked.push(token);
            }
            revoked
        }));
    }
    let mut distinct = HashSet::new();
    for task in tasks {
        for token in task.await.unwrap() {
            service.authority.validate(&token, None, HERE).await.unwrap_err();
            distinct.insert(token.expose().to_owned());
        }
    }
    assert_eq!(distinct.len(), 16 * 50);
    assert_eq!(service.live.counts(), (0, 0));
}

#[tokio::test]
async fn a_user_with_too_many_sessions_loses_the_least_recently_used() {
    let two = SessionLimits { per_user: 2, ..LIMITS };
    let service = TestService::with(LIFETIMES, two, &Location::Memory).await;
    service.add_user("alice", &[]).await;
    let begin = async || {
        service.clock.advance(Duration::from_secs(10));
        let alice = user(&service, "alice").await;
        token_of(&service.authority.begin_session(alice, client(), HERE).await.unwrap())
    };
    let (first, second) = (begin().await, begin().await);
    service.clock.advance(Duration::from_secs(10));
    service.authority.validate(&first, None, HERE).await.unwrap();
    let third = begin().await;
    service.authority.validate(&second, None, HERE).await.unwrap_err();
    service.authority.validate(&first, None, HERE).await.unwrap();
    service.authority.validate(&third, None, HERE).await.unwrap();
}
