//! The gateway's answers compared with recordings of the kubelet and of the API server.

use std::{
    fs::{self, File},
    io::Read,
    path::{Path, PathBuf},
};

use flate2::read::GzDecoder;
use reqwest::{Method, Response};
use serde_json::Value;
use tokio::time::timeout;

use crate::harness::{Caller, ContainerDir, Pair, cri, patience};

const NS: &str = "/api/v1/namespaces";

/// The test data of a crate.
fn testdata(of: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("crates").join(of).join("testdata")
}

/// A recorded case of the kubelet.
struct Case(PathBuf);

impl Case {
    fn all(kind: &str) -> Vec<Self> {
        let cases = fs::read_dir(testdata("pod-logs").join("kubelet").join(kind)).unwrap();
        cases.map(|entry| Self(entry.unwrap().path())).collect()
    }

    fn json(&self, name: &str) -> Value {
        serde_json::from_slice(&self.read(name).unwrap()).unwrap()
    }

    fn read(&self, name: &str) -> Option<Vec<u8>> {
        if let Ok(content) = fs::read(self.0.join(name)) {
            return Some(content);
        }
        let mut content = Vec::new();
        let compressed = File::open(self.0.join(format!("{name}.gz"))).ok()?;
        GzDecoder::new(compressed).read_to_end(&mut content).unwrap();
        Some(content)
    }

    /// The API server's answer: the kubelet's bytes, followed by its error message.
    fn expected(&self) -> Vec<u8> {
        self.read("apiserver.out").unwrap_or_else(|| {
            let complaint = self.read("expected.err").unwrap_or_default();
            let complaint = complaint.strip_suffix(b"\n").unwrap_or(&complaint);
            [&self.read("expected.out").unwrap(), complaint].concat()
        })
    }

    /// The query; `None` if its time counts back from the time of the recording.
    fn query(&self) -> Option<String> {
        let options = self.json("options.json");
        let options = options.as_object().unwrap();
        if options.contains_key("now") {
            return None;
        }
        let pair = |(name, value): (&String, &Value)| match value {
            Value::String(text) => format!("{name}={}", text.replace('+', "%2B")),
            value => format!("{name}={value}"),
        };
        Some(options.iter().map(pair).collect::<Vec<_>>().join("&"))
    }
}

#[tokio::test]
async fn every_recorded_case_has_the_same_bytes() {
    let pair = Pair::start();
    let alice = pair.user("alice", &["logs:read:oracle/*"]).await;
    let (mut asked, mut differences) = (0, Vec::new());
    for (number, case) in Case::all("cases").iter().enumerate() {
        let Some(query) = case.query() else { continue };
        let pod = format!("case-{number}");
        pair.logs.write("oracle", &pod, case.read("input.log").unwrap());
        let mut path = format!("{NS}/oracle/pods/{pod}/log?{query}");
        if query.contains("follow") {
            // The recorded container had ended; among files, that is the run before.
            pair.logs.pod("oracle", &pod).container("app").write("1.log", "");
            path += "&previous=true";
        }
        let response = alice.gateway(Method::GET, &path).send().await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
        assert_eq!(response.headers()["content-type"], "text/plain");
        if response.bytes().await.unwrap() != case.expected() {
            differences.push(format!("{} {query}", case.0.display()));
        }
        asked += 1;
    }
    assert!(asked > 130, "{asked}");
    assert!(
        differences.is_empty(),
        "{} of {asked}:\n{}",
        differences.len(),
        differences.join("\n")
    );
}

/// A log that grows while it is followed.
struct Live {
    container: ContainerDir,
    rotations: u32,
    response: Response,
    out: Vec<u8>,
}

impl Live {
    async fn begin(pair: &Pair, caller: &Caller, pod: &str, case: &Case) -> Self {
        let container = pair.logs.pod("oracle", pod).container("app");
        container.write("0.log", case.read("input.log").unwrap());
        let path = format!("{NS}/oracle/pods/{pod}/log?{}", case.query().unwrap());
        let request = caller.gateway(Method::GET, &path).send();
        let response = timeout(patience(), request).await.unwrap().unwrap();
        assert_eq!(response.status(), 200, "{path}");
        Self { container, rotations: 0, response, out: Vec::new() }
    }

