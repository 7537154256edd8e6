//! What clients of OpenID Connect are given, on each database and by several instances.

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::join_all;
use service_runtime::clock::{Clock, id_at};

use super::begin;
use crate::{
    network::test_network,
    oidc::{
        AuthorizationRequest, ClientId, ClientRenewal, ClientSettings, CodeChallenge,
        CodePresentation, CodeRedemption, Exchanged, NewClient, NewClientTokens, NewCode,
        RequestParameters,
    },
    sessions::LiveSession,
    store::{Attribution, CodeError, RequestError, StoreError},
    test_databases::{Engine, TestDatabase, on_both_engines},
    test_service::{TestService, bearer_token},
    tokens::{Nonce, TokenHash},
};

const CALLBACK: &str = "https://app.example.org/callback";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

on_both_engines![
    code_is_redeemed_once_of_many_attempts,
    refresh_token_has_one_successor_of_many_attempts,
    stored_request_is_answered_once,
    requests_of_a_network_make_room_for_each_other,
    authorizations_of_a_session_make_room_for_each_other,
    what_is_over_is_swept,
    client_is_deleted_with_what_it_was_given,
];

fn challenge() -> String {
    CodeChallenge::of_verifier(VERIFIER).unwrap().as_str().to_owned()
}

pub(super) async fn add_client(service: &TestService, name: &str, now: DateTime<Utc>) -> ClientId {
    let settings = ClientSettings {
        name: name.parse().unwrap(),
        redirect_uris: vec![CALLBACK.parse().unwrap()],
        post_logout_redirect_uris: Vec::new(),
        backchannel_logout_uri: None,
        roles: vec!["user".parse().unwrap()],
        id_token_alg: None,
    };
    let client = NewClient {
        id: id_at(now).into(),
        secret: Some(TokenHash::of("secret")),
        settings,
        created_by: "root".to_owned(),
    };
    let id = client.id;
    service.store.create_client(client, now, Attribution::unrecorded(now)).await.unwrap();
    id
}

/// A service with the user alice, a session of hers, and a client.
pub(super) async fn started(database: &TestDatabase) -> (TestService, i64, ClientId) {
    let service = database.start().await;
    service.add_user("alice", &[]).await;
    let client = add_client(&service, "App", service.clock.now()).await;
    let session = session(&service).await.number;
    (service, session, client)
}

fn registered(client: ClientId) -> uuid::Uuid {
    match client {
        ClientId::Registered(id) => id,
        ClientId::KubectlSso => panic!("built in"),
    }
}

async fn session(service: &TestService) -> std::sync::Arc<LiveSession> {
    let logged_in = begin(service, "alice").await.unwrap();
    let token = bearer_token(logged_in.token.expose());
    service.authority.principal(&token).await.unwrap().session
}

pub(super) fn code(name: &str, session: i64, client: ClientId, now: DateTime<Utc>) -> NewCode {
    NewCode {
        hash: TokenHash::of(name),
        client,
        session,
        redirect_uri: CALLBACK.to_owned(),
        code_challenge: challenge(),
        scope: "openid offline_access".to_owned(),
        nonce: None,
        request: None,
        now,
        expires_at: now + TimeDelta::seconds(60),
    }
}

fn tokens(name: &str, now: DateTime<Utc>) -> NewClientTokens {
    NewClientTokens {
        access: TokenHash::of(&format!("{name} access")),
        refresh: TokenHash::of(&format!("{name} refresh")),
        now,
        access_expires_at: now + TimeDelta::minutes(30),
        refresh_expires_at: now + TimeDelta::hours(8),
    }
}

pub(super) fn redemption(
    code: &str,
    name: &str,
    client: ClientId,
    now: DateTime<Utc>,
) -> CodeRedemption {
    let presented = CodePresentation {
        code: TokenHash::of(code),
        client,
        redirect_uri: CALLBACK.to_owned(),
        challenge: Some(challenge()),
        now,
    };
    CodeRedemption { presented, tokens: tokens(name, now) }
}

