//! A gateway without free descriptors reports that it cannot list the pods.

use std::{collections::HashSet, fs};

use reqwest::Method;
use rustix::process::{Pid, Resource, Rlimit, prlimit};
use serde_json::json;

use crate::harness::{Pair, Service, Watch, ask_kubernetes, cri};

/// Limits the descriptors of a process, and restores its limit when dropped.
struct DescriptorLimit {
    process: Pid,
    before: Rlimit,
}

impl DescriptorLimit {
    fn of(service: &Service, free: usize) -> Self {
        let descriptors = fs::read_dir(format!("/proc/{}/fd", service.id())).unwrap();
        let number = |entry: fs::DirEntry| entry.file_name().to_str().unwrap().parse().unwrap();
        let taken: HashSet<u64> = descriptors.map(|entry| number(entry.unwrap())).collect();
        let first_refused = (0..).filter(|number| !taken.contains(number)).nth(free);
        let process = Pid::from_raw(service.id().try_into().unwrap()).unwrap();
        let limit = |current, maximum| Rlimit { current, maximum };
        let set = |limit| prlimit(Some(process), Resource::Nofile, limit).unwrap();
        let before = rustix::process::getrlimit(Resource::Nofile);
        let before = set(limit(first_refused, before.maximum));
        Self { process, before }
    }
}

impl Drop for DescriptorLimit {
    fn drop(&mut self) {
        prlimit(Some(self.process), Resource::Nofile, self.before).unwrap();
    }
}

#[tokio::test]
async fn a_survey_without_descriptors_changes_nothing() {
    let pair = Pair::start();
    let container = pair.logs.pod("shop", "web").container("app");
    container.write("2.log", cri(&["one"]));
    let admin = pair.admin().await;
    let mut watch = Watch::of(&admin, "/api/v1/pods?watch=true").await;
    assert_eq!(watch.words(1).await, ["ADDED web"]);
    let pods = async || ask_kubernetes(admin.gateway(Method::GET, "/api/v1/pods")).await;
    let before = pods().await.1["items"].clone();
    assert_eq!(before[0]["status"]["containerStatuses"][0]["restartCount"], 2);
    let mut statuses = HashSet::new();
    for free in 0..8 {
        let _shortage = DescriptorLimit::of(&pair.gateway, free);
        // The gateway must list its directory each time.
        container.write("2.log.20261101-100000", cri(&["zero"]));
        fs::remove_file(container.path().join("2.log.20261101-100000")).unwrap();
        let ((status, list), own) = (pods().await, admin.pods().await);
        statuses.insert(status);
        match status {
            200 => assert_eq!(list["items"], before),
            _ => assert_eq!(list["reason"], "ServiceUnavailable"),
        }
        if own.status != 200 {
            own.check_problem_is(503, "source_unavailable");
        }
    }
    assert!(statuses.contains(&503), "{statuses:?}");
    pair.logs.write("shop", "cart", cri(&["one"]));
    let event = watch.next().await.unwrap();
    assert_eq!(
        (&event["type"], &event["object"]["metadata"]["name"]),
        (&json!("ADDED"), &json!("cart"))
    );
}
