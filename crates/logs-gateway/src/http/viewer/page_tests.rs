//! The page and its files as a client gets them.

use std::{collections::BTreeSet, fs, path::Path as FilePath};

use actix_web::{
    App,
    body::to_bytes,
    dev::ServiceResponse,
    http::header::CONTENT_TYPE,
    test::{TestRequest, call_service, init_service},
};
use service_runtime::http::{RouteRow, endpoints};

use super::*;

async fn get(request: TestRequest) -> ServiceResponse {
    let sso = Url::parse("https://sso.example.org/").unwrap();
    let viewer = ViewerPage::new(&sso).unwrap();
    let table = [
        RouteRow::get("/", page),
        RouteRow::get("/assets/{version}/{file}", file),
        RouteRow::get("/assets/{version}/{folder}/{file}", file_in_folder),
    ];
    let app = App::new().app_data(Data::new(viewer)).service(endpoints(table));
    call_service(&init_service(app).await, request.to_request()).await
}

async fn at(path: &str) -> ServiceResponse {
    get(TestRequest::get().uri(path)).await
}

fn header(response: &ServiceResponse, name: &str) -> String {
    response.headers().get(name).unwrap().to_str().unwrap().to_owned()
}

async fn text(response: ServiceResponse) -> String {
    let body = to_bytes(response.into_body()).await.unwrap_or_default();
    String::from_utf8(body.to_vec()).unwrap()
}

#[actix_web::test]
async fn the_page_runs_only_scripts_of_this_service_and_is_in_no_frame() {
    let response = at("/?pod=shop/web-0").await;
    assert_eq!(response.status(), 200);
    let policy = header(&response, "content-security-policy");
    for directive in [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "connect-src 'self' https://sso.example.org",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
    ] {
        assert!(policy.split("; ").any(|given| given == directive), "{directive}: {policy}");
    }
    assert!(!policy.contains("unsafe"), "{policy}");
    assert_eq!(header(&response, "x-content-type-options"), "nosniff");
    assert_eq!(header(&response, "referrer-policy"), "no-referrer");
    let page = text(response).await;
    assert_eq!(page.matches("<script").count(), 1, "{page}");
    assert!(page.contains("<script type=\"module\" src=\"/assets/"), "{page}");
    assert!(!page.contains(" style=") && !page.contains(" onclick="), "{page}");
    assert!(page.contains("data-sso=\"https://sso.example.org\""), "{page}");
}

#[actix_web::test]
async fn every_file_that_the_page_loads_is_there_and_kept_for_ever() {
    let page = text(at("/").await).await;
    let paths = page.split('"').filter(|part| part.starts_with("/assets/"));
    let paths: BTreeSet<_> = paths.collect();
    assert!(paths.len() > 30, "{paths:?}");
    for path in paths {
        let response = at(path).await;
        assert_eq!(response.status(), 200, "{path}");
        assert!(header(&response, "cache-control").contains("immutable"), "{path}");
        assert_eq!(header(&response, CONTENT_TYPE.as_str()), content_type(path), "{path}");
    }
}

#[actix_web::test]
async fn an_unchanged_page_is_not_sent_again() {
    let tag = header(&at("/").await, "etag");
    let weak = format!("\"other\", {tag}");
    for (given, status) in [(tag.as_str(), 304), (weak.as_str(), 304), ("\"other\"", 200)] {
        let request = TestRequest::get().uri("/").insert_header(("if-none-match", given));
        assert_eq!(get(request).await.status(), status, "{given}");
    }
}

#[actix_web::test]
async fn other_files_versions_and_queries_are_refused() {
    let page = text(at("/").await).await;
    let main = page.split('"').find(|part| part.ends_with("/main.js")).unwrap();
    let folder = main.trim_end_matches("main.js");
    for (path, status) in [
        (format!("{main}?x"), 400),
        (format!("{folder}index.html"), 404),
        (format!("{folder}..%2fsrc%2flib.rs"), 404),
        ("/assets/other/main.js".to_owned(), 404),
    ] {
        assert_eq!(at(&path).await.status(), status, "{path}");
    }
}

#[test]
fn all_files_of_the_folder_are_part_of_the_executable() {
    let root = FilePath::new(env!("CARGO_MANIFEST_DIR")).join("web");
    let mut found = BTreeSet::new();
    let mut waiting = vec![root.clone()];
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() {
                waiting.push(entry);
            } else {
                found.insert(entry.strip_prefix(&root).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    found.remove("index.html");
    assert_eq!(found, ASSETS.iter().map(|(name, _)| (*name).to_owned()).collect());
}

#[test]
fn the_page_and_its_files_are_small() {
    let viewer = ViewerPage::new(&Url::parse("https://sso.example.org/").unwrap()).unwrap();
    let files = viewer.files.values().chain([&viewer.index]);
    let size: usize = files.map(StaticFile::size_when_sent).sum();
    assert!(size < 80 * 1024, "{size} bytes");
}
