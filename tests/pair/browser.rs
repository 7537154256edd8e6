//! Users with browsers.

use reqwest::Method;
use serde_json::json;

use crate::harness::{ADMIN, Answer, Ask, Browser, Pair, Setup, cri};

const CREDENTIALS: &str = "username=root&password=correct+horse+battery+staple";

#[track_caller]
fn check_goes_to(answer: &Answer, location: &str) {
    assert_eq!((answer.status, answer.header("location")), (303, location), "{answer:?}");
}

async fn logged_in(pair: &Pair) -> Browser {
    let mut browser = pair.browser();
    check_goes_to(&browser.submit("/login", CREDENTIALS).await, "/account");
    browser
}

#[tokio::test]
async fn a_log_in_by_form_redirects_to_the_account() {
    let pair = Pair::start();
    let mut browser = pair.browser();
    let form = browser.open("/login").await;
    assert_eq!(form.status, 200);
    assert!(form.page().contains("<form method=\"post\" action=\"/login\">"));
    check_goes_to(&browser.submit("/login", CREDENTIALS).await, "/account");
    let account = browser.open("/account").await;
    assert_eq!(account.status, 200);
    assert!(account.page().contains(ADMIN.0));
    check_goes_to(&browser.open("/login").await, "/account");
}

#[tokio::test]
async fn a_user_registers_by_form() {
    let closed = Pair::start();
    let nothing = closed.browser().open("/register").await;
    assert_eq!(nothing.status, 404, "{nothing:?}");
    assert!(nothing.page().contains("Page not found"));
    assert!(!closed.browser().open("/login").await.page().contains("/register"));

    let pair = Setup::new().sso("SSO_REGISTRATION", "open").start();
    let mut browser = pair.browser();
    assert!(browser.open("/login").await.page().contains("href=\"/register\""));
    assert!(browser.open("/register").await.page().contains("At least 15 characters"));
    let taken = browser.submit("/register", CREDENTIALS).await;
    assert_eq!(taken.status, 409, "{taken:?}");
    assert!(taken.page().contains("This user name is taken"));
    let form = "username=alice&email=&password=the+password+of+alice";
    check_goes_to(&browser.submit("/register", form).await, "/account");
    assert!(browser.open("/account").await.page().contains("<strong>alice</strong>"));
    check_goes_to(&browser.open("/register").await, "/account");
}

#[tokio::test]
async fn the_token_of_a_cookie_reads_logs_until_log_out() {
    let pair = Pair::start();
    pair.logs.write("default", "web", cri(&["hello"]));
    let mut browser = logged_in(&pair).await;
    let caller = pair.anonymous().with_token(browser.cookie("session_id").unwrap());
    assert_eq!(caller.logs("web").await.log(), "hello\n");
    assert!(browser.open("/logout").await.page().contains("action=\"/logout\""));
    assert_eq!(caller.logs("web").await.status, 200);

    check_goes_to(&browser.submit("/logout", "").await, "/login");
    assert_eq!((browser.cookie("session_id"), browser.cookie("refresh_token")), (None, None));
    caller.logs("web").await.check_problem_is(401, "invalid_token");
    check_goes_to(&browser.open("/account").await, "/auth/refresh");
    check_goes_to(&browser.open("/auth/refresh").await, "/login");
}

#[tokio::test]
async fn a_browser_without_a_session_cookie_is_renewed_without_a_password() {
    let pair = Setup::new().sso("SSO_RETURN_HOSTS", "app.example.org").start();
    let mut browser = logged_in(&pair).await;
    browser.forget("session_id");
    check_goes_to(&browser.open("/account").await, "/auth/refresh");
    let spent = browser.cookie("refresh_token").unwrap().to_owned();
    check_goes_to(&browser.open("/auth/refresh").await, "/account");
    assert_ne!(browser.cookie("refresh_token"), Some(&*spent));
    assert!(browser.open("/account").await.page().contains(ADMIN.0));
    // Repeated at once: there is nothing to renew, and the redirect follows.
    let there = "/auth/refresh?return_to=https://app.example.org/x";
    check_goes_to(&browser.open(there).await, "https://app.example.org/x");

    let log_in = "/login?return_to=https%3A%2F%2Fapp.example.org%2Fx";
    check_goes_to(&pair.browser().open(there).await, log_in);
}

#[tokio::test]
async fn a_wrong_password_shows_the_form_again() {
    let pair = Pair::start();
    let mut browser = pair.browser();
    let answer = browser.submit("/login", "username=root&password=not+the+password").await;
    assert_eq!(answer.status, 401);
    assert!(answer.page().contains("value=\"root\"") && answer.page().contains("role=\"alert\""));
    assert!(!answer.page().contains("not the password"));
    assert_eq!(browser.cookie("session_id"), None);
}