    /// Reads until this number of bytes has arrived.
    async fn read_until(&mut self, bytes: u64) {
        while (self.out.len() as u64) < bytes {
            let chunk = timeout(patience(), self.response.chunk()).await.unwrap().unwrap();
            self.out.extend(chunk.unwrap());
        }
        assert_eq!(self.out.len() as u64, bytes, "{}", String::from_utf8_lossy(&self.out));
    }

    async fn read_to_end(mut self) -> Vec<u8> {
        while let Some(chunk) = timeout(patience(), self.response.chunk()).await.unwrap().unwrap() {
            self.out.extend(chunk);
        }
        self.out
    }

    fn take(&mut self, step: &Value) {
        if let Some(text) = step["write"].as_str() {
            self.container.append("0.log", text);
        }
        if step["rotate"] == true {
            self.rotations += 1;
            let rotated = format!("0.log.20261101-10000{}", self.rotations);
            let path = |name: &str| self.container.path().join(name);
            fs::rename(path("0.log"), path(&rotated)).unwrap();
            self.container.write("0.log", "");
        }
        if step["stop"] == true {
            self.container.write("1.log", "");
        }
    }
}

#[tokio::test]
async fn every_recorded_follow_has_the_same_bytes() {
    let pair = Pair::start();
    let alice = pair.user("alice", &["logs:read:oracle/*"]).await;
    for (number, case) in Case::all("live").iter().enumerate() {
        let mut live = Live::begin(&pair, &alice, &format!("live-{number}"), case).await;
        let progress = case.json("progress.json");
        let steps = case.json("steps.json");
        let mut left = false;
        for (step, reached) in steps.as_array().unwrap().iter().zip(progress.as_array().unwrap()) {
            live.read_until(reached["bytes"].as_u64().unwrap()).await;
            left |= step["cancel"] == true;
            live.take(step);
        }
        if left {
            // A disconnected client gets no more lines.
            assert_eq!(live.out, case.read("expected.out").unwrap(), "{}", case.0.display());
        } else {
            assert_eq!(live.read_to_end().await, case.expected(), "{}", case.0.display());
        }
    }
}

#[tokio::test]
async fn every_recorded_refusal_has_the_same_bytes() {
    let pair = Pair::start();
    pair.logs.write("team-a", "web", cri(&["one"]));
    pair.logs.pod("team-a", "waiting").container("app");
    pair.logs.write("team-b", "secret", cri(&["hidden"]));
    let users = [
        ("admin", pair.admin().await),
        ("viewer", pair.user("viewer", &["logs:read:team-a/*"]).await),
        ("nobody", pair.user("nobody", &[]).await),
    ];
    let recorded = fs::read(testdata("logs-gateway").join("apiserver/refusals.json")).unwrap();
    let recorded: Vec<Value> = serde_json::from_slice(&recorded).unwrap();
    assert!(recorded.len() > 40, "{}", recorded.len());
    for refusal in recorded {
        let text = |field: &str| refusal[field].as_str();
        let (_, caller) = users.iter().find(|(name, _)| text("user") == Some(*name)).unwrap();
        let method = text("method").unwrap_or("GET").parse().unwrap();
        let mut request = caller.gateway(method, text("path").unwrap());
        if let Some(accept) = text("accept") {
            request = request.header("accept", accept);
        }
        let answer = request.send().await.unwrap();
        assert_eq!(refusal["status"], answer.status().as_u16(), "{refusal}");
        assert_eq!(answer.headers()["content-type"], "application/json", "{refusal}");
        // The recording has other user names.
        let expected = text("body").unwrap().replace("system:serviceaccount:team-a:", "");
        assert_eq!(answer.text().await.unwrap().trim_end(), expected, "{refusal}");
    }
}
