//! Users of the login provider, and the log-ins that clients demand.

use actix_web::test::TestRequest;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use url::Url;

use super::relying_party::{Browser, Parameters, RelyingParty, answered, field, unescaped};
use crate::test_service::{Answer, FakeProvider, TestService, noon};

/// A client at a service whose users log in by this provider.
async fn party(provider: &FakeProvider) -> RelyingParty {
    let service = TestService::with_upstream(&provider.issuer, None).await;
    RelyingParty::at(service, json!({})).await
}

/// The link to the provider on a page.
fn link(page: &Answer) -> String {
    let (_, rest) = page.text.split_once("href=\"/auth/oidc/start").expect("a link");
    let (rest, _) = rest.split_once('"').unwrap();
    format!("/auth/oidc/start{}", unescaped(rest))
}

/// Where the request goes on that waits behind a page.
fn continued(page: &Answer) -> String {
    let next = field(page, "return_to");
    next.strip_prefix("http://127.0.0.1:8001").unwrap().to_owned()
}

/// A browser that was led to the provider: its cookie, and the parameters of the request there.
async fn begin(party: &RelyingParty, link: &str) -> (String, Parameters) {
    let answer = party.get(&Browser::default(), link).await;
    let url: Url = answer.header("location").parse().unwrap();
    let cookie = answer.cookie("oidc_log_in").unwrap();
    (cookie, url.query_pairs().into_owned().collect())
}

/// Logs in by this link at the provider, which tells this time of the log-in there.
async fn log_in(
    party: &RelyingParty,
    provider: &FakeProvider,
    link: &str,
    auth_time: i64,
) -> Browser {
    let (cookie, asked) = begin(party, link).await;
    let mut claims = provider.claims(&asked["nonce"]);
    claims["auth_time"] = auth_time.into();
    provider.say(claims);
    let uri = format!("/auth/oidc/callback?code=c&state={}", asked["state"]);
    let request = TestRequest::get().uri(&uri);
    let cookie = format!("oidc_log_in={cookie}");
    let answer = party.service.send(request.insert_header(("cookie", cookie))).await;
    assert_eq!(answer.status, 303, "{}", answer.text);
    Browser { token: answer.cookie("session_id") }
}

/// Each row: what the client demands, and what the provider is asked for.
#[actix_web::test]
async fn demand_of_a_client_is_passed_on_to_the_provider() {
    let provider = FakeProvider::start().await;
    let party = party(&provider).await;
    for (prompt, max_age, passed_prompt, passed_age) in [
        ("", "", None, None),
        ("login", "", Some("login"), Some("0")),
        ("select_account", "", Some("login"), Some("0")),
        ("", "0", Some("login"), Some("0")),
        ("", "60", None, Some("60")),
        ("login", "60", Some("login"), Some("0")),
    ] {
        let request = party.request_with(&[("prompt", prompt), ("max_age", max_age)]);
        let page = party.send(&Browser::default(), &request).await;
        let (_, asked) = begin(&party, &link(&page)).await;
        let passed = ["prompt", "max_age"].map(|name| asked.get(name).map(String::as_str));
        assert_eq!(passed, [passed_prompt, passed_age], "{prompt} {max_age}");
    }
}

/// The browser is still logged in at the provider.
#[actix_web::test]
async fn earlier_log_in_at_the_provider_does_not_satisfy_a_client() {
    let provider = FakeProvider::start().await;
    let party = party(&provider).await;
    let earlier = noon().timestamp() - 3600;
    for (prompt, max_age, seconds, satisfied) in
        [("login", "", 1, false), ("", "3599", 3600, false), ("", "3600", 3600, true)]
    {
        let request = party.request_with(&[("prompt", prompt), ("max_age", max_age)]);
        let page = party.send(&Browser::default(), &request).await;
        // Not by the link of the page: it says what the client demands.
        let browser =
            log_in(&party, &provider, "/auth/oidc/start", noon().timestamp() - seconds).await;
        let answer = party.get(&browser, &continued(&page)).await;
        assert_eq!(answer.status == 303, satisfied, "{prompt} {max_age}: {}", answer.text);
    }
    // It is told as it was.
    let browser = log_in(&party, &provider, "/auth/oidc/start", earlier).await;
    let tokens = party.tokens(&browser).await;
    let payload = tokens["id_token"].as_str().unwrap().split('.').nth(1).unwrap();
    let claims: Value =
        serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap();
    assert_eq!(claims["auth_time"], earlier);
}

#[actix_web::test]
async fn log_in_at_the_provider_for_a_request_satisfies_it() {
    let provider = FakeProvider::start().await;
    let party = party(&provider).await;
    for (prompt, max_age) in [("login", ""), ("", "0"), ("", "60")] {
        let request = party.request_with(&[("prompt", prompt), ("max_age", max_age)]);
        let page = party.send(&Browser::default(), &request).await;
        let browser = log_in(&party, &provider, &link(&page), noon().timestamp()).await;
        let answer = party.get(&browser, &continued(&page)).await;
        assert!(answered(&answer).contains_key("code"), "{prompt} {max_age}");
    }
}
