//! Each line of many pods comes once, or a gap says that lines are missing, whatever becomes of
//! connections, pods and the reader.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use serde_json::Value;

use super::many_reading::{ManyReading, ManyScene, follow, query};

const PODS: [&str; 4] = ["a", "b", "c", "d"];

/// What happens to the pods and their reader.
#[derive(Debug, Clone)]
enum Event {
    /// A container writes lines, this many milliseconds after each other.
    Write { pod: usize, lines: usize, step: i64 },
    /// Connections from now on are cut after so many bytes.
    Cut(Vec<usize>),
    /// The reader leaves and comes back with its last checkpoint.
    ComeBack,
    /// The same, and reads in between without a follow.
    Page,
    /// A container is started again.
    Restart { pod: usize },
    /// A pod is removed, and another one of its name is made.
    Replace { pod: usize },
}

fn event() -> impl Strategy<Value = Event> {
    let pod = || 0..PODS.len();
    prop_oneof![
        5 => (pod(), 1..20_usize, prop_oneof![Just(0), Just(1), Just(700), Just(-60)])
            .prop_map(|(pod, lines, step)| Event::Write { pod, lines, step }),
        2 => prop::collection::vec(1..400_usize, 1..4).prop_map(Event::Cut),
        2 => Just(Event::ComeBack),
        1 => Just(Event::Page),
        1 => pod().prop_map(|pod| Event::Restart { pod }),
        1 => pod().prop_map(|pod| Event::Replace { pod }),
    ]
}

/// What a client has, up to its last checkpoint.
#[derive(Default)]
struct Client {
    records: Vec<Value>,
    after: Option<String>,
}

impl Client {
    fn take(&mut self, reading: &ManyReading) {
        if let Some((count, cursor)) = reading.checkpoint() {
            self.records.extend_from_slice(&reading.records[..count]);
            self.after = Some(cursor);
        }
    }
}

/// The pods, and how many lines each incarnation has written.
struct Writers {
    scene: ManyScene,
    time: DateTime<Utc>,
    /// How often each pod was replaced, and the number of its next line.
    pods: BTreeMap<&'static str, (usize, usize)>,
}

impl Writers {
    fn write(&mut self, pod: usize, lines: usize, step: i64) {
        let pod = PODS[pod];
        let (incarnation, next) = self.pods.get_mut(pod).unwrap();
        for _ in 0..lines {
            let line = format!("{pod} {incarnation} {next}");
            self.scene.server.write_to(pod, self.time, &line);
            *next += 1;
            self.time += TimeDelta::milliseconds(step);
        }
        self.time += TimeDelta::milliseconds(i64::try_from(lines).unwrap() * step.abs());
    }

    fn replace(&mut self, pod: usize) {
        let pod = PODS[pod];
        let (incarnation, next) = self.pods.get_mut(pod).unwrap();
        (*incarnation, *next) = (*incarnation + 1, 0);
        self.scene.server.remove_pod(pod);
        self.scene.server.add_pod(pod, &format!("uid-{pod}-{incarnation}"));
    }
}

async fn run(events: Vec<Event>) {
    let scene = ManyScene::with(&PODS).await;
    let time = DateTime::from_timestamp(1_793_527_200, 0).unwrap();
    let pods = PODS.map(|pod| (pod, (0, 0))).into();
    let mut writers = Writers { scene, time, pods };
    let mut client = Client::default();
    let mut reading = writers.scene.read(&follow(), None).await;
    // Without one, a client that comes back asks for the present runs alone.
    reading.until("a checkpoint", |reading| reading.checkpoint().is_some()).await;
    for event in events {
        match event {
            Event::Write { pod, lines, step } => writers.write(pod, lines, step),
            Event::Cut(cuts) => {
                // The last one must let a log through.
                writers.scene.server.cut_after([cuts, vec![usize::MAX]].concat());
            }
            Event::ComeBack => {
                client.take(&reading);
                reading = writers.scene.read(&follow(), client.after.as_deref()).await;
            }
            Event::Page => {
                client.take(&reading);
                let mut page = writers.scene.read(&query(), client.after.as_deref()).await;
                page.read_all().await;
                client.take(&page);
                reading = writers.scene.read(&follow(), client.after.as_deref()).await;
            }
            Event::Restart { pod } => writers.scene.server.restart_pod(PODS[pod]),
            Event::Replace { pod } => writers.replace(pod),
        }
    }
    // The last line of each pod comes, whatever was lost before it.
    (0..PODS.len()).for_each(|pod| writers.write(pod, 1, 1));
    let last: Vec<_> = (writers.pods.iter())
        .map(|(pod, (incarnation, next))| format!("{pod} {incarnation} {}", next - 1))
        .collect();
    let has_all =
        |reading: &ManyReading| last.iter().all(|line| reading.lines().contains(&line.as_str()));
    reading.until("the last line of each pod", has_all).await;
    client.records.append(&mut reading.records);
    check(&client.records);
}

/// The lines of each incarnation come in their order, and none is missing without a gap.
fn check(records: &[Value]) {
    let mut next: BTreeMap<String, usize> = BTreeMap::new();
    // After which gaps of a pod, or of a log that is not named, lines may be missing.
    let mut may_miss: BTreeMap<String, bool> = BTreeMap::new();
    for record in records {
        if let Some(gap) = record.get("gap") {
            match gap["pod"].as_str() {
                Some(pod) => may_miss.extend([(pod.to_owned(), true)]),
                None => may_miss.extend(PODS.map(|pod| (pod.to_owned(), true))),
            }
        }
        let Some(line) = record["message"].as_str() else { continue };
        let (log, number) = line.rsplit_once(' ').unwrap();
        let (pod, _) = log.split_once(' ').unwrap();
        let number: usize = number.parse().unwrap();
        let expected = next.entry(log.to_owned()).or_default();
        let is_excused = may_miss.insert(pod.to_owned(), false).unwrap_or_default();
        let is_next = number == *expected || number > *expected && is_excused;
        assert!(is_next, "{line} in the place of {expected}: {records:#?}");
        *expected = number + 1;
    }
}

#[test]
fn each_line_of_many_pods_comes_once() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut runner = TestRunner::new(Config { cases: 30, ..Config::default() });
    let histories = prop::collection::vec(event(), 1..14);
    let outcome = runner.run(&histories, |events| {
        runtime.block_on(run(events));
        Ok(())
    });
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
}
