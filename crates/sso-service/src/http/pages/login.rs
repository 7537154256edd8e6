//! `/login`: the form, and what it sends.

use actix_web::{
    HttpRequest, HttpResponse, ResponseError,
    http::StatusCode,
    web::{Data, Payload},
};
use askama::Template;
use service_runtime::http::{Problem, Result};

use super::{
    error::{for_people, wants_html},
    form::read_form,
    page::{go_on, go_to, page, shown, with_landing},
    visitor::{landing, visitor},
};
use crate::{
    accounts::Accounts,
    authority::SessionAuthority,
    http::{
        csrf,
        login::{Credentials, begin_session},
    },
    site::{Landing, Site},
};

#[derive(Template)]
#[template(path = "login.html")]
struct LoginPage<'a> {
    username: &'a str,
    fault: Option<&'a str>,
    landing: &'a Landing,
    /// Where one gets an account, if strangers may have one.
    register: Option<String>,
}

/// Shows the form; whoever is logged in goes straight on.
pub(in crate::http) async fn show(
    request: HttpRequest,
    authority: Data<SessionAuthority>,
    accounts: Data<Accounts>,
    site: Data<Site>,
) -> Result<HttpResponse> {
    for_people(&request, try_show(&request, &authority, &accounts, &site))
}

fn try_show(
    request: &HttpRequest,
    authority: &SessionAuthority,
    accounts: &Accounts,
    site: &Site,
) -> Result<HttpResponse> {
    let landing = landing(request, site)?;
    if visitor(request, authority, site)?.is_some() {
        return Ok(go_to(landing.location()).finish());
    }
    page(&form("", accounts, &landing), &landing)
}

fn form<'a>(username: &'a str, accounts: &Accounts, landing: &'a Landing) -> LoginPage<'a> {
    let register = accounts.check_open().is_ok().then(|| with_landing("/register", landing));
    LoginPage { username, fault: None, landing, register }
}

/// Begins a session, always a new one: what the browser had before may be known to others.
pub(in crate::http) async fn log_in(
    request: HttpRequest,
    body: Payload,
    authority: Data<SessionAuthority>,
    accounts: Data<Accounts>,
    site: Data<Site>,
) -> Result<HttpResponse> {
    let answer = try_log_in(&request, body, &authority, &accounts, &site).await;
    for_people(&request, answer)
}

async fn try_log_in(
    request: &HttpRequest,
    body: Payload,
    authority: &SessionAuthority,
    accounts: &Accounts,
    site: &Site,
) -> Result<HttpResponse> {
    csrf::check(request.headers(), site)?;
    let mut fields = read_form(request, body).await?;
    let landing = site.landing(fields.take("return_to").as_deref());
    let credentials = Credentials::from_fields(fields)?;
    match begin_session(request, &credentials, authority).await {
        Ok(logged_in) => Ok(go_on(&logged_in, &landing, site)),
        Err(error) => {
            let form = form(&credentials.username, accounts, &landing);
            Err(again(request, error.into(), form))
        }
    }
}

/// The form once more, with what went wrong, where trying again is what helps.
fn again(request: &HttpRequest, problem: Problem, form: LoginPage<'_>) -> Problem {
    let Some(fault) = fault(&problem).filter(|_| wants_html(request.headers())) else {
        return problem;
    };
    let landing = form.landing;
    shown(problem, &LoginPage { fault: Some(fault), ..form }, landing)
}

