//! Log-in by a provider, which is right or wrong in one thing at a time.

use std::{collections::BTreeMap, time::Duration};

use actix_web::test::TestRequest;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use url::Url;

use crate::test_service::{Answer, FakeProvider, PASSWORD, TestService, noon};

const ROLES: &str = r#"{"ops":["admin"],"dev":"reader"}"#;
const HTML: &str = "text/html,*/*;q=0.8";

/// A browser that was led to the provider.
pub(super) struct Begun {
    cookie: String,
    /// The query of the URL that it was led to.
    pub(super) query: BTreeMap<String, String>,
}

async fn get(service: &TestService, uri: &str, cookie: &str) -> Answer {
    let request = TestRequest::get().uri(uri).insert_header(("accept", HTML));
    service.send(request.insert_header(("cookie", cookie))).await
}

pub(super) async fn begin(service: &TestService, query: &str) -> Begun {
    let answer = get(service, &format!("/auth/oidc/start{query}"), "").await;
    assert_eq!(answer.status, 303, "{}", answer.text);
    let url: Url = answer.header("location").parse().unwrap();
    let cookie = format!("oidc_log_in={}", answer.cookie("oidc_log_in").unwrap());
    Begun { cookie, query: url.query_pairs().into_owned().collect() }
}

pub(super) async fn come_back(service: &TestService, begun: &Begun) -> Answer {
    let uri = format!("/auth/oidc/callback?code=c&state={}", begun.query["state"]);
    get(service, &uri, &begun.cookie).await
}

/// A whole log-in, in which the provider says this besides what it has to.
async fn log_in(service: &TestService, provider: &FakeProvider, said: Value) -> Answer {
    let said = &said;
    let begun = begin(service, "").await;
    let mut claims = provider.claims(&begun.query["nonce"]);
    merge(&mut claims, said);
    provider.say(claims);
    come_back(service, &begun).await
}

fn merge(claims: &mut Value, said: &Value) {
    for (name, value) in said.as_object().unwrap() {
        match value {
            Value::Null => claims.as_object_mut().unwrap().remove(name),
            value => claims.as_object_mut().unwrap().insert(name.clone(), value.clone()),
        };
    }
}

#[track_caller]
pub(super) fn check_refused(answer: &Answer, status: u16, words: &str) {
    assert_eq!(answer.status, status, "{}", answer.text);
    assert!(answer.text.contains(words), "{words}: {}", answer.text);
    assert!(answer.cookie("session_id").is_none());
}

pub(super) async fn account_of(service: &TestService, answer: &Answer) -> Value {
    assert_eq!(answer.status, 303, "{}", answer.text);
    let token = answer.cookie("session_id").unwrap();
    service.call(actix_web::http::Method::GET, "/auth/user", &token, Value::Null).await.body
}

#[actix_web::test]
async fn a_newcomer_gets_an_account_and_comes_back_to_it() {
    let provider = FakeProvider::start().await;
    let service = TestService::with_upstream(&provider.issuer, None).await;
    let form = get(&service, "/login", "").await;
    assert!(
        form.text
            .contains("<a class=\"button\" href=\"/auth/oidc/start\">Log in with Example login")
    );
    let begun = begin(&service, "?return_to=http%3A%2F%2F127.0.0.1%3A8001%2Flogout").await;
    let said = |name: &str| &*begun.query[name];
    assert_eq!((said("response_type"), said("client_id"), said("tenant")), ("code", "logs", "1"));
    assert_eq!(said("redirect_uri"), "http://127.0.0.1:8001/auth/oidc/callback");
    assert_eq!(said("code_challenge_method"), "S256");
    let mut claims = provider.claims(said("nonce"));
    merge(&mut claims, &json!({"email": "a@example.org", "email_verified": true, "aud": ["logs"]}));
    provider.say(claims);
    let answer = come_back(&service, &begun).await;
    assert_eq!(answer.header("location"), "http://127.0.0.1:8001/logout");
    assert_eq!(answer.cookie("oidc_log_in").as_deref(), Some(""));
    let account = account_of(&service, &answer).await;
    assert_eq!(
        (&account["username"], &account["email"]),
        (&json!("alice"), &json!("a@example.org"))
    );
    assert_eq!((&account["verified"], &account["roles"]), (&json!(true), &json!(["user"])));
    let (form, authorization) = provider.redeemed();
    let challenge = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(&form["code_verifier"]));
    assert_eq!((&*challenge, &*form["code"]), (said("code_challenge"), "c"));
    let basic = base64::prelude::BASE64_STANDARD.encode("logs:the+secret+of+logs");
    assert_eq!(authorization, format!("Basic {basic}"));
    // The same user, by the subject alone.
    let again = log_in(&service, &provider, json!({"preferred_username": "other"})).await;
    assert_eq!(account_of(&service, &again).await["id"], account["id"]);
    let kinds = service.audited();
    let registered = kinds.iter().filter(|line| line["audit"] == "registered").count();
    assert_eq!(registered, 1, "{kinds:?}");
}