/// Granted, reused or refused.
pub(super) fn word(exchanged: Result<Exchanged, StoreError>) -> &'static str {
    match exchanged.unwrap() {
        Exchanged::Granted(_) => "granted",
        Exchanged::Reused(_) => "reused",
        Exchanged::ScopeExceeded => "exceeded",
        Exchanged::Refused => "refused",
    }
}

pub(super) async fn has_access(service: &TestService, name: &str) -> bool {
    let hash = TokenHash::of(&format!("{name} access"));
    service.store.client_access(hash, service.clock.now()).await.unwrap().is_some()
}

async fn code_is_redeemed_once_of_many_attempts(engine: Engine) {
    let database = TestDatabase::of(engine);
    let (service, session, client) = started(&database).await;
    let now = service.clock.now();
    service.store.add_code(code("c", session, client, now)).await.unwrap();
    let names: Vec<_> = (0..8).map(|number| number.to_string()).collect();
    let attempts =
        names.iter().map(|name| service.store.redeem_code(redemption("c", name, client, now)));
    let words: Vec<_> = join_all(attempts).await.into_iter().map(word).collect();
    let count = |wanted: &str| words.iter().filter(|word| **word == wanted).count();
    // The second one ends what the first one got, and the others find nothing.
    assert_eq!((count("granted"), count("reused"), count("refused")), (1, 1, 6));
    for name in &names {
        assert!(!has_access(&service, name).await);
    }
}

async fn refresh_token_has_one_successor_of_many_attempts(engine: Engine) {
    let database = TestDatabase::of(engine);
    let (service, session, client) = started(&database).await;
    let now = service.clock.now();
    service.store.add_code(code("c", session, client, now)).await.unwrap();
    assert_eq!(word(service.store.redeem_code(redemption("c", "0", client, now)).await), "granted");
    let attempts = (1..=8).map(|number| {
        service.store.renew_client(ClientRenewal {
            presented: TokenHash::of("0 refresh"),
            client,
            nonce: Nonce::generate().unwrap(),
            scope: None,
            tokens: tokens(&number.to_string(), now),
        })
    });
    let nonces = join_all(attempts).await.into_iter().map(|exchanged| match exchanged.unwrap() {
        Exchanged::Granted(grant) => grant.token_nonce.unwrap(),
        other => panic!("{other:?}"),
    });
    let mut nonces: Vec<_> = nonces.collect();
    nonces.dedup();
    assert_eq!(nonces.len(), 1);
    let refresh = service.store.number("SELECT count(*) FROM client_tokens WHERE renews").await;
    assert_eq!(refresh, 2);
}

fn request(client: ClientId, now: DateTime<Utc>) -> AuthorizationRequest {
    let parameters = RequestParameters {
        response_type: Some("code".to_owned()),
        scope: Some("openid".to_owned()),
        code_challenge: Some(challenge()),
        code_challenge_method: Some("S256".to_owned()),
        ..RequestParameters::default()
    };
    AuthorizationRequest::new(client, CALLBACK.to_owned(), parameters, None, now).unwrap()
}

async fn store_request(
    service: &TestService,
    name: &str,
    client: ClientId,
    network: u8,
) -> Result<(), RequestError> {
    let now = service.clock.now();
    let request = request(client, now);
    let hash = TokenHash::of(name);
    service.store.store_request(hash, &request, test_network(network), now).await
}

