//! A browser's cookie reads logs, for pages of the gateway's own site.

use crate::harness::{Answer, Pair, RawRequest, Setup, WELL_FORMED_TOKEN, cri, plain_client};

async fn get(pair: &Pair, path: &str, headers: &[(&str, &str)]) -> Answer {
    let request = RawRequest::new("GET", path);
    let request =
        headers.iter().fold(request, |request, (name, value)| request.header(name, value));
    request.send(pair.gateway.listening()).await
}

#[tokio::test]
async fn a_cookie_lists_pods_for_a_page_of_the_same_site() {
    let pair = Pair::start();
    let admin = pair.admin().await;
    let cookie = format!("theme=dark; session_id={}", admin.token());
    for site in [None, Some("none"), Some("same-origin")] {
        let mut headers = vec![("cookie", cookie.as_str())];
        headers.extend(site.map(|site| ("sec-fetch-site", site)));
        assert_eq!(get(&pair, "/pods", &headers).await.status, 200, "{site:?}");
    }
    for site in ["same-site", "cross-site", "x"] {
        let headers = [("cookie", cookie.as_str()), ("sec-fetch-site", site)];
        get(&pair, "/pods", &headers).await.check_problem_is(401, "not_authenticated");
    }
    let headers = [("cookie", cookie.as_str()), ("authorization", "Basic YTpi")];
    get(&pair, "/pods", &headers).await.check_problem_is(401, "not_authenticated");
    admin.log_out().await;
    get(&pair, "/pods", &[("cookie", &cookie)]).await.check_problem_is(401, "invalid_token");
}

#[tokio::test]
async fn a_cookie_reads_a_log() {
    let pair = Pair::start();
    pair.logs.write("default", "web", cri(&["hello"]));
    let admin = pair.admin().await;
    let cookie = format!("session_id={}", admin.token());
    let request = admin.gateway(reqwest::Method::GET, "/logs/web");
    // Without the header that the caller would add.
    let mut request = request.build().unwrap();
    request.headers_mut().remove("authorization");
    request.headers_mut().insert("cookie", cookie.parse().unwrap());
    let answer = plain_client().execute(request).await;
    assert_eq!(answer.unwrap().status(), 200);
}

#[tokio::test]
async fn over_https_the_cookie_of_this_host_counts_too() {
    for (url, status) in [("https://logs.example.org", 200), ("http://logs.example.org", 401)] {
        let pair = Setup::new().gateway("GATEWAY_PUBLIC_URL", url).start();
        let cookie = format!("__Host-session_id={}", pair.admin().await.token());
        assert_eq!(get(&pair, "/pods", &[("cookie", &cookie)]).await.status, status, "{url}");
    }
}

#[tokio::test]
async fn the_live_cookie_of_several_with_one_name_counts() {
    let pair = Pair::start();
    let (one, other) = (pair.admin().await, pair.admin().await);
    let live = format!("session_id={}", one.token());
    let second = format!("session_id={}", other.token());
    for cookies in [
        format!("session_id={WELL_FORMED_TOKEN}; {live}"),
        format!("session_id=x; session_id=y; {live}; session_id={WELL_FORMED_TOKEN}"),
    ] {
        assert_eq!(get(&pair, "/pods", &[("cookie", &cookies)]).await.status, 200, "{cookies}");
    }
    let both = format!("{second}; {live}");
    let refused = get(&pair, "/pods", &[("cookie", &both)]).await;
    refused.check_problem_is(400, "duplicate_cookie");
    other.log_out().await;
    assert_eq!(get(&pair, "/pods", &[("cookie", &both)]).await.status, 200);
}