#[tokio::test]
async fn a_log_in_replaces_a_planted_session() {
    let pair = Pair::start();
    let planted = pair.admin().await;
    let mut browser = pair.browser();
    browser.set_cookie("session_id", planted.token());
    check_goes_to(&browser.submit("/login", CREDENTIALS).await, "/account");
    assert_ne!(browser.cookie("session_id"), Some(planted.token()));
}

#[tokio::test]
async fn foreign_pages_can_neither_log_in_nor_out() {
    let pair = Pair::start();
    let mut stranger = pair.browser();
    let mut browser = logged_in(&pair).await;
    for origin in ["https://evil.example", "null", "http://127.0.0.1:1"] {
        let refused = stranger.submit_from(origin, "/login", CREDENTIALS).await;
        assert_eq!(refused.status, 403, "{origin}");
        assert!(refused.page().contains("role=\"alert\""));
        assert_eq!(browser.submit_from(origin, "/logout", "").await.status, 403, "{origin}");
    }
    assert_eq!(stranger.cookie("session_id"), None);
    let silent = browser.request(Method::POST, "/auth/logout").ask().await;
    silent.check_problem_is(403, "csrf");
    assert_eq!(browser.open("/account").await.status, 200, "no session ended");
}

#[tokio::test]
async fn only_known_hosts_are_redirect_targets() {
    let hosts = "app.example.org,*.apps.example.org";
    let pair = Setup::new().sso("SSO_RETURN_HOSTS", hosts).start();
    let submit = async |return_to: &str| {
        let form = format!("{CREDENTIALS}&return_to={return_to}");
        pair.browser().submit("/login", &form).await
    };
    for (return_to, url) in [
        ("http://app.example.org/a", "http://app.example.org/a"),
        ("https://one.apps.example.org", "https://one.apps.example.org/"),
    ] {
        let answer = submit(return_to).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let refresh = format!("<meta http-equiv=\"refresh\" content=\"0; url={url}\">");
        assert!(answer.page().contains(&refresh), "{answer:?}");
    }
    for hostile in [
        "https://evil.example",
        "//evil.example",
        "https://app.example.org@evil.example",
        "https://a;sandbox;b.apps.example.org",
        "javascript:alert(1)",
    ] {
        check_goes_to(&submit(hostile).await, "/account");
    }
}

#[tokio::test]
async fn behind_https_cookies_are_tied_to_the_host() {
    let pair = Setup::new().sso("SSO_PUBLIC_URL", "https://sso.example.org").start();
    let browser = logged_in(&pair).await;
    let token = browser.cookie("__Host-session_id").unwrap();
    assert!(browser.cookie("__Secure-refresh_token").is_some());
    assert_eq!(pair.anonymous().with_token(token).validate().await.status, 200);
    let renamed = pair.anonymous().sso(Method::POST, "/auth/validate");
    let renamed = renamed.header("cookie", format!("session_id={token}")).ask().await;
    renamed.check_problem_is(401, "not_authenticated");
}

#[tokio::test]
async fn scripts_of_allowed_origins_log_in_and_out() {
    const APP: &str = "https://app.example.org";
    let pair = Setup::new().sso("SSO_ALLOWED_ORIGINS", APP).start();
    let body = json!({ "username": ADMIN.0, "password": ADMIN.1, "cookie": true });
    let log_in = |origin: &str| {
        let request = pair.anonymous().sso(Method::POST, "/auth/login").json(&body);
        request.header("origin", origin).header("sec-fetch-site", "cross-site")
    };
    log_in("https://evil.example").ask().await.check_problem_is(403, "csrf");
    let answer = log_in(APP).ask().await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.header("access-control-allow-origin"), APP);
    assert_eq!(answer.headers.get_all("set-cookie").iter().count(), 2);

    let token = answer.json()["token"].as_str().unwrap().to_owned();
    let caller = pair.anonymous().with_token(&token);
    let log_out = |origin: &str| {
        let request = pair.anonymous().sso(Method::POST, "/auth/logout");
        request.header("cookie", format!("session_id={token}")).header("origin", origin)
    };
    log_out("https://evil.example").ask().await.check_problem_is(403, "csrf");
    assert_eq!(caller.validate().await.status, 200);
    assert_eq!(log_out(APP).ask().await.status, 204);
    caller.validate().await.check_problem_is(401, "invalid_token");
}