async fn stored_request_is_answered_once(engine: Engine) {
    let database = TestDatabase::of(engine);
    let (service, session, client) = started(&database).await;
    let now = service.clock.now();
    store_request(&service, "r", client, 1).await.unwrap();
    let waiting = service.store.waiting_request(TokenHash::of("r"), now).await.unwrap();
    assert_eq!(waiting.unwrap().client, client);
    let attempts = ["a", "b"].map(|name| {
        let answer = code(name, session, client, now);
        service.store.add_code(NewCode { request: Some(TokenHash::of("r")), ..answer })
    });
    let answered = join_all(attempts).await;
    let over = |result: &&Result<(), CodeError>| matches!(result, Err(CodeError::RequestOver));
    assert_eq!(answered.iter().filter(over).count(), 1, "{answered:?}");
    let codes = service.store.number("SELECT count(*) FROM client_authorizations").await;
    assert_eq!(codes, 1);
}

async fn requests_of_a_network_make_room_for_each_other(engine: Engine) {
    let database = TestDatabase::of(engine);
    let (service, _, client) = started(&database).await;
    store_request(&service, "other", client, 2).await.unwrap();
    for number in 0..102 {
        service.clock.advance(std::time::Duration::from_millis(1));
        store_request(&service, &number.to_string(), client, 1).await.unwrap();
    }
    let now = service.clock.now();
    for (name, waits) in [("other", true), ("0", false), ("1", false), ("2", true), ("101", true)] {
        let found = service.store.waiting_request(TokenHash::of(name), now).await.unwrap();
        assert_eq!(found.is_some(), waits, "{name}");
    }
}

async fn authorizations_of_a_session_make_room_for_each_other(engine: Engine) {
    let database = TestDatabase::of(engine);
    let (service, session, client) = started(&database).await;
    let now = service.clock.now();
    for number in 0..102 {
        let code = code(&number.to_string(), session, client, now);
        service.store.add_code(code).await.unwrap();
    }
    for (name, expected) in [("0", "refused"), ("1", "refused"), ("2", "granted")] {
        let redeemed = service.store.redeem_code(redemption(name, name, client, now)).await;
        assert_eq!(word(redeemed), expected, "{name}");
    }
}

async fn what_is_over_is_swept(engine: Engine) {
    let database = TestDatabase::of(engine);
    let (service, session, client) = started(&database).await;
    let now = service.clock.now();
    store_request(&service, "r", client, 1).await.unwrap();
    service.store.add_code(code("unused", session, client, now)).await.unwrap();
    service.store.add_code(code("used", session, client, now)).await.unwrap();
    let redeemed = service.store.redeem_code(redemption("used", "0", client, now)).await;
    assert_eq!(word(redeemed), "granted");
    let counts = async || {
        let mut counts = Vec::new();
        for sql in [
            "SELECT count(*) FROM authorization_requests",
            "SELECT count(*) FROM client_authorizations",
            "SELECT count(*) FROM client_tokens",
        ] {
            counts.push(service.store.number(sql).await);
        }
        counts
    };
    for (minutes, expected) in [(0, [1, 2, 2]), (1, [1, 1, 2]), (9, [0, 1, 2]), (20, [0, 1, 1])] {
        service.clock.advance(std::time::Duration::from_secs(minutes * 60));
        service.upkeep.sweep().await.unwrap();
        assert_eq!(counts().await, expected, "{minutes}");
    }
    service.clock.advance(std::time::Duration::from_secs(8 * 3600));
    service.upkeep.sweep().await.unwrap();
    assert_eq!(counts().await, [0, 0, 0]);
}

async fn client_is_deleted_with_what_it_was_given(engine: Engine) {
    let database = TestDatabase::of(engine);
    let (service, session, client) = started(&database).await;
    let now = service.clock.now();
    store_request(&service, "r", client, 1).await.unwrap();
    service.store.add_code(code("c", session, client, now)).await.unwrap();
    service.store.redeem_code(redemption("c", "0", client, now)).await.unwrap();
    assert!(has_access(&service, "0").await);
    let deleted = service
        .store
        .delete_client(registered(client), Attribution::unrecorded(now))
        .await
        .unwrap();
    assert!(deleted.done && !has_access(&service, "0").await);
    let waiting = service.store.waiting_request(TokenHash::of("r"), now).await.unwrap();
    assert!(waiting.is_none());
}
