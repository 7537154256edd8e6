//! `/login`.

use actix_web::test::TestRequest;

use crate::{
    sessions::SessionLimits,
    store::Location,
    test_service::{Answer, LIFETIMES, LIMITS, TestService, bearer, site_with_return_host},
};

const HTML: &str = "text/html,application/xhtml+xml,*/*;q=0.8";
const FORM: &str = "application/x-www-form-urlencoded";

async fn service_with_alice() -> TestService {
    let mut service = TestService::start().await;
    service.add_user("alice", &[]).await;
    service.site = site_with_return_host("http://127.0.0.1:8001", "app.example.org:8443");
    service
}

fn get(uri: &str) -> TestRequest {
    TestRequest::get().uri(uri).insert_header(("accept", HTML))
}

/// As a browser posts the form.
fn post(body: &str) -> TestRequest {
    TestRequest::post()
        .uri("/login")
        .insert_header(("accept", HTML))
        .insert_header(("content-type", FORM))
        .insert_header(("sec-fetch-site", "same-origin"))
        .set_payload(body.to_owned())
}

const RIGHT: &str = "username=alice&password=correct+horse+battery";
const WRONG: &str = "username=%22%3Ealice&password=a+wrong+password";

#[track_caller]
fn check_goes_to(answer: &Answer, location: &str) {
    assert_eq!(answer.status, 303, "{}", answer.text);
    assert_eq!(answer.header("location"), location);
    assert_eq!(answer.header("cache-control"), "no-store");
}

#[track_caller]
fn check_page(answer: &Answer, status: u16, words: &str) {
    assert_eq!(answer.status, status, "{}", answer.text);
    assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
    assert_eq!(answer.header("cache-control"), "no-store");
    assert!(answer.text.contains(words), "{}", answer.text);
}

#[actix_web::test]
async fn the_form_has_name_and_password() {
    let answer = service_with_alice().await.send(get("/login")).await;
    check_page(&answer, 200, "<form method=\"post\" action=\"/login\">");
    assert!(!answer.text.contains("return_to") && !answer.text.contains("role=\"alert\""));
}

#[actix_web::test]
async fn unknown_parameters_of_a_page_are_ignored() {
    let service = service_with_alice().await;
    let there = "return_to=https://app.example.org:8443";
    let uri = format!("/login?utm_source=mail&{there}&utm_source=x&%ff=%ff");
    let form = service.send(get(&uri)).await;
    check_page(&form, 200, "value=\"https://app.example.org:8443/\"");
    for uri in ["/login?x", "/logout?x=1"] {
        check_page(&service.send(get(uri)).await, 200, "<form");
    }
    check_goes_to(&service.send(get("/account?x=1")).await, "/auth/refresh");
    check_goes_to(&service.send(get("/auth/refresh?x=1")).await, "/login");
}

#[actix_web::test]
async fn the_title_names_the_page_and_its_host() {
    let answer = service_with_alice().await.send(get("/login")).await;
    check_page(&answer, 200, "<title>Log in · 127.0.0.1</title>");
}

/// What follows a log-in has nothing of our pages' addresses but their origin as its referrer.
#[actix_web::test]
async fn a_browser_without_cookies_gets_an_explanation() {
    let service = service_with_alice().await;
    for return_to in ["", "&return_to=https://app.example.org:8443/"] {
        let answer = service.send(post(&format!("{RIGHT}{return_to}"))).await;
        assert_eq!(answer.header("referrer-policy"), "strict-origin", "{return_to}");
    }
    let words = "did not keep our cookie";
    let from = |referrer: &'static str| get("/login").insert_header(("referer", referrer));
    check_page(&service.send(from("http://127.0.0.1:8001/")).await, 200, words);
    for referrer in ["http://127.0.0.1:8001/login", "https://app.example.org/"] {
        let answer = service.send(from(referrer)).await;
        assert!(!answer.text.contains(words), "{referrer}");
    }
    let expired = from("http://127.0.0.1:8001/").insert_header(("cookie", "session_id=x"));
    assert!(!service.send(expired).await.text.contains(words));
}

