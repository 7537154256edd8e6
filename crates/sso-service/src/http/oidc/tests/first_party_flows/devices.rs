//! The device flow of kubectl-sso (RFC 8628).

use std::time::Duration;

use actix_web::test::TestRequest;

use super::plugin::{Session, form, is_live, log_in, post_page, vouched};
use crate::{
    http::oidc::tests::relying_party::{Browser, Parameters, RelyingParty, field},
    test_service::Answer,
};

/// A device that waits.
struct Device {
    code: String,
    user_code: String,
}

async fn begin(party: &RelyingParty) -> Device {
    let answer = party.post("/oauth/device", &form([("client_id", "kubectl-sso")])).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.header("cache-control"), "no-store");
    let text = |name: &str| answer.body[name].as_str().unwrap().to_owned();
    let [code, user_code] = [text("device_code"), text("user_code")];
    assert_eq!((code.len(), user_code.len()), (43, 9));
    assert_eq!(text("verification_uri"), "http://127.0.0.1:8001/device");
    let complete = format!("http://127.0.0.1:8001/device?user_code={user_code}");
    assert_eq!(text("verification_uri_complete"), complete);
    assert_eq!((&answer.body["expires_in"], &answer.body["interval"]), (&600.into(), &5.into()));
    Device { code, user_code }
}

async fn ask(party: &RelyingParty, device: &Device) -> Answer {
    let grant = "urn:ietf:params:oauth:grant-type:device_code";
    let form =
        form([("grant_type", grant), ("client_id", "kubectl-sso"), ("device_code", &*device.code)]);
    party.token(&form).await
}

/// What the page asks when the user has typed the code.
async fn name(party: &RelyingParty, browser: &Browser, user_code: &str) -> Answer {
    post_page(party, browser, "/device", &form([("user_code", user_code)])).await
}

fn decision(asked: &Answer, decision: &str) -> Parameters {
    form([
        ("user_code", &*field(asked, "user_code")),
        ("user", &*field(asked, "user")),
        ("decision", decision),
    ])
}

#[actix_web::test]
async fn device_gets_a_session_once_its_user_agrees() {
    let party = RelyingParty::confidential().await;
    let alice = log_in(&party, "alice").await;
    let device = begin(&party).await;
    assert_eq!(ask(&party, &device).await.problem(), (400, "authorization_pending"));
    let typed = device.user_code.to_lowercase().replace('-', " ");
    let asked = name(&party, &alice.browser(), &typed).await;
    for words in ["kubectl-sso", "alice", &device.user_code, "127.0.0.1"] {
        assert!(asked.text.contains(words), "{words}: {}", asked.text);
    }
    let agreed = decision(&asked, "approve");
    let done = post_page(&party, &alice.browser(), "/device", &agreed).await;
    assert!(done.text.contains("Device connected"), "{}", done.text);
    let again = post_page(&party, &alice.browser(), "/device", &agreed).await;
    assert_eq!(again.problem().0, 400, "a code names a device once");
    party.service.clock.advance(Duration::from_secs(5));
    let begun = Session::of(&ask(&party, &device).await);
    assert!(is_live(&party, &begun).await);
    assert_eq!(ask(&party, &device).await.problem(), (400, "invalid_grant"));
    assert!(is_live(&party, &begun).await);
    let kinds: Vec<_> = party.service.audited().iter().map(|line| line["audit"].clone()).collect();
    assert!(kinds.ends_with(&["client_authorized".into(), "client_session_begun".into()]));
}

#[actix_web::test]
async fn device_that_asks_too_often_is_slowed_down() {
    let party = RelyingParty::confidential().await;
    let device = begin(&party).await;
    for (seconds, error) in [
        (0, "authorization_pending"),
        (5, "authorization_pending"),
        (1, "slow_down"),
        (5, "slow_down"),
        (15, "authorization_pending"),
    ] {
        party.service.clock.advance(Duration::from_secs(seconds));
        assert_eq!(ask(&party, &device).await.problem(), (400, error), "{seconds}");
    }
}

#[actix_web::test]
async fn device_is_told_of_a_refusal_and_of_the_end_of_its_time() {
    let party = RelyingParty::confidential().await;
    let alice = log_in(&party, "alice").await.browser();
    let [refused, late] = [begin(&party).await, begin(&party).await];
    let asked = name(&party, &alice, &refused.user_code).await;
    let done = post_page(&party, &alice, "/device", &decision(&asked, "refuse")).await;
    assert!(done.text.contains("Cancelled"), "{}", done.text);
    assert_eq!(ask(&party, &refused).await.problem(), (400, "access_denied"));
    party.service.clock.advance(Duration::from_secs(600));
    assert_eq!(ask(&party, &late).await.problem(), (400, "expired_token"));
    let answer = name(&party, &alice, &late.user_code).await;
    assert!(answer.text.contains("No device waits with this code"), "{}", answer.text);
    let unknown = Device { code: "x".repeat(43), user_code: String::new() };
    assert_eq!(ask(&party, &unknown).await.problem(), (400, "invalid_grant"));
}

