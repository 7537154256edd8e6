//! Each line comes once, or a gap says that lines are missing, however often connections are cut.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use tokio::time::{sleep, timeout};

use super::{
    fake_server::FakeServer,
    reading::{ClusterReading, PATIENCE, query},
};
use crate::{LogEnd, LogQuery};

/// What happens to the log and its reader.
#[derive(Debug, Clone)]
enum Event {
    /// The container writes lines, this many milliseconds after each other. Times may run back, by
    /// less than two seconds.
    Write { lines: usize, step: i64 },
    /// Connections from now on are cut after so many bytes.
    Cut(Vec<usize>),
    /// The reader leaves and comes back.
    ComeBack,
    /// The reader takes all that there is.
    CatchUp,
    /// The file is rotated.
    Rotate { kept: usize },
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => (1..30_usize, prop_oneof![Just(0), Just(1), Just(700), Just(-60)])
            .prop_map(|(lines, step)| Event::Write { lines, step }),
        2 => prop::collection::vec(1..400_usize, 1..4).prop_map(Event::Cut),
        2 => Just(Event::ComeBack),
        2 => Just(Event::CatchUp),
        1 => (0..5_usize).prop_map(|kept| Event::Rotate { kept }),
    ]
}

/// Runs a history, and checks what the reader got.
async fn run(events: Vec<Event>) {
    let server = FakeServer::start().await;
    let (mut time, mut written) = (DateTime::<Utc>::from_timestamp(1_793_527_200, 0).unwrap(), 0);
    let follow = LogQuery { follow: true, ..query() };
    let mut reading = ClusterReading::open(&server, &follow).await.unwrap();
    let (mut received, mut is_rotated): (Vec<Option<u32>>, bool) = (Vec::new(), false);
    let take = |reading: &mut ClusterReading, received: &mut Vec<Option<u32>>| {
        let lines = reading.lines();
        received.extend(lines.iter().map(|line| line.map(|line| line.parse::<u32>().unwrap())));
        reading.after()
    };
    for event in events {
        match event {
            Event::Write { lines, step } => {
                for _ in 0..lines {
                    server.write(time, &written.to_string());
                    written += 1;
                    time += TimeDelta::milliseconds(step);
                }
                time += TimeDelta::milliseconds(i64::try_from(lines).unwrap() * step.abs());
            }
            Event::Cut(cuts) => {
                // The last one must let a log through.
                server.cut_after([cuts, vec![usize::MAX]].concat());
            }
            Event::ComeBack => {
                let anchor = take(&mut reading, &mut received);
                if anchor.is_none() {
                    received.clear();
                }
                let query = LogQuery { anchor, ..follow.clone() };
                reading = ClusterReading::open(&server, &query).await.unwrap();
            }
            Event::CatchUp if !is_rotated => {
                let known = received.iter().flatten().count();
                reading.read_lines(written as usize - known).await;
            }
            Event::CatchUp => {}
            Event::Rotate { kept } => {
                is_rotated = true;
                server.rotate(kept);
            }
        }
    }
    server.end();
    reading.read_all().await;
    assert_eq!(reading.end, Some(LogEnd::ContainerExit), "{:?}", reading.records.last());
    take(&mut reading, &mut received);
    let (mut next, mut may_miss) = (0, false);
    for line in received {
        match line {
            None => may_miss = true,
            Some(number) => {
                // What the kubelet loses at a rotation cannot be seen.
                let is_next = number == next || (number > next && (may_miss || is_rotated));
                assert!(is_next, "{number} in the place of {next}");
                (next, may_miss) = (number + 1, false);
            }
        }
    }
    assert!(next == written || may_miss || is_rotated, "{next} of {written} came");
}

#[test]
fn each_line_comes_once_whatever_is_cut() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut runner = TestRunner::new(Config { cases: 30, ..Config::default() });
    let histories = prop::collection::vec(event(), 1..14);
    let outcome = runner.run(&histories, |events| {
        runtime.block_on(run(events));
        Ok(())
    });
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
}

#[tokio::test]
async fn a_restarted_container_ends_a_follow_with_all_of_its_lines() {
    let server = FakeServer::start().await;
    let begin = DateTime::<Utc>::from_timestamp(1_793_527_200, 0).unwrap();
    (0..5).for_each(|number| server.write(begin, &number.to_string()));
    server.cut_after(vec![50, usize::MAX]);
    let follow = LogQuery { follow: true, ..query() };
    let mut reading = ClusterReading::open(&server, &follow).await.unwrap();
    server.restart();
    reading.read_all().await;
    let all = ["0", "1", "2", "3", "4"].map(Some);
    assert_eq!((reading.lines(), reading.end), (all.to_vec(), Some(LogEnd::ContainerExit)));
}

#[tokio::test]
async fn a_removed_pod_ends_a_follow() {
    let server = FakeServer::start().await;
    let follow = LogQuery { follow: true, ..query() };
    let mut reading = ClusterReading::open(&server, &follow).await.unwrap();
    server.remove();
    reading.read_all().await;
    assert_eq!(reading.end, Some(LogEnd::ContainerExit));
    let last = reading.records.last().unwrap();
    assert_eq!(last["pod"]["event"], "gone", "{last}");
}

/// Waits until two more requests were made.
async fn until_asked_twice(server: &FakeServer) {
    let before = server.requests().len();
    let asked = async {
        while server.requests().len() < before + 2 {
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(PATIENCE, asked).await.expect("it does not ask again");
}

#[tokio::test]
async fn a_follow_outlasts_an_api_server_that_denies_everything_after_its_start() {
    for status in [401, 403] {
        let server = FakeServer::start().await;
        let begin = DateTime::<Utc>::from_timestamp(1_793_527_200, 0).unwrap();
        server.write(begin, "0");
        // Behind the first line, and within the second.
        server.cut_after(vec![40, usize::MAX]);
        let follow = LogQuery { follow: true, ..query() };
        let mut reading = ClusterReading::open(&server, &follow).await.unwrap();
        reading.read_lines(1).await;
        server.fail_with(Some(status));
        server.write(begin, "1");
        until_asked_twice(&server).await;
        server.fail_with(None);
        reading.read_lines(2).await;
        assert_eq!((reading.lines(), reading.end), (vec![Some("0"), Some("1")], None), "{status}");
    }
}