#[actix_web::test]
async fn pages_offer_no_password_to_users_of_the_provider() {
    let provider = FakeProvider::start().await;
    let service = TestService::with_upstream(&provider.issuer, None).await;
    let admin = format!("session_id={}", service.add_admin("root").await);
    let answer = log_in(&service, &provider, json!({})).await;
    let own = format!("session_id={}", answer.cookie("session_id").unwrap());
    let account = get(&service, "/account", &own).await;
    assert!(account.text.contains("You log in with Example login"), "{}", account.text);
    assert!(!account.text.contains("change-password"), "{}", account.text);
    let shown = get(&service, "/admin?section=user&name=alice", &admin).await;
    assert!(shown.text.contains("has no password here"), "{}", shown.text);
    assert!(!shown.text.contains("set-password") && !shown.text.contains("reset-link"));
    // A user with a password changes it, as before.
    let account = get(&service, "/account", &admin).await;
    assert!(account.text.contains("change-password"), "{}", account.text);
    let shown = get(&service, "/admin?section=user&name=root", &admin).await;
    assert!(shown.text.contains("set-password") && shown.text.contains("reset-link"));
}

#[actix_web::test]
async fn an_id_token_that_is_wrong_in_one_thing_is_refused() {
    let provider = FakeProvider::start().await;
    let service = TestService::with_upstream(&provider.issuer, None).await;
    let now = noon().timestamp();
    for wrong in [
        json!({"nonce": "another"}),
        json!({"nonce": null}),
        json!({"iss": "https://evil.example"}),
        json!({"iss": format!("{}/", provider.issuer)}),
        json!({"aud": "another"}),
        json!({"aud": ["logs", "another"]}),
        json!({"aud": ["logs", "another"], "azp": "another"}),
        json!({"azp": "another"}),
        json!({"aud": null}),
        json!({"exp": now - 61}),
        json!({"exp": null}),
        json!({"iat": now + 61}),
        json!({"sub": null}),
        json!({"sub": ""}),
        json!({"sub": "x".repeat(256)}),
    ] {
        let answer = log_in(&service, &provider, wrong.clone()).await;
        assert_eq!(answer.status, 502, "{wrong}");
        check_refused(&answer, 502, "an answer that is not accepted");
    }
    assert!(service.store.all_users().await.is_empty());
    let both = json!({"aud": ["logs", "another"], "azp": "logs", "exp": now - 59, "iat": now + 59});
    account_of(&service, &log_in(&service, &provider, both).await).await;
}

#[actix_web::test]
async fn an_id_token_that_the_provider_has_not_signed_is_refused() {
    let provider = FakeProvider::start().await;
    let other = FakeProvider::start().await;
    let service = TestService::with_upstream(&provider.issuer, None).await;
    let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    for forge in ["none", "HS256", "key", "text"] {
        let begun = begin(&service, "").await;
        let claims = provider.claims(&begun.query["nonce"]);
        provider.say(claims.clone());
        let real = provider.sign(&claims);
        let kid = BASE64_URL_SAFE_NO_PAD.decode(real.split('.').next().unwrap()).unwrap();
        let kid = serde_json::from_slice::<Value>(&kid).unwrap()["kid"].take();
        let signed = |alg: &str| {
            format!("{}.{}", part(&json!({"alg": alg, "kid": kid, "typ": "JWT"})), part(&claims))
        };
        provider.say_token(match forge {
            "none" => format!("{}.", signed("none")),
            "HS256" => {
                let mut mac =
                    <Hmac<Sha256> as KeyInit>::new_from_slice(b"the secret of logs").unwrap();
                mac.update(signed("HS256").as_bytes());
                let mac = BASE64_URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes());
                format!("{}.{mac}", signed("HS256"))
            }
            "key" => other.sign(&claims),
            _ => "no token".to_owned(),
        });
        check_refused(&come_back(&service, &begun).await, 502, "not accepted");
    }
}