#[actix_web::test]
async fn user_may_type_ten_wrong_codes() {
    let party = RelyingParty::confidential().await;
    let alice = log_in(&party, "alice").await.browser();
    let device = begin(&party).await;
    for wrong in 0..10 {
        let typed = ["BCDF-GHJK", "x", ""][wrong % 3];
        let answer = name(&party, &alice, typed).await;
        assert_eq!(answer.status, 400, "{wrong}");
        assert!(answer.text.contains("No device waits"), "{}", answer.text);
    }
    let answer = name(&party, &alice, &device.user_code).await;
    assert_eq!(answer.status, 429);
    assert!(answer.text.contains("too many wrong codes"), "{}", answer.text);
    let root = log_in(&party, "root").await.browser();
    assert_eq!(name(&party, &root, &device.user_code).await.status, 200);
}

#[actix_web::test]
async fn stranger_logs_in_first_and_other_users_are_asked_anew() {
    let party = RelyingParty::confidential().await;
    let device = begin(&party).await;
    let path = format!("/device?user_code={}", device.user_code);
    let log_in_page = party.get(&Browser::default(), &path).await;
    let target = field(&log_in_page, "return_to");
    assert_eq!(target, format!("http://127.0.0.1:8001{path}"));
    let alice = log_in(&party, "alice").await.browser();
    assert_eq!(field_value(&party.get(&alice, &path).await), device.user_code);
    let agreed = decision(&name(&party, &alice, &device.user_code).await, "approve");
    let root = log_in(&party, "root").await.browser();
    let asked = post_page(&party, &root, "/device", &agreed).await;
    assert!(asked.text.contains("<strong>root</strong>"), "{}", asked.text);
    assert_eq!(ask(&party, &device).await.problem(), (400, "authorization_pending"));
}

fn field_value(page: &Answer) -> String {
    let (_, rest) = page.text.split_once("name=\"user_code\" value=\"").unwrap();
    rest.split('"').next().unwrap().to_owned()
}

#[actix_web::test]
async fn neither_another_page_nor_another_client_nor_a_vouched_session_connects_a_device() {
    let party = RelyingParty::confidential().await;
    let alice = log_in(&party, "alice").await;
    let device = begin(&party).await;
    let agreed = decision(&name(&party, &alice.browser(), &device.user_code).await, "approve");
    for site in ["cross-site", "same-site", "none"] {
        let sent = alice.browser().form("/device", &agreed);
        let answer = party.service.send(sent.insert_header(("sec-fetch-site", site))).await;
        assert_eq!(answer.status, 403, "{site}");
    }
    let vouched = vouched(&party, &alice).await.browser();
    assert_eq!(post_page(&party, &vouched, "/device", &agreed).await.status, 400);
    assert_eq!(ask(&party, &device).await.problem(), (400, "authorization_pending"));
    let other = form([("client_id", &*party.id), ("client_secret", &*party.secret)]);
    let answer = party.post("/oauth/device", &other).await;
    assert_eq!(answer.problem(), (400, "unauthorized_client"));
    for id in ["", "unknown", "KUBECTL-SSO"] {
        let answer = party.post("/oauth/device", &form([("client_id", id)])).await;
        assert_eq!(answer.problem(), (401, "invalid_client"), "{id}");
    }
    let get = TestRequest::get().uri("/oauth/device");
    assert_eq!(party.service.send(get).await.status, 405);
}

#[actix_web::test]
async fn devices_of_a_network_make_room_for_each_other() {
    let party = RelyingParty::confidential().await;
    let first = begin(&party).await;
    for _ in 0..19 {
        begin(&party).await;
    }
    assert_eq!(ask(&party, &first).await.problem(), (400, "authorization_pending"));
    party.service.clock.advance(Duration::from_secs(1));
    begin(&party).await;
    let waiting = party.service.store.number("SELECT count(*) FROM device_requests").await;
    assert_eq!(waiting, 20);
    party.service.clock.advance(Duration::from_secs(1200));
    party.service.upkeep.sweep().await.unwrap();
    let waiting = party.service.store.number("SELECT count(*) FROM device_requests").await;
    assert_eq!(waiting, 0);
}
