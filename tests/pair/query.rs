//! The parameters of `/logs`, on real files.

use std::{
    fs::File,
    time::{Duration, SystemTime},
};

use reqwest::Method;
use serde_json::Value;

use crate::harness::{Answer, Ask, Caller, Pair, cri, cri_at};

#[track_caller]
fn check_faults(answer: &Answer, status: u16, code: &str, parameters: &[&str]) {
    answer.check_problem_is(status, code);
    let errors = answer.json()["errors"].clone();
    let named: Vec<&str> = errors
        .as_array()
        .unwrap()
        .iter()
        .map(|error| {
            assert!(error["detail"].is_string(), "{error}");
            error["parameter"].as_str().unwrap()
        })
        .collect();
    assert_eq!(named, parameters, "{errors}");
}

async fn with_web_pod() -> (Pair, Caller) {
    let pair = Pair::start();
    let lines = [
        cri_at(0, "stdout", "zero"),
        cri_at(1, "stderr", "one"),
        cri_at(2, "stdout", "two"),
        cri_at(3, "stderr", "three"),
        cri_at(4, "stdout", "four"),
    ];
    pair.logs.write("default", "web", lines.concat());
    let admin = pair.admin().await;
    (pair, admin)
}

#[tokio::test]
async fn unknown_and_repeated_parameters_are_refused() {
    let (_pair, admin) = with_web_pod().await;
    for (query, parameter) in [
        ("lines=5", "lines"),
        ("Tail=5", "Tail"),
        ("tail=1&tail=1", "tail"),
        ("tail=1&%74ail=2", "tail"),
        ("container=app&container=app", "container"),
        ("namespace=default&namespace=default", "namespace"),
        ("=5", ""),
    ] {
        check_faults(&admin.logs(&format!("web?{query}")).await, 400, "bad_request", &[parameter]);
    }
    check_faults(
        &admin.logs("default/web?namespace=default").await,
        400,
        "bad_request",
        &["namespace"],
    );
    let answer = admin.gateway(Method::GET, "/pods?container=app");
    check_faults(&Ask::ask(answer).await, 400, "bad_request", &["container"]);
}

#[tokio::test]
async fn an_unparsable_parameter_is_a_bad_request() {
    let (_pair, admin) = with_web_pod().await;
    for (parameter, value) in [
        ("tail", "many"),
        ("tailLines", "1.5"),
        ("tailLines", ""),
        ("limitBytes", "1k"),
        ("limitLines", "99999999999999999999"),
        ("sinceSeconds", "1h"),
        ("since", "yesterday"),
        ("sinceTime", "2026-11-01"),
        ("untilTime", "10:00"),
        ("timestamps", "yes"),
        ("previous", "2"),
        ("follow", "maybe"),
        ("container", "App"),
        ("uid", "a_b"),
        ("tail", "%ff"),
    ] {
        let answer = admin.logs(&format!("web?{parameter}={value}")).await;
        check_faults(&answer, 400, "bad_request", &[parameter]);
    }
    let answer = admin.logs("web?tail=x&limitBytes=y&unknown=z").await;
    check_faults(&answer, 400, "bad_request", &["tail", "limitBytes", "unknown"]);
}

#[tokio::test]
async fn well_formed_values_that_are_refused_are_named() {
    let (_pair, admin) = with_web_pod().await;
    for (parameter, value) in [
        ("tail", "-1"),
        ("limitBytes", "0"),
        ("limitLines", "-5"),
        ("sinceSeconds", "0"),
        ("stream", "stdout"),
        ("history", "some"),
        ("level", "verbose"),
    ] {
        let answer = admin.logs(&format!("web?{parameter}={value}")).await;
        check_faults(&answer, 422, "invalid_value", &[parameter]);
    }
    let answer = admin.logs("web?since=1h&sinceSeconds=5&sinceTime=2026-11-01T10:00:00Z").await;
    check_faults(&answer, 422, "invalid_value", &["sinceTime", "sinceSeconds", "since"]);
}

