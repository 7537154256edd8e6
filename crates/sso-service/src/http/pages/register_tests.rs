//! `/register`.

use actix_web::test::TestRequest;

use crate::{
    sessions::SessionLimits,
    store::Location,
    test_service::{Answer, LIFETIMES, LIMITS, TestService, site_with_return_host},
};

const HTML: &str = "text/html,application/xhtml+xml,*/*;q=0.8";
const THERE: &str = "https%3A%2F%2Fapp.example.org%2Fx%3Fy";
const GOOD: &str = "username=Alice&email=a%40example.org&password=correct+horse+battery";

async fn service() -> TestService {
    let mut service = TestService::start().await;
    service.site = site_with_return_host("http://127.0.0.1:8001", "app.example.org");
    service
}

fn get(uri: &str) -> TestRequest {
    TestRequest::get().uri(uri).insert_header(("accept", HTML))
}

/// As a browser posts the form.
fn post(body: &str) -> TestRequest {
    TestRequest::post()
        .uri("/register")
        .insert_header(("accept", HTML))
        .insert_header(("content-type", "application/x-www-form-urlencoded"))
        .insert_header(("sec-fetch-site", "same-origin"))
        .set_payload(body.to_owned())
}

#[track_caller]
fn check_goes_to(answer: &Answer, location: &str) {
    assert_eq!(answer.status, 303, "{}", answer.text);
    assert_eq!(answer.header("location"), location);
    assert_eq!(answer.header("cache-control"), "no-store");
}

#[track_caller]
fn check_continues_to(answer: &Answer, url: &str) {
    assert_eq!(answer.status, 200, "{}", answer.text);
    let refresh = format!("<meta http-equiv=\"refresh\" content=\"0; url={url}\">");
    assert!(answer.text.contains(&refresh), "{}", answer.text);
}

#[track_caller]
fn check_again(answer: &Answer, status: u16, words: &str) {
    assert_eq!(answer.status, status, "{}", answer.text);
    let form = "<form method=\"post\" action=\"/register\">";
    for expected in [words, form, "role=\"alert\""] {
        assert!(answer.text.contains(expected), "{expected}: {}", answer.text);
    }
    assert_eq!(answer.header("set-cookie"), "");
}

#[actix_web::test]
async fn the_form_states_the_password_rules() {
    let answer = service().await.send(get("/register")).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    for words in ["At least 15 characters", "autocomplete=\"new-password\"", "href=\"/login\""] {
        assert!(answer.text.contains(words), "{words}: {}", answer.text);
    }
    assert!(!answer.text.contains("role=\"alert\""), "{}", answer.text);
}

#[actix_web::test]
async fn a_registered_user_is_logged_in_and_redirected() {
    let service = service().await;
    let answer = service.send(post(&format!("{GOOD}&return_to={THERE}"))).await;
    check_continues_to(&answer, "https://app.example.org/x?y");
    let known = service.validate(&answer.cookie("session_id").unwrap()).await.body;
    assert_eq!(known["username"], "alice");
    assert_eq!(known["permissions"], serde_json::json!([]));
    let without_email = post("username=bob+&email=+&password=correct+horse+battery");
    check_goes_to(&service.send(without_email).await, "/account");
    let kinds: Vec<_> = service.audited().iter().map(|line| line["audit"].clone()).collect();
    assert_eq!(kinds, ["registered", "login_ok", "registered", "login_ok"]);
}

#[actix_web::test]
async fn a_logged_in_user_is_redirected_at_once() {
    let service = service().await;
    service.add_user("bob", &[]).await;
    let cookie = format!("session_id={}", service.log_in("bob").await);
    for (uri, location) in [
        ("/register".to_owned(), "/account"),
        (format!("/register?return_to={THERE}"), "https://app.example.org/x?y"),
    ] {
        let request = get(&uri).insert_header(("cookie", cookie.clone()));
        check_goes_to(&service.send(request).await, location);
    }
}

#[actix_web::test]
async fn a_refused_value_is_named_beside_the_form() {
    let service = service().await;
    check_goes_to(&service.send(post(GOOD)).await, "/account");
    service.execute("UPDATE users SET email = unverified_email").await;
    for (body, status, words) in [
        (GOOD, 409, "This user name is taken"),
        (&GOOD.replace("Alice", "bob"), 409, "with this e-mail address"),
        ("username=a+b&password=correct+horse+battery", 422, "A user name consists of"),
        ("username=b&email=x&password=correct+horse+battery", 422, "e-mail address is not valid"),
        ("username=b&password=short", 422, "at least 15 characters"),
        ("username=a.long.user.name&password=a.long.user.name", 422, "must not be your user name"),
        ("username=b&password=passwordpassword", 422, "too common"),
        (&format!("username=b&password={}", "x".repeat(1025)), 422, "too long"),
    ] {
        check_again(&service.send(post(body)).await, status, words);
    }
    assert_eq!(service.store.all_users().await.len(), 1);
}