#[actix_web::test]
async fn after_too_many_attempts_the_page_names_the_time_to_wait() {
    let service = service_with_alice().await;
    let wrong = "username=alice&password=a+wrong+password";
    for _ in 0..10 {
        check_page(&service.send(post(wrong)).await, 401, "user name or the password is wrong");
    }
    let answer = service.send(post(wrong)).await;
    check_page(&answer, 429, "too many wrong attempts. Try again in 70 seconds.");
    assert_eq!(answer.header("retry-after"), "70");
}

#[actix_web::test]
async fn a_log_in_sets_cookies_and_redirects() {
    let service = service_with_alice().await;
    let answer = service.send(post(RIGHT)).await;
    check_goes_to(&answer, "/account");
    let token = answer.cookie("session_id").unwrap();
    assert_eq!(service.validate(&token).await.body["username"], "alice");
    assert!(answer.cookie("refresh_token").unwrap().starts_with("ssor_"));
}

#[actix_web::test]
async fn the_form_keeps_the_return_address() {
    let service = service_with_alice().await;
    let encoded = "https%3A%2F%2Fapp.example.org%3A8443%2Fa%3Fb%3D%2522%26c";
    let form = service.send(get(&format!("/login?return_to={encoded}"))).await;
    check_page(&form, 200, "https://app.example.org:8443/a?b=%22&#38;c");
    let wrong = service.send(post(&format!("{WRONG}&return_to={encoded}"))).await;
    check_page(&wrong, 401, "https://app.example.org:8443/a?b=%22&#38;c");
    let right = service.send(post(&format!("{RIGHT}&return_to={encoded}"))).await;
    // A redirect there would be held to the policy of the form, and so would the next one.
    check_page(&right, 200, "content=\"0; url=https://app.example.org:8443/a?b=%22&#38;c\">");
    assert!(right.cookie("session_id").unwrap().starts_with("sso_"));
    assert!(right.cookie("refresh_token").unwrap().starts_with("ssor_"));
}

#[actix_web::test]
async fn an_unknown_return_address_is_ignored() {
    let service = service_with_alice().await;
    let evil = "https%3A%2F%2Fevil.example";
    let form = service.send(get(&format!("/login?return_to={evil}"))).await;
    assert!(!form.text.contains("evil"), "{}", form.text);
    check_goes_to(&service.send(post(&format!("{RIGHT}&return_to={evil}"))).await, "/account");
}

#[actix_web::test]
async fn a_logged_in_user_is_redirected_at_once() {
    let service = service_with_alice().await;
    let cookie = format!("session_id={}", service.log_in("alice").await);
    let ask =
        async |uri: &str| service.send(get(uri).insert_header(("cookie", cookie.clone()))).await;
    check_goes_to(&ask("/login").await, "/account");
    let there = ask("/login?return_to=https://app.example.org:8443").await;
    check_goes_to(&there, "https://app.example.org:8443/");
}

#[actix_web::test]
async fn a_cookie_without_a_session_gets_the_form() {
    let service = service_with_alice().await;
    for value in ["x", "a b", "sso_1"] {
        let cookie = ("cookie", format!("session_id={value}"));
        let answer = service.send(get("/login").insert_header(cookie)).await;
        check_page(&answer, 200, "action=\"/login\"");
    }
}

#[actix_web::test]
async fn a_log_in_is_always_a_new_session() {
    let service = service_with_alice().await;
    let old = service.log_in("alice").await;
    let cookie = ("cookie", format!("session_id={old}"));
    let answer = service.send(post(RIGHT).insert_header(cookie)).await;
    let new = answer.cookie("session_id").unwrap();
    let (old, new) = (service.validate(&old).await, service.validate(&new).await);
    assert_ne!(old.body["session_id"], new.body["session_id"]);
}

