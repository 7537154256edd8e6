//! The kubectl plugin logs in by a browser: of the same machine, or of another one.

use std::{io::Write, net::TcpStream};

use reqwest::Method;

use crate::harness::{ADMIN, Ask, Browser, Ended, OngoingLogin, Pair, cri, plain_client};

const CREDENTIALS: &str = "username=root&password=correct+horse+battery+staple";

async fn logged_in(pair: &Pair) -> Browser {
    let mut browser = pair.browser();
    assert_eq!(browser.submit("/login", CREDENTIALS).await.status, 303);
    browser
}

/// The page that the plugin opens, as a path of the authority.
fn opened_page(login: &mut OngoingLogin) -> String {
    assert_eq!(login.line(), "Log in with your browser, which opens this page:");
    let url = login.line();
    let (_, path) = url.split_once("/oauth/").unwrap_or_else(|| panic!("no page: {url}"));
    format!("/oauth/{path}")
}

/// The value of a hidden field of a page.
#[track_caller]
fn field(page: &str, name: &str) -> String {
    let (_, rest) = page
        .split_once(&format!("name=\"{name}\" value=\""))
        .unwrap_or_else(|| panic!("no {name}: {page}"));
    rest.split('"').next().unwrap().to_owned()
}

/// Answers the question whether to go on, and gives the address that the browser goes on to.
async fn decide(browser: &mut Browser, page: &str, decision: &str) -> String {
    let [id, user] = ["continue", "user"].map(|name| field(page, name));
    let form = format!("continue={id}&user={user}&decision={decision}");
    let next = browser.submit("/oauth/authorize", &form).await;
    let page = next.page();
    let (_, rest) = page.split_once("content=\"0; url=").unwrap_or_else(|| panic!("{page}"));
    rest.split('"').next().unwrap().replace("&#38;", "&").replace("&amp;", "&")
}