#[tokio::test]
async fn lines_are_chosen_by_tail_limit_and_stream() {
    let (_pair, admin) = with_web_pod().await;
    for (query, expected) in [
        ("", "zero\none\ntwo\nthree\nfour\n"),
        ("tail=2", "three\nfour\n"),
        ("tailLines=1", "four\n"),
        ("tail=0", ""),
        ("tail=99", "zero\none\ntwo\nthree\nfour\n"),
        ("limitLines=2", "zero\none\n"),
        ("limitBytes=6", "zero\no"),
        ("limitBytes=9999", "zero\none\ntwo\nthree\nfour\n"),
        ("tail=3&limitLines=1", "two\n"),
        ("stream=All", "zero\none\ntwo\nthree\nfour\n"),
        ("stream=Stdout", "zero\ntwo\nfour\n"),
        ("stream=Stderr&tail=1", "three\n"),
        ("stream=Stdout&tail=2&limitLines=1", "two\n"),
    ] {
        assert_eq!(admin.text(&format!("web?{query}")).await.text(), expected, "{query}");
        assert_eq!(admin.logs(&format!("web?{query}")).await.log(), expected, "{query}");
    }
}

#[tokio::test]
async fn lines_are_chosen_by_time() {
    let (_pair, admin) = with_web_pod().await;
    for (query, expected) in [
        ("sinceTime=2026-11-01T10:00:03Z", "three\nfour\n"),
        ("sinceTime=2026-11-01T10:00:03.000000001Z", "four\n"),
        ("sinceTime=2026-11-01T11:00:03%2B01:00", "three\nfour\n"),
        ("untilTime=2026-11-01T10:00:02Z", "zero\none\n"),
        ("sinceTime=2026-11-01T10:00:01Z&untilTime=2026-11-01T10:00:04Z&tail=2", "two\nthree\n"),
        ("sinceTime=2026-11-01T10:00:04Z&untilTime=2026-11-01T10:00:01Z", ""),
        ("sinceTime=2099-01-01T00:00:00Z", ""),
        ("sinceSeconds=9223372036854775807", "zero\none\ntwo\nthree\nfour\n"),
        ("since=10000000h", "zero\none\ntwo\nthree\nfour\n"),
    ] {
        assert_eq!(admin.text(&format!("web?{query}")).await.text(), expected, "{query}");
    }
}

#[tokio::test]
async fn since_counts_back_from_now() {
    let pair = Pair::start();
    let old = "2001-01-01T00:00:00Z stdout F old\n";
    let young = "2999-01-01T00:00:00Z stdout F young\n";
    pair.logs.write("default", "web", format!("{old}{young}"));
    let admin = pair.admin().await;
    for query in ["since=1h", "sinceSeconds=3600", "since=90s", "sinceSeconds=1"] {
        assert_eq!(admin.text(&format!("web?{query}")).await.text(), "young\n", "{query}");
    }
}

#[tokio::test]
async fn timestamps_stand_before_lines_as_they_were_written() {
    let (_pair, admin) = with_web_pod().await;
    let answer = admin.text("web?timestamps=true&tail=1").await;
    assert_eq!(answer.text(), "2026-11-01T10:00:04.000000000Z four\n");
    assert_eq!(admin.text("web?timestamps=false&tail=1").await.text(), "four\n");
}