#[actix_web::test]
async fn all_faults_are_named_at_once() {
    let service = service().await;
    let answer = service.send(post("username=a+b&email=x&password=short")).await;
    for words in ["A user name consists of", "You may leave it empty", "at least 15 characters"] {
        check_again(&answer, 422, words);
    }
    let request = post("username=a+b&email=x&password=short").insert_header(("accept", "*/*"));
    let problem = service.send(request).await;
    let faulty: Vec<_> = problem.body["errors"].as_array().unwrap().iter().collect();
    let pointers: Vec<_> = faulty.iter().map(|fault| fault["pointer"].clone()).collect();
    assert_eq!(pointers, ["/username", "/email", "/password"]);
}

#[actix_web::test]
async fn the_form_keeps_name_address_and_return_address_but_no_password() {
    let service = service().await;
    let body = format!("username=%22%3Eb&email=%22%40b&password=tr0ub4dor&return_to={THERE}");
    let answer = service.send(post(&body)).await;
    check_again(&answer, 422, "value=\"&#34;&#62;b\"");
    let log_in = format!("href=\"/login?return_to={THERE}\"");
    for kept in ["value=\"&#34;@b\"", "value=\"https://app.example.org/x?y\"", &log_in] {
        assert!(answer.text.contains(kept), "{kept}: {}", answer.text);
    }
    assert!(!answer.text.contains("tr0ub4dor"), "{}", answer.text);
}

#[actix_web::test]
async fn a_network_beyond_the_limit_gets_the_time_to_wait() {
    let service = service().await;
    for number in 0..10 {
        let body = format!("username=u{number}&password=correct+horse+battery");
        check_goes_to(&service.send(post(&body)).await, "/account");
    }
    let answer = service.send(post(GOOD)).await;
    check_again(&answer, 429, "Try again in 70 seconds.");
    assert_eq!(answer.header("retry-after"), "70");
}

/// There is the account then; only the session has to wait.
#[actix_web::test]
async fn a_new_user_beyond_the_session_limit_is_redirected_to_log_in() {
    let none = SessionLimits { total: 0, ..LIMITS };
    let mut service = TestService::with(LIFETIMES, none, &Location::Memory).await;
    service.site = site_with_return_host("http://127.0.0.1:8001", "app.example.org");
    let answer = service.send(post(&format!("{GOOD}&return_to={THERE}"))).await;
    check_continues_to(&answer, &format!("/login?return_to={THERE}"));
    assert_eq!(answer.header("set-cookie"), "");
    assert_eq!(service.store.all_users().await.len(), 1);
}

#[actix_web::test]
async fn an_unavailable_store_shows_no_form() {
    let service = service().await;
    service.store.close().await;
    let answer = service.send(post(GOOD)).await;
    assert_eq!(answer.status, 503, "{}", answer.text);
    assert!(!answer.text.contains("<form"), "{}", answer.text);
}

#[actix_web::test]
async fn a_foreign_page_cannot_register_a_user() {
    let service = service().await;
    for site in ["cross-site", "same-site"] {
        let answer = service.send(post(GOOD).insert_header(("sec-fetch-site", site))).await;
        assert_eq!((answer.status.as_u16(), answer.header("set-cookie")), (403, ""));
    }
    assert!(service.store.all_users().await.is_empty());
}

#[actix_web::test]
async fn programs_get_problems() {
    let service = service().await;
    let program = |request: TestRequest| request.insert_header(("accept", "*/*"));
    for (request, problem) in [
        (post("username=a+b&password=correct+horse+battery"), (422, "invalid_value")),
        (post("username=a"), (422, "invalid_value")),
        (post("username=a&password=short"), (422, "invalid_value")),
        (post("username=a&username=b&password=x"), (400, "bad_request")),
        (get("/register?return_to=a&return_to=b"), (400, "bad_request")),
        (
            post("{}").insert_header(("content-type", "application/json")),
            (415, "unsupported_media_type"),
        ),
    ] {
        assert_eq!(service.send(program(request)).await.problem(), problem);
    }
}

#[actix_web::test]
async fn closed_registration_has_no_page_and_no_link() {
    let service = TestService::closed().await;
    for request in [TestRequest::get().uri("/register"), post(GOOD)] {
        assert_eq!(service.send(request).await.status, 404);
    }
    assert!(!service.send(get("/login")).await.text.contains("/register"));
    let open = self::service().await;
    let log_in = open.send(get(&format!("/login?return_to={THERE}"))).await;
    let link = format!("href=\"/register?return_to={THERE}\"");
    assert!(log_in.text.contains(&link), "{}", log_in.text);
}
