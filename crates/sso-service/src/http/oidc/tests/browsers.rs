//! Browsers on their way: log-in, renewal, consent, and pages of other sites.

use std::time::Duration;

use actix_web::test::TestRequest;

use super::relying_party::{
    Browser, Parameters, RelyingParty, answered, answered_at, encoded, field, next_page,
};
use crate::test_service::{Answer, PASSWORD, TOKEN_TTL};

impl RelyingParty {
    /// Logs in by the form of this page, and gives the browser and where it goes on to.
    async fn log_in_by(&self, page: &Answer) -> (Browser, String) {
        assert!(page.text.contains("<strong>App</strong>"), "{}", page.text);
        let form = [
            ("username", "alice"),
            ("password", PASSWORD),
            ("return_to", &field(page, "return_to")),
        ];
        let form = form.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let answer = self.service.send(Browser::default().form("/login", &form)).await;
        let browser = Browser { token: answer.cookie("session_id") };
        let next = next_page(&answer);
        (browser, next.strip_prefix("http://127.0.0.1:8001").unwrap().to_owned())
    }

    /// Decides on this page.
    async fn decide(&self, browser: &Browser, page: &Answer, decision: &str) -> Answer {
        self.service.send(browser.form("/oauth/authorize", &decided(page, decision))).await
    }
}

fn decided(page: &Answer, decision: &str) -> Parameters {
    let form = [
        ("continue", field(page, "continue")),
        ("user", field(page, "user")),
        ("decision", decision.to_owned()),
    ];
    form.map(|(name, value)| (name.to_owned(), value)).into()
}

#[actix_web::test]
async fn stranger_logs_in_and_goes_on() {
    let party = RelyingParty::confidential().await;
    let page = party.send(&Browser::default(), &party.request()).await;
    let (alice, next) = party.log_in_by(&page).await;
    let answer = party.get(&alice, &next).await;
    assert!(answered(&answer).contains_key("code"));
    // It was answered.
    assert_eq!(party.get(&alice, &next).await.status, 400);
}

#[actix_web::test]
async fn stored_request_waits_for_ten_minutes() {
    let party = RelyingParty::confidential().await;
    for (seconds, status) in [(599, 303), (600, 400)] {
        let page = party.send(&Browser::default(), &party.request()).await;
        let (alice, next) = party.log_in_by(&page).await;
        party.service.clock.advance(Duration::from_secs(seconds));
        assert_eq!(party.get(&alice, &next).await.status.as_u16(), status, "{seconds}");
    }
}

#[actix_web::test]
async fn stored_requests_of_a_network_are_bounded() {
    let party = RelyingParty::confidential().await;
    let first = party.send(&Browser::default(), &party.request()).await;
    for _ in 0..100 {
        party.service.clock.advance(Duration::from_millis(1));
        party.send(&Browser::default(), &party.request()).await;
    }
    let stored = "SELECT count(*) FROM authorization_requests";
    assert_eq!(party.service.store.number(stored).await, 100);
    let (alice, next) = party.log_in_by(&first).await;
    assert_eq!(party.get(&alice, &next).await.status, 400);
    party.service.clock.advance(Duration::from_secs(600));
    party.service.upkeep.sweep().await.unwrap();
    assert_eq!(party.service.store.number(stored).await, 0);
}

/// Each row: prompt, max_age, seconds since the log-in, whether another log-in is needed.
#[actix_web::test]
async fn log_in_is_repeated_where_the_client_wants_that() {
    for (prompt, max_age, seconds, again) in [
        ("login", "", 5, true),
        ("select_account", "", 5, true),
        ("", "60", 60, false),
        ("", "60", 61, true),
        ("", "0", 1, true),
    ] {
        let party = RelyingParty::confidential().await;
        let alice = party.browser("alice").await;
        party.service.clock.advance(Duration::from_secs(seconds));
        let request = party.request_with(&[("prompt", prompt), ("max_age", max_age)]);
        let answer = party.send(&alice, &request).await;
        assert_eq!(answer.status == 200, again, "{prompt} {max_age} {seconds}");
        if !again {
            continue;
        }
        assert!(answer.text.contains("value=\"alice\""), "{}", answer.text);
        // The old session is not enough, however often the browser comes back with it.
        let (renewed, next) = party.log_in_by(&answer).await;
        assert!(party.get(&alice, &next).await.text.contains("action=\"/login\""));
        party.service.clock.advance(Duration::from_secs(2));
        assert!(answered(&party.get(&renewed, &next).await).contains_key("code"));
        let none = party.request_with(&[("prompt", "none"), ("max_age", "1")]);
        let answer = answered(&party.send(&alice, &none).await);
        assert_eq!(answer["error"], "login_required");
    }
}

