//! Logs that Docker writes: links to files that it rotates in a directory of its own.

use std::{
    fs::{self, File, OpenOptions},
    io::Write,
    path::PathBuf,
};

use flate2::{Compression, write::GzEncoder};
use reqwest::{Method, Response};
use tempfile::TempDir;
use tokio::time::timeout;

use crate::harness::{Caller, Pair, Setup, docker, patience, scratch};

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

    /// As Docker does with `max-file=3` and without `compress`.
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
async fn the_history_holds_what_docker_rotated() {
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
async fn rotated_files_lead_nowhere_else() {
    let docker = Docker::start().await;
    docker.write("current");
    std::os::unix::fs::symlink("/etc/passwd", docker.numbered("1")).unwrap();
    let log = docker.admin.logs("web").await.log();
    assert!(log.ends_with("current\n") && !log.contains("root"), "{log}");
    assert_eq!(docker.pair.anonymous().logs("web").await.status, 401);
}