#[actix_web::test]
async fn a_state_is_good_once_and_in_its_own_browser() {
    let provider = FakeProvider::start().await;
    let service = TestService::with_upstream(&provider.issuer, None).await;
    let (mine, thief) = (begin(&service, "").await, begin(&service, "").await);
    provider.say(provider.claims(&mine.query["nonce"]));
    let uri = format!("/auth/oidc/callback?code=c&state={}", mine.query["state"]);
    for cookie in ["", "oidc_log_in=x", &thief.cookie] {
        check_refused(&get(&service, &uri, cookie).await, 400, "begun in another browser");
    }
    for uri in ["/auth/oidc/callback", "/auth/oidc/callback?state=x&code=c"] {
        check_refused(&get(&service, uri, &mine.cookie).await, 400, "Log in again");
    }
    account_of(&service, &come_back(&service, &mine).await).await;
    check_refused(&come_back(&service, &mine).await, 400, "finished before");
    service.clock.advance(Duration::from_secs(600));
    check_refused(&come_back(&service, &thief).await, 400, "took too long");
    let scripted = TestRequest::get().uri("/auth/oidc/start");
    let scripted = scripted.insert_header(("sec-fetch-mode", "cors"));
    assert_eq!(service.send(scripted).await.problem(), (403, "csrf"));
}

#[actix_web::test]
async fn the_answer_of_another_provider_is_refused() {
    let provider = FakeProvider::start().await;
    let service = TestService::with_upstream(&provider.issuer, None).await;
    provider.set_metadata("authorization_response_iss_parameter_supported", json!(true));
    let issuer = form(&provider.issuer);
    for (iss, status) in [("&iss=https%3A%2F%2Fevil.example", 502), ("", 502), (&*issuer, 303)] {
        let begun = begin(&service, "").await;
        provider.say(provider.claims(&begun.query["nonce"]));
        let uri = format!("/auth/oidc/callback?code=c&state={}{iss}", begun.query["state"]);
        assert_eq!(get(&service, &uri, &begun.cookie).await.status, status, "{iss}");
    }
}

fn form(issuer: &str) -> String {
    let issuer: String = url::form_urlencoded::byte_serialize(issuer.as_bytes()).collect();
    format!("&iss={issuer}")
}

#[actix_web::test]
async fn a_provider_that_is_down_refuses_or_is_wrong_is_told_in_words() {
    let provider = FakeProvider::start().await;
    let service = TestService::with_upstream(&provider.issuer, None).await;
    provider.set_failing(true);
    let down = get(&service, "/auth/oidc/start", "").await;
    check_refused(&down, 503, "The login provider does not answer");
    assert!(down.has("retry-after"));
    provider.set_failing(false);
    // It is asked again two seconds later.
    assert_eq!(get(&service, "/auth/oidc/start", "").await.status, 503);
    service.clock.advance(Duration::from_secs(2));
    let begun = begin(&service, "").await;
    check_refused(&come_back(&service, &begun).await, 403, "The login provider refused");
    let begun = begin(&service, "").await;
    let uri = format!("/auth/oidc/callback?error=access_denied&state={}", begun.query["state"]);
    let denied = get(&service, &uri, &begun.cookie).await;
    check_refused(&denied, 403, "The login provider refused");
    for (name, value) in [
        ("issuer", json!("https://evil.example")),
        ("token_endpoint", json!("http://login.example.org/token")),
        ("jwks_uri", json!(null)),
    ] {
        let provider = FakeProvider::start().await;
        let service = TestService::with_upstream(&provider.issuer, None).await;
        provider.set_metadata(name, value);
        let wrong = get(&service, "/auth/oidc/start", "").await;
        check_refused(&wrong, 502, "an answer that is not accepted");
    }
}

#[actix_web::test]
async fn log_ins_that_wait_for_a_hanging_provider_fail_together() {
    let provider = FakeProvider::start().await;
    let service = TestService::with_upstream(&provider.issuer, None).await;
    provider.set_failing(true);
    provider.hold();
    let start = async || get(&service, "/auth/oidc/start", "").await.status;
    let failure = async {
        provider.wait_for_requests(1).await;
        // As long as a request may take.
        service.clock.advance(Duration::from_secs(5));
        provider.release();
    };
    let (first, second, third, ()) = tokio::join!(start(), start(), start(), failure);
    assert_eq!([first, second, third], [503; 3]);
    assert_eq!(provider.requests(), 1, "one request for all of them");
}

#[actix_web::test]
async fn new_keys_of_the_provider_are_fetched() {
    let provider = FakeProvider::start().await;
    let service = TestService::with_upstream(&provider.issuer, None).await;
    log_in(&service, &provider, json!({})).await;
    service.clock.advance(Duration::from_secs(11));
    provider.rotate();
    account_of(&service, &log_in(&service, &provider, json!({})).await).await;
}