#[tokio::test]
async fn one_of_several_containers_or_all_must_be_chosen() {
    let pair = Pair::start();
    let pod = pair.logs.pod("default", "web");
    pod.container("app").write("0.log", cri_at(0, "stdout", "a") + &cri_at(2, "stdout", "c"));
    pod.container("proxy").write("0.log", cri_at(1, "stdout", "b") + &cri_at(3, "stdout", "d"));
    let admin = pair.admin().await;
    let answer = admin.logs("web").await;
    answer.check_problem_is(400, "container_required");
    let detail = answer.json()["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("app, proxy"), "{detail}");

    assert_eq!(admin.logs("web?container=app").await.json()["container"], "app");
    assert_eq!(admin.text("web?container=proxy").await.text(), "b\nd\n");
    let all = admin.logs("web?container=*").await;
    assert_eq!(all.log(), "a\nb\nc\nd\n");
    assert_eq!(all.json()["container"], "*");
    assert_eq!(admin.text("web?container=*&tail=2").await.text(), "c\nd\n");
    let answer = admin.logs("web?container=none").await;
    answer.check_problem_is(404, "container_not_found");
    assert!(answer.json()["detail"].as_str().unwrap().contains("app, proxy"));
}

#[tokio::test]
async fn previous_selects_the_run_before() {
    let pair = Pair::start();
    let container = pair.logs.pod("default", "web").container("app");
    container.write("2.log", cri(&["second"])).write("3.log", cri(&["third"]));
    pair.logs.write("default", "young", cri(&["first"]));
    let admin = pair.admin().await;
    assert_eq!(admin.text("web").await.text(), "third\n");
    assert_eq!(admin.text("web?previous=true").await.text(), "second\n");
    assert_eq!(admin.text("web?previous=false").await.text(), "third\n");
    admin.logs("young?previous=true").await.check_problem_is(404, "previous_not_found");
}

#[tokio::test]
async fn the_incarnation_written_last_counts_unless_a_uid_is_given() {
    let pair = Pair::start();
    for (uid, age) in [("aaaa", 1), ("bbbb", 3), ("cccc", 2)] {
        let container = pair.logs.incarnation("default", "web", uid).container("app");
        container.write("0.log", cri(&[uid]));
        let file = File::options().write(true).open(container.path().join("0.log")).unwrap();
        file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000 - age))
            .unwrap();
    }
    let admin = pair.admin().await;
    assert_eq!(admin.text("web").await.text(), "aaaa\n");
    assert_eq!(admin.text("web?uid=bbbb").await.text(), "bbbb\n");
    admin.logs("web?uid=dddd").await.check_problem_is(404, "pod_not_found");
    assert_eq!(admin.pod_names().await, ["default/web"]);
}

#[tokio::test]
async fn the_tail_of_a_long_log_is_found_from_its_end() {
    let pair = Pair::start();
    let container = pair.logs.pod("default", "web").container("app");
    let filler = cri_at(0, "stdout", &"x".repeat(500)).repeat(20_000);
    container.write("0.log", filler + &cri(&["one", "two", "three"]));
    let admin = pair.admin().await;
    let process = pair.gateway.process();
    admin.text("web?tail=1").await;
    let before = process.bytes_read();
    assert_eq!(admin.text("web?tail=3").await.text(), "one\ntwo\nthree\n");
    let read = process.bytes_read() - before;
    assert!(read < 2_000_000, "{read} bytes read of ten million");
}

#[tokio::test]
async fn a_log_is_paged_through_backwards() {
    let (_pair, admin) = with_web_pod().await;
    let page = async |query: String| -> Vec<Value> {
        let request = admin.gateway(Method::GET, &format!("/logs/web?tailLines=2&{query}"));
        let answer = request.header("accept", "application/x-ndjson").ask().await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let objects = answer.log_objects().into_iter();
        objects.filter(|object| object.get("end").is_none()).collect()
    };
    let (mut query, mut pages) = (String::new(), Vec::new());
    loop {
        let objects = page(query).await;
        let Some(first) = objects.first() else {
            break;
        };
        query = format!("before={}", first["cursor"].as_str().unwrap());
        pages.push(objects.iter().map(|line| line["message"].clone()).collect::<Vec<_>>());
    }
    assert_eq!(pages, [vec!["three", "four"], vec!["one", "two"], vec!["zero"]]);
}
