//! Logs that Docker writes: links to files that it rotates in a directory of its own.

use std::{
    fs::{self, File, OpenOptions},
    io::Write,
    path::PathBuf,
};

use flate2::{Compression, write::GzEncoder};
use reqwest::{Method, Response};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::timeout;

use crate::harness::{Ask, Caller, Pair, Setup, ask_kubernetes, docker, patience, scratch};

/// A container whose log Docker keeps.
struct Docker {
    pair: Pair,
    admin: Caller,
    /// Docker's directory of all containers.
    _containers: TempDir,
    log: PathBuf,
}

impl Docker {
    async fn start() -> Self {
        let containers = scratch();
        let roots = containers.path().to_str().unwrap().to_owned();
        let pair = Setup::new().gateway("GATEWAY_LOGS_ROOTS", &roots).start();
        let own = containers.path().join("4c01db0b");
        fs::create_dir(&own).unwrap();
        let log = own.join("4c01db0b-json.log");
        pair.logs.pod("default", "web").container("app").link("0.log", &log);
        let admin = pair.admin().await;
        Self { pair, admin, _containers: containers, log }
    }

    fn write(&self, line: &str) {
        let mut file = OpenOptions::new().append(true).create(true).open(&self.log).unwrap();
        file.write_all(docker(&[line]).as_bytes()).unwrap();
    }

    fn numbered(&self, suffix: &str) -> PathBuf {
        self.log.with_added_extension(suffix)
    }

    /// Rotates as Docker does with `max-file=3` and without `compress`.
    fn rotate(&self) {
        let _ = fs::rename(self.numbered("1"), self.numbered("2"));
        fs::rename(&self.log, self.numbered("1")).unwrap();
        File::create(&self.log).unwrap();
    }

    fn compress(&self, number: &str) {
        let plain = self.numbered(number);
        let file = File::create(plain.with_added_extension("gz")).unwrap();
        let mut encoder = GzEncoder::new(file, Compression::fast());
        encoder.write_all(&fs::read(&plain).unwrap()).unwrap();
        encoder.finish().unwrap();
        fs::remove_file(plain).unwrap();
    }

    async fn follow(&self, path: &str) -> Following {
        let request = self.admin.gateway(Method::GET, path).header("accept", "*/*");
        let response = timeout(patience(), request.send()).await.unwrap().unwrap();
        assert_eq!(response.status(), 200);
        Following { response, read: String::new() }
    }
}

struct Following {
    response: Response,
    read: String,
}

impl Following {
    async fn expect(&mut self, lines: &str) {
        while self.read.len() < lines.len() {
            let chunk = timeout(patience(), self.response.chunk()).await.unwrap().unwrap().unwrap();
            self.read.push_str(str::from_utf8(&chunk).unwrap());
        }
        assert_eq!(self.read, lines);
        self.read.clear();
    }
}

#[tokio::test]
async fn a_follow_goes_on_when_docker_rotates() {
    let docker = Docker::start().await;
    docker.write("one");
    let mut text = docker.follow("/logs/web?follow=true").await;
    let kubelet = "/api/v1/namespaces/default/pods/web/log?follow=true";
    let mut kubelet = docker.follow(kubelet).await;
    text.expect("one\n").await;
    kubelet.expect("one\n").await;
    for round in 0..4 {
        docker.write(&format!("before {round}"));
        docker.rotate();
        docker.write(&format!("after {round}"));
        let expected = format!("before {round}\nafter {round}\n");
        text.expect(&expected).await;
        kubelet.expect(&expected).await;
    }
}

#[tokio::test]
async fn the_history_contains_rotated_files_of_docker() {
    let docker = Docker::start().await;
    for line in ["one", "two", "three"] {
        docker.write(line);
        docker.rotate();
    }
    docker.write("four");
    docker.compress("2");
    fs::write(docker.numbered("config"), "no log").unwrap();
    let get = async |query: &str| docker.admin.logs(&format!("web{query}")).await.log();
    assert_eq!(get("").await, "two\nthree\nfour\n");
    assert_eq!(get("?history=current").await, "four\n");
    assert_eq!(get("?tail=2").await, "three\nfour\n");
    // The moment between the renaming and the new file.
    fs::rename(docker.numbered("1"), docker.numbered("2")).unwrap();
    fs::rename(&docker.log, docker.numbered("1")).unwrap();
    assert_eq!(get("?history=current").await, "four\n");
}

#[tokio::test]
async fn rotated_files_cannot_lead_outside() {
    let docker = Docker::start().await;
    docker.write("current");
    std::os::unix::fs::symlink("/etc/passwd", docker.numbered("1")).unwrap();
    assert_eq!(docker.admin.text("web?tail=1").await.text(), "current\n");
    // Each of them is reported as a gap.
    let request = docker.admin.gateway(Method::GET, "/logs/web");
    let objects = request.header("accept", "application/x-ndjson").ask().await;
    assert!(objects.log_objects()[0]["gap"].is_object(), "{}", objects.text());
    assert!(!objects.text().contains("root"), "{}", objects.text());
    assert_eq!(docker.pair.anonymous().logs("web").await.status, 401);
}

#[tokio::test]
async fn an_earlier_run_removed_by_docker_is_not_previous() {
    let docker = Docker::start().await;
    let container = docker.pair.logs.pod("default", "crashy").container("app");
    container.link("0.log", docker.log.parent().unwrap().join("../gone/gone-json.log"));
    container.link("1.log", &docker.log);
    docker.write("second run");
    let admin = &docker.admin;
    let request = admin.gateway(Method::GET, "/logs/crashy?history=all");
    let objects = request.header("accept", "application/x-ndjson").ask().await;
    let objects = objects.log_objects();
    let [gap, line, end] = &objects[..] else { panic!("{objects:?}") };
    assert_eq!(gap["gap"]["bytes"], Value::Null);
    assert_eq!(
        (&line["message"], &end["end"]["reason"]),
        (&json!("second run"), &json!("complete"))
    );
    admin.logs("crashy?previous=true").await.check_problem_is(404, "previous_not_found");
    let path = "/api/v1/namespaces/default/pods/crashy/log?previous=true";
    let (code, status) = ask_kubernetes(admin.gateway(Method::GET, path)).await;
    let message = r#"previous terminated container "app" in pod "crashy" not found"#;
    assert_eq!((code, status["message"].as_str()), (400, Some(message)));
}