#[track_caller]
fn check_failed(ended: &Ended, said: &str) {
    assert_eq!((ended.code, ended.stdout.as_str()), (1, ""), "{ended:?}");
    assert!(ended.stderr.contains(said), "no {said:?} in {}", ended.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_in_by_browser_provides_a_token_that_reads_logs() {
    let pair = Pair::start();
    pair.logs.write("default", "web", cri(&["hello"]));
    let user = pair.kubectl_user();
    let mut login = user.begin_login(&["--browser"], &[("BROWSER", "/bin/true")]);
    let path = opened_page(&mut login);
    let mut browser = logged_in(&pair).await;
    let asked = browser.open(&path).await;
    for words in ["kubectl-sso", "<strong>root</strong>"] {
        assert!(asked.page().contains(words), "{}", asked.page());
    }
    let callback = decide(&mut browser, asked.page(), "approve").await;
    let (address, query) =
        callback.strip_prefix("http://").unwrap().split_once("/callback?").unwrap();
    // A browser opens connections that it does not use, and other programs try the port.
    let _idle = TcpStream::connect(address).unwrap();
    TcpStream::connect(address).unwrap().write_all(b"\x16\x03\x01").unwrap();
    for stray in ["/favicon.ico", "/callback", "/callback?code=x&state=y&iss=z"] {
        let answer = plain_client().get(format!("http://{address}{stray}")).send().await.unwrap();
        assert_eq!(answer.status(), 404, "{stray}");
    }
    let other_issuer = query.replace("iss=http", "iss=https");
    let mixed_up = format!("http://{address}/callback?{other_issuer}");
    assert_eq!(plain_client().get(mixed_up).send().await.unwrap().status(), 404);
    let page = plain_client().get(&callback).send().await.unwrap();
    assert_eq!(page.headers()["cache-control"], "no-store");
    assert!(page.text().await.unwrap().contains("You are logged in"));
    let ended = login.end();
    let said = format!("Logged in at {} as root; renewable until ", user.sso());
    assert!(ended.code == 0 && ended.stdout.starts_with(&said), "{ended:?}");
    let token = user.token();
    let caller = pair.anonymous().with_token(&token);
    assert_eq!(caller.logs("web").await.log(), "hello\n");

    // It is a session of its own, beside that of the browser, and goes on after its log-out.
    let sessions = caller.sso(Method::GET, "/auth/sessions").ask().await.json();
    assert_eq!(sessions["sessions"].as_array().unwrap().len(), 2, "{sessions}");
    browser.submit("/logout", "").await;
    user.let_the_token_end();
    assert_ne!(user.token(), token, "renewed");
    assert_eq!(user.kubectl_sso("logout").code, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_ends_with_that_of_the_browser_when_it_is_ended_from_the_list() {
    let pair = Pair::start();
    pair.logs.write("default", "web", cri(&["hello"]));
    let user = pair.kubectl_user();
    let mut login = user.begin_login(&["--browser"], &[("BROWSER", "/bin/true")]);
    let mut browser = logged_in(&pair).await;
    let asked = browser.open(&opened_page(&mut login)).await;
    let callback = decide(&mut browser, asked.page(), "approve").await;
    plain_client().get(&callback).send().await.unwrap();
    assert_eq!(login.end().code, 0);
    let caller = pair.anonymous().with_token(&user.token());
    assert_eq!(caller.logs("web").await.status, 200);
    let owner = pair.anonymous().with_token(browser.cookie("session_id").unwrap());
    let own = owner.sso(Method::GET, "/auth/session").ask().await.json();
    let path = format!("/auth/sessions/{}", own["session_id"].as_str().unwrap());
    let admin = pair.admin().await;
    assert_eq!(admin.sso(Method::DELETE, &path).ask().await.status, 204);
    caller.logs("web").await.check_problem_is(401, "invalid_token");
    user.let_the_token_end();
    let ended = user.kubectl_sso("token");
    assert!(ended.stderr.contains("has ended"), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_in_the_browser_ends_the_log_in() {
    let pair = Pair::start();
    let user = pair.kubectl_user();
    let mut login = user.begin_login(&["--browser"], &[("BROWSER", "/bin/true")]);
    let mut browser = logged_in(&pair).await;
    let asked = browser.open(&opened_page(&mut login)).await;
    let callback = decide(&mut browser, asked.page(), "refuse").await;
    let page = plain_client().get(&callback).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("You are not logged in"), "{page}");
    check_failed(&login.end(), "refused in the browser");
    check_failed(&user.kubectl_sso("token"), "not logged in");
}

/// The code that the plugin shows.
fn shown_code(login: &mut OngoingLogin, sso: &str) -> String {
    let line = login.line();
    let start = format!("Open {sso}/device in a browser, on any machine, and enter the code ");
    let code = line.strip_prefix(&start).unwrap_or_else(|| panic!("{line}")).to_owned();
    assert_eq!(login.line(), format!("Or open {sso}/device?user_code={code}"));
    code
}

/// Each row: the arguments, and what the user decides. Without a browser, `--browser` shows a code
/// as well.
#[tokio::test(flavor = "multi_thread")]
async fn a_log_in_by_a_browser_of_another_machine_needs_a_code() {
    let pair = Pair::start();
    pair.logs.write("default", "web", cri(&["hello"]));
    let mut browser = logged_in(&pair).await;
    for (arguments, decision) in
        [(["--device"], "approve"), (["--browser"], "approve"), (["--device"], "refuse")]
    {
        let user = pair.kubectl_user();
        let mut login = user.begin_login(&arguments, &[]);
        let code = shown_code(&mut login, user.sso());
        let typed = code.to_lowercase().replace('-', "+");
        let asked = browser.submit("/device", &format!("user_code={typed}")).await;
        assert!(asked.page().contains("127.0.0.1"), "{}", asked.page());
        let account = field(asked.page(), "user");
        let form = format!("user_code={code}&user={account}&decision={decision}");
        assert_eq!(browser.submit("/device", &form).await.status, 200);
        let ended = login.end();
        if decision == "refuse" {
            check_failed(&ended, "refused in the browser");
            continue;
        }
        assert_eq!(ended.code, 0, "{ended:?}");
        let caller = pair.anonymous().with_token(&user.token());
        assert_eq!(caller.logs("web").await.log(), "hello\n");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authority_without_log_in_by_browser_is_named() {
    let pair = Pair::start();
    let user = pair.kubectl_user();
    let other = format!("http://{}", pair.sso.ops());
    for way in ["--browser", "--device"] {
        let ended = user.run(&["login", way, "--sso", &other], "");
        check_failed(&ended, &format!("{other} has no log-in in a browser"));
    }
    assert_eq!(user.login(ADMIN.0, ADMIN.1, &[]).code, 0);
}