#[actix_web::test]
async fn a_wrong_password_keeps_the_name_and_never_the_password() {
    let answer = service_with_alice().await.send(post(WRONG)).await;
    check_page(&answer, 401, "value=\"&#34;&#62;alice\"");
    assert!(answer.text.contains("role=\"alert\""));
    assert!(!answer.text.contains("wrong password"), "{}", answer.text);
    assert_eq!(answer.header("set-cookie"), "");
}

#[actix_web::test]
async fn a_full_queue_shows_a_page_with_the_time_to_wait() {
    let none = SessionLimits { total: 1, ..LIMITS };
    let service = TestService::with(LIFETIMES, none, &Location::Memory).await;
    service.add_user("alice", &[]).await;
    service.add_user("bob", &[]).await;
    service.log_in("bob").await;
    let answer = service.send(post(RIGHT)).await;
    check_page(&answer, 503, "Wait a moment");
    assert_eq!(answer.header("retry-after"), "1");
}

#[actix_web::test]
async fn an_unavailable_store_shows_no_form_and_removes_no_cookie() {
    let service = service_with_alice().await;
    service.store.close().await;
    let answer = service.send(post(RIGHT)).await;
    check_page(&answer, 503, "if you were logged in, you still are");
    assert_eq!(answer.header("retry-after"), "1");
    assert_eq!(answer.header("set-cookie"), "");
    assert!(!answer.text.contains("<form"), "{}", answer.text);
}

#[actix_web::test]
async fn a_foreign_page_cannot_log_a_user_in() {
    let service = service_with_alice().await;
    for site in ["cross-site", "same-site"] {
        let answer = service.send(post(RIGHT).insert_header(("sec-fetch-site", site))).await;
        check_page(&answer, 403, "The request does not seem to come from our own page");
        assert_eq!(answer.header("set-cookie"), "");
    }
}

/// The page was opened by another name of the host.
#[actix_web::test]
async fn a_page_of_another_origin_is_recorded_with_both_origins() {
    let service = service_with_alice().await;
    let elsewhere = TestRequest::post()
        .uri("/login")
        .insert_header(("accept", HTML))
        .insert_header(("content-type", FORM))
        .insert_header(("origin", "http://10.0.0.7:8001"))
        .set_payload(RIGHT);
    let answer = service.send(elsewhere).await;
    check_page(&answer, 403, "Open http://127.0.0.1:8001 instead");
    let line = service.audited().pop().unwrap();
    assert_eq!(line["audit"], "csrf_blocked");
    assert_eq!(line["origin"], "http://10.0.0.7:8001");
    assert_eq!(line["expected_origin"], "http://127.0.0.1:8001");
}

#[actix_web::test]
async fn programs_get_problems() {
    let service = service_with_alice().await;
    let program = |request: TestRequest| request.insert_header(("accept", "*/*"));
    for (request, problem) in [
        (post(WRONG), (401, "invalid_credentials")),
        (post(RIGHT).insert_header(("sec-fetch-site", "cross-site")), (403, "csrf")),
        (post("password=x"), (422, "invalid_value")),
        (get("/login?return_to=a&return_to=b"), (400, "bad_request")),
        (bearer(get("/login"), "a b"), (400, "invalid_request")),
    ] {
        assert_eq!(service.send(program(request)).await.problem(), problem);
    }
}

#[actix_web::test]
async fn an_unreadable_form_gets_an_error_page() {
    let service = service_with_alice().await;
    let json = post("{}").insert_header(("content-type", "application/json"));
    for (request, status) in [
        (get("/login?return_to=a&return_to=b"), 400),
        (post("username=alice"), 422),
        (post("username=a&username=b&password=c"), 400),
        (json, 415),
    ] {
        check_page(&service.send(request).await, status, "role=\"alert\"");
    }
    let put = TestRequest::put().uri("/login");
    let answer = service.send(put).await;
    assert_eq!(answer.problem(), (405, "method_not_allowed"));
    assert_eq!(answer.header("allow"), "GET, HEAD, POST");
}