#[actix_web::test]
async fn roles_follow_the_claim_at_each_log_in() {
    let provider = FakeProvider::start().await;
    let service = TestService::with_upstream(&provider.issuer, Some(ROLES)).await;
    let refused = log_in(&service, &provider, json!({"groups": ["sales"]})).await;
    check_refused(&refused, 403, "may not log in here");
    assert!(service.store.all_users().await.is_empty());
    let roles = async |groups: Value| {
        let answer = log_in(&service, &provider, json!({ "groups": groups })).await;
        account_of(&service, &answer).await["roles"].take()
    };
    assert_eq!(roles(json!(["dev", "sales"])).await, json!(["reader"]));
    assert_eq!(roles(json!("ops")).await, json!(["admin"]));
    let missing = log_in(&service, &provider, json!({})).await;
    check_refused(&missing, 403, "does not tell your groups");
    let user = service.store.all_users().await.remove(0);
    assert_eq!(user.account.roles, ["admin"], "they stay as they are");
    // In userinfo, it counts as well; but not of another user.
    provider.say_in_userinfo(json!({"sub": "another", "groups": ["ops"]}));
    check_refused(&log_in(&service, &provider, json!({})).await, 502, "not accepted");
    provider.say_in_userinfo(json!({"sub": "subject-1", "groups": ["dev"]}));
    let answer = log_in(&service, &provider, json!({})).await;
    assert_eq!(account_of(&service, &answer).await["roles"], json!(["reader"]));
    assert_eq!(roles(json!([])).await, json!([]));
}

#[actix_web::test]
async fn names_are_given_once_and_link_nobody() {
    let provider = FakeProvider::start().await;
    let service = TestService::with_upstream(&provider.issuer, None).await;
    service.add_user("alice", &["logs:read"]).await;
    service.add_user("gone", &[]).await;
    service.store.remove_user("gone".parse().unwrap()).await.unwrap();
    let mut names = Vec::new();
    for (subject, name) in
        [("1", "alice"), ("2", "gone"), ("3", "first"), ("4", "no name!"), ("5", "Bob")]
    {
        let said = json!({"sub": subject, "preferred_username": name});
        let account = account_of(&service, &log_in(&service, &provider, said).await).await;
        assert_eq!(account["permissions"], json!([]), "{name}");
        names.push(account["username"].as_str().unwrap().to_owned());
    }
    assert_eq!(names.pop().unwrap(), "bob");
    assert!(names.iter().all(|name| name.starts_with("user-")), "{names:?}");
    for name in ["gone", "first"] {
        let body = json!({"username": name, "password": PASSWORD});
        let request = TestRequest::post().uri("/auth/register").set_json(body);
        assert_eq!(service.send(request).await.problem(), (409, "username_taken"), "{name}");
    }
}

#[actix_web::test]
async fn a_user_of_the_provider_has_no_password() {
    let provider = FakeProvider::start().await;
    let service = TestService::with_upstream(&provider.issuer, Some(ROLES)).await;
    let said = json!({"groups": ["ops"], "email": "a@example.org", "email_verified": true});
    let answer = log_in(&service, &provider, said.clone()).await;
    let token = answer.cookie("session_id").unwrap();
    let body = json!({"username": "alice", "password": PASSWORD});
    let request = TestRequest::post().uri("/auth/login").set_json(body);
    assert_eq!(service.send(request).await.problem(), (401, "invalid_credentials"));
    let root = service.add_admin("root").await;
    let change = async |body: Value| {
        service.call(actix_web::http::Method::PATCH, "/admin/users/alice", &root, body).await
    };
    let refused = change(json!({"password": "another horse battery"})).await;
    assert_eq!(refused.problem(), (409, "no_password"));
    // The administrators of the provider do not count: root must stay.
    let patch = actix_web::http::Method::PATCH;
    let last = json!({"disabled": true});
    let last = service.call(patch, "/admin/users/root", &token, last).await;
    assert_eq!(last.problem(), (409, "last_admin"));
    assert_eq!(change(json!({"disabled": true})).await.status, 200);
    assert_eq!(service.validate(&token).await.status, 401);
    check_refused(&log_in(&service, &provider, said.clone()).await, 403, "may not log in here");
    let delete = actix_web::http::Method::DELETE;
    service.call(delete, "/admin/users/alice", &root, Value::Null).await;
    let account = account_of(&service, &log_in(&service, &provider, said).await).await;
    assert_ne!(account["username"], "alice", "one who was deleted comes as another");
}

#[actix_web::test]
async fn a_fresh_log_in_is_demanded_of_the_provider() {
    let provider = FakeProvider::start().await;
    let service = TestService::with_upstream(&provider.issuer, None).await;
    let now = noon().timestamp();
    for (auth_time, status) in [(json!(null), 502), (json!(now - 3600), 502), (json!(now), 303)] {
        let begun = begin(&service, "?prompt=login").await;
        assert_eq!((&*begun.query["prompt"], &*begun.query["max_age"]), ("login", "0"));
        let mut claims = provider.claims(&begun.query["nonce"]);
        merge(&mut claims, &json!({ "auth_time": auth_time }));
        provider.say(claims);
        assert_eq!(come_back(&service, &begun).await.status, status);
    }
}
