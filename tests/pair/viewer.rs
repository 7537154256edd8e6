//! The page on which people read logs, without a browser: `tests/viewer` has one.

use reqwest::{Method, StatusCode, header};

use crate::harness::Pair;

#[tokio::test]
async fn page_and_files_stay_the_same_when_the_gateway_restarts() {
    let mut pair = Pair::start();
    let get = async |pair: &Pair, path: &str, tag: Option<&str>| {
        let request = pair.anonymous().gateway(Method::GET, path);
        let request =
            tag.iter().fold(request, |request, tag| request.header("if-none-match", *tag));
        request.send().await.unwrap()
    };
    let page = get(&pair, "/?pod=shop/web-0", None).await;
    assert_eq!(page.status(), StatusCode::OK);
    let tag = page.headers()[header::ETAG].to_str().unwrap().to_owned();
    let page = page.text().await.unwrap();
    let main = page.split('"').find(|part| part.ends_with("/main.js")).unwrap().to_owned();
    let sso = format!("data-sso=\"http://{}\"", pair.sso.listening());
    assert!(page.contains(&sso), "{page}");
    pair.gateway.stop();
    pair.start_gateway_again();
    assert_eq!(get(&pair, "/", Some(&tag)).await.status(), StatusCode::NOT_MODIFIED);
    let script = get(&pair, &main, None).await;
    assert_eq!(script.status(), StatusCode::OK);
    let script = script.text().await.unwrap();
    assert!(script.starts_with("import {"), "{script}");
}