/// The session cookie is there, its token has expired, and the refresh cookie goes to its own path.
#[actix_web::test]
async fn expired_session_is_renewed_by_a_page_of_ours() {
    let party = RelyingParty::confidential().await;
    let log_in = serde_json::json!({"username": "alice", "password": PASSWORD});
    let log_in = TestRequest::post().uri("/auth/login").set_json(log_in);
    let tokens = party.service.send(log_in).await.body;
    let [session, refresh] = ["token", "refresh_token"].map(|name| tokens[name].as_str().unwrap());
    party.service.clock.advance(TOKEN_TTL);
    let expired = Browser { token: Some(session.to_owned()) };
    for (prompt, cookie, expected) in
        [("", None, "/login"), ("none", None, "login_required"), ("", Some(refresh), "code")]
    {
        let page = party.send(&expired, &party.request_with(&[("prompt", prompt)])).await;
        let renewal = next_page(&page);
        assert!(renewal.starts_with("/auth/refresh?return_to="), "{renewal}");
        let request = expired.request(TestRequest::get().uri(&renewal));
        let request = request.insert_header(("sec-fetch-site", "same-origin"));
        let request = match cookie {
            Some(refresh) => request.insert_header(("cookie", format!("refresh_token={refresh}"))),
            None => request,
        };
        let back = party.service.send(request).await;
        assert_eq!(back.status, 303, "{}", back.text);
        let next = back.header("location").strip_prefix("http://127.0.0.1:8001").unwrap();
        let browser = Browser { token: back.cookie("session_id").or(expired.token.clone()) };
        let answer = party.get(&browser, next).await;
        match expected {
            "/login" => assert!(answer.text.contains("action=\"/login\""), "{}", answer.text),
            "code" => assert!(answered(&answer).contains_key("code")),
            error => assert_eq!(answered(&answer)["error"], error),
        }
    }
}

#[actix_web::test]
async fn public_client_always_asks_the_user() {
    let party = RelyingParty::public().await;
    let alice = party.browser("alice").await;
    for _ in 0..2 {
        let page = party.send(&alice, &party.request()).await;
        for words in ["<strong>alice</strong>", "<strong>App</strong>", "app.example.org"] {
            assert!(page.text.contains(words), "{words}: {}", page.text);
        }
        let refused = party.decide(&alice, &page, "refuse").await;
        assert_eq!(answered_at(&next_page(&refused))["error"], "access_denied");
        assert_eq!(party.decide(&alice, &page, "approve").await.status, 400);
        let page = party.send(&alice, &party.request()).await;
        let approved = party.decide(&alice, &page, "approve").await;
        let code = answered_at(&next_page(&approved))["code"].clone();
        assert_eq!(party.token(&party.redemption(&code)).await.status, 200);
    }
}

/// A page of another site begins a flow to its own port, and goes on in the user's name.
#[actix_web::test]
async fn foreign_page_cannot_decide_for_the_user() {
    let party = RelyingParty::public().await;
    let alice = party.browser("alice").await;
    let page = party.send(&alice, &party.request()).await;
    let form = decided(&page, "approve");
    for headers in [
        &[("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")][..],
        &[("sec-fetch-site", "same-site"), ("origin", "https://evil.example.org")],
        &[("sec-fetch-site", "none")],
        &[("origin", "null")],
        &[("origin", "https://evil.example")],
        &[],
    ] {
        let request = alice.request(
            TestRequest::post()
                .uri("/oauth/authorize")
                .insert_header(("content-type", "application/x-www-form-urlencoded"))
                .set_payload(encoded(&form)),
        );
        let request =
            headers.iter().fold(request, |request, header| request.insert_header(*header));
        assert_eq!(party.service.send(request).await.status, 403, "{headers:?}");
    }
    // By a link, no decision is taken at all.
    let link = format!("/oauth/authorize?{}", encoded(&form));
    assert!(party.get(&alice, &link).await.text.contains("name=\"decision\""));
}

#[actix_web::test]
async fn decision_is_that_of_the_user_whom_the_page_named() {
    let party = RelyingParty::public().await;
    let [alice, root] = [party.browser("alice").await, party.browser("root").await];
    let page = party.send(&alice, &party.request()).await;
    for browser in [&root, &Browser::default()] {
        let answer = party.decide(browser, &page, "approve").await;
        assert!(next_page(&answer).starts_with("/oauth/authorize?continue="), "{}", answer.text);
    }
    assert!(
        answered_at(&next_page(&party.decide(&alice, &page, "approve").await)).contains_key("code")
    );
}

#[actix_web::test]
async fn form_of_a_client_reads_no_cookie_and_works_as_a_link_does() {
    let party = RelyingParty::confidential().await;
    let alice = party.browser("alice").await;
    let answer = party.post("/oauth/authorize", &party.request()).await;
    let next = next_page(&answer);
    assert!(next.starts_with("/oauth/authorize?continue="), "{next}");
    assert!(answered(&party.get(&alice, &next).await).contains_key("code"));
    let wrong = party.post("/oauth/authorize", &party.request_with(&[("scope", "x")])).await;
    assert_eq!(answered_at(&next_page(&wrong))["error"], "invalid_scope");
}