fn fault(problem: &Problem) -> Option<&'static str> {
    match (problem.code(), problem.status_code()) {
        ("invalid_credentials", _) => {
            Some("This user name and password do not go together. Check both and try again.")
        }
        ("busy" | "too_many_sessions", _) => {
            Some("Too many people are logging in just now. Wait a moment and try again.")
        }
        (_, StatusCode::TOO_MANY_REQUESTS) => {
            Some("There were too many wrong attempts. Wait a few minutes and try again.")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use crate::{
        database::Location,
        sessions::Limits,
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
    async fn the_form_asks_for_name_and_password() {
        let answer = service_with_alice().await.send(get("/login")).await;
        check_page(&answer, 200, "<form method=\"post\" action=\"/login\">");
        assert!(!answer.text.contains("return_to") && !answer.text.contains("role=\"alert\""));
    }

    #[actix_web::test]
    async fn a_log_in_gives_cookies_and_goes_on() {
        let service = service_with_alice().await;
        let answer = service.send(post(RIGHT)).await;
        check_goes_to(&answer, "/account");
        let token = answer.cookie("session_id").unwrap();
        assert_eq!(service.validate(&token).await.body["username"], "alice");
        assert!(answer.cookie("refresh_token").unwrap().starts_with("ssor_"));
    }

    #[actix_web::test]
    async fn where_to_go_on_to_survives_the_form() {
        let service = service_with_alice().await;
        let there = "https://app.example.org:8443/a?b=%22&c";
        let encoded = "https%3A%2F%2Fapp.example.org%3A8443%2Fa%3Fb%3D%2522%26c";
        let form = service.send(get(&format!("/login?return_to={encoded}"))).await;
        check_page(&form, 200, "https://app.example.org:8443/a?b=%22&#38;c");
        let policy = form.header("content-security-policy");
        assert!(policy.contains("form-action 'self' https://app.example.org:8443;"), "{policy}");
        let wrong = service.send(post(&format!("{WRONG}&return_to={encoded}"))).await;
        check_page(&wrong, 401, "https://app.example.org:8443/a?b=%22&#38;c");
        assert_eq!(wrong.header("content-security-policy"), policy);
        check_goes_to(&service.send(post(&format!("{RIGHT}&return_to={encoded}"))).await, there);
    }

    #[actix_web::test]
    async fn nobody_is_sent_to_a_strange_place() {
        let service = service_with_alice().await;
        let evil = "https%3A%2F%2Fevil.example";
        let form = service.send(get(&format!("/login?return_to={evil}"))).await;
        assert!(!form.text.contains("evil"), "{}", form.text);
        check_goes_to(&service.send(post(&format!("{RIGHT}&return_to={evil}"))).await, "/account");
    }

    #[actix_web::test]
    async fn whoever_is_logged_in_goes_straight_on() {
        let service = service_with_alice().await;
        let cookie = format!("session_id={}", service.log_in("alice").await);
        let ask = async |uri: &str| {
            service.send(get(uri).insert_header(("cookie", cookie.clone()))).await
        };
        check_goes_to(&ask("/login").await, "/account");
        let there = ask("/login?return_to=https://app.example.org:8443").await;
        check_goes_to(&there, "https://app.example.org:8443/");
    }

    #[actix_web::test]
    async fn a_cookie_that_stands_for_nobody_gets_the_form() {
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
    async fn too_many_people_are_asked_to_wait() {
        let none = Limits { total: 1, ..LIMITS };
        let service = TestService::with(LIFETIMES, none, &Location::Memory).await;
        service.add_user("alice", &[]).await;
        service.add_user("bob", &[]).await;
        service.log_in("bob").await;
        let answer = service.send(post(RIGHT)).await;
        check_page(&answer, 503, "Wait a moment");
        assert_eq!(answer.header("retry-after"), "1");
    }

    #[actix_web::test]
    async fn a_store_that_does_not_answer_shows_no_form_and_takes_no_cookie() {
        let service = service_with_alice().await;
        service.database.close().await;
        let answer = service.send(post(RIGHT)).await;
        check_page(&answer, 503, "if you were logged in, you still are");
        assert_eq!(answer.header("retry-after"), "1");
        assert_eq!(answer.header("set-cookie"), "");
        assert!(!answer.text.contains("<form"), "{}", answer.text);
    }

    #[actix_web::test]
    async fn no_foreign_page_logs_anybody_in() {
        let service = service_with_alice().await;
        for site in ["cross-site", "same-site"] {
            let answer = service.send(post(RIGHT).insert_header(("sec-fetch-site", site))).await;
            check_page(&answer, 403, "Go back, load the page again");
            assert_eq!(answer.header("set-cookie"), "");
        }
    }

    #[actix_web::test]
    async fn programs_get_problems() {
        let service = service_with_alice().await;
        let program = |request: TestRequest| request.insert_header(("accept", "*/*"));
        for (request, problem) in [
            (post(WRONG), (401, "invalid_credentials")),
            (post(RIGHT).insert_header(("sec-fetch-site", "cross-site")), (403, "csrf")),
            (post("password=x"), (422, "invalid_value")),
            (get("/login?x=1"), (400, "bad_request")),
            (bearer(get("/login"), "a b"), (400, "invalid_request")),
        ] {
            assert_eq!(service.send(program(request)).await.problem(), problem);
        }
    }

    #[actix_web::test]
    async fn what_cannot_be_read_is_told_on_a_page() {
        let service = service_with_alice().await;
        let json = post("{}").insert_header(("content-type", "application/json"));
        for (request, status) in [
            (get("/login?x=1"), 400),
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
}
