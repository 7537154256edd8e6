//! Browsers, which are redirected to a session and return.

use super::{message::Request, visitor::Visitor};
use crate::{peer::Installed, stage::Stage};

pub(super) fn browser_without_a_session_logs_in_and_returns(stage: &Stage, proxy: &Installed) {
    let front = stage.front(proxy);
    let (_, name) = stage.app_user(proxy, "newcomer", &["app:use"]);
    let url = format!("http://{}/page/new?a=b&c=%26d", front.address);
    stage.block_on(async {
        let mut visitor = Visitor::default();
        let form = visitor.open(&url).await;
        let way = [(302, "/page/new"), (303, "/auth/refresh"), (200, "/login")];
        assert_eq!(form.way, way.map(|(status, path)| (status, path.to_owned())));
        assert!(front.backend_requests("/page/new").is_empty());
        let page = visitor.log_in(&form, &name, &format!("the password of {name}")).await;
        assert_eq!((page.message.status, page.url.as_str()), (200, &*url), "{page:?}");
        assert_eq!(page.message.body, "hello");
        let again = visitor.open(&url).await;
        assert_eq!(again.way, [(200, "/page/new".to_owned())]);
    });
    let asked = front.backend_requests("/page/new");
    assert_eq!(asked.len(), 2);
    assert_eq!(asked[0].line, "GET /page/new?a=b&c=%26d HTTP/1.1");
}

pub(super) fn browser_with_an_expired_session_renews_it_and_returns(
    stage: &Stage,
    proxy: &Installed,
) {
    let front = stage.front(proxy);
    let (_, name) = stage.app_user(proxy, "returning", &["app:use"]);
    let url = format!("http://{}/page/old", front.address);
    stage.block_on(async {
        let mut visitor = Visitor::default();
        let form = visitor.open(&url).await;
        let first = visitor.log_in(&form, &name, &format!("the password of {name}")).await;
        assert_eq!(first.message.status, 200, "{first:?}");
        let spent = visitor.cookie("refresh_token");
        visitor.forget("session_id");
        // A link of another origin: its page of ours navigates on, and renews the session then.
        let page = visitor.follow(&first, &url).await;
        let way = [
            (302, "/page/old"),
            (200, "/auth/refresh"),
            (303, "/auth/refresh"),
            (200, "/page/old"),
        ];
        assert_eq!(page.way, way.map(|(status, path)| (status, path.to_owned())));
        assert_eq!((page.message.body.as_str(), page.url.as_str()), ("hello", &*url));
        assert_ne!(visitor.cookie("refresh_token"), spent);
    });
}

pub(super) fn other_client_is_not_redirected(stage: &Stage, proxy: &Installed) {
    let front = stage.front(proxy);
    for request in [
        Request::get("/program"),
        Request::get("/program").header("Accept", "application/json"),
        Request::new("POST", "/program").by_browser().body("a=b"),
        Request::new("DELETE", "/program").by_browser(),
        Request::get("/program").by_browser().header("X-Requested-With", "XMLHttpRequest"),
        Request::get("/program").by_browser().header("Sec-Fetch-Mode", "cors"),
        Request::get("/program").by_browser().header("Authorization", "Bearer x"),
        Request::new("POST", "/program").by_browser().header("X-Forwarded-Method", "GET"),
    ] {
        let answer = stage.block_on(front.send(request.clone()));
        assert_eq!((answer.status, answer.header("location")), (401, ""), "{request:?}");
    }
    // A forged host leads nowhere.
    for name in ["X-Forwarded-Host", "X-Original-URL", "X-Forwarded-Uri", "X-Forwarded-Proto"] {
        let request = Request::get("/program").by_browser().header(name, "//evil.example/");
        let answer = stage.block_on(front.send(request));
        assert!([302, 401].contains(&answer.status), "{name}: {answer:?}");
        assert!(!answer.header("location").contains("evil"), "{name}: {answer:?}");
    }
    assert!(front.backend_requests("/program").is_empty());
}
