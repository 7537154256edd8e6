//! Followers of single logs behind the front. Each goes on behind the last line that it has whenever
//! its answer ends, as a browser does.

use std::{
    fs::OpenOptions,
    io::Write,
    net::SocketAddr,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use chrono::SecondsFormat;
use local_services::clock;
use serde_json::Value;
use tokio::{
    sync::oneshot,
    task::JoinSet,
    time::{sleep, timeout_at},
};

use super::GRACE;
use crate::{
    clients::http::{self, Body, Connection},
    report::table::{Report, Target},
    stage::cluster::Cluster,
};

pub(super) const FOLLOWERS: usize = 500;
/// Lines of each log that is followed.
const LINES: u64 = 60;
const LINES_A_SECOND: u32 = 4;
/// How long a follower waits until it asks again.
const RETRY: Duration = Duration::from_millis(200);
const BUFFER_BYTES: usize = 16 * 1024;

/// A follower of one log.
struct Follower {
    pod: String,
    front: SocketAddr,
    token: String,
    /// Where to go on.
    after: Option<String>,
    /// The number of the next line.
    next: u64,
    /// How many lines came in their places, and how many did not.
    lines: u64,
    misplaced: u64,
    gaps: u64,
    /// How often its answer ended or was refused.
    breaks: u64,
}

/// The followers, and what writes the lines.
pub(super) struct Followers {
    following: JoinSet<Follower>,
    written: oneshot::Receiver<anyhow::Result<()>>,
}

impl Followers {
    /// Begins to write to logs of all of as many nodes, and to follow them.
    pub(super) fn start(cluster: &Cluster, nodes: usize) -> anyhow::Result<Self> {
        let pods = (0..FOLLOWERS).map(|number| (number % nodes, 1 + number / nodes));
        let (mut files, mut following) = (Vec::with_capacity(FOLLOWERS), JoinSet::new());
        let end = Instant::now() + Duration::from_secs(LINES / u64::from(LINES_A_SECOND)) + GRACE;
        for (node, number) in pods {
            let pod = format!("of-{node}-{number}");
            let path = cluster.logs(node).join(format!("default_{pod}_0b6c3d1e/app/0.log"));
            let file = OpenOptions::new().append(true).open(path);
            files.push(file.context("cannot append to a log")?);
            following.spawn(Follower::of(pod, cluster).follow_until(end));
        }
        let (tell, written) = oneshot::channel();
        // Outside of the runtime that reads, as containers do.
        thread::spawn(move || tell.send(write_lines(files)));
        Ok(Self { following, written })
    }

    /// Waits until each has all lines, or the time is over.
    pub(super) async fn report(mut self, report: &mut Report) -> anyhow::Result<()> {
        let (mut lines, mut misplaced, mut gaps, mut breaks) = (0, 0, 0, 0);
        while let Some(follower) = self.following.join_next().await {
            let follower = follower?;
            lines += follower.lines;
            misplaced += follower.misplaced;
            gaps += follower.gaps;
            breaks += follower.breaks;
        }
        self.written.await.context("the writer has not ended")??;
        report.limit(
            "cluster: lines of 500 followers / written",
            [lines as f64, (LINES * FOLLOWERS as u64) as f64],
            |lines| format!("{lines:.0}"),
            Target::AtLeast(1.0),
        );
        report.figure("cluster: answers to followers that broke off", breaks.to_string());
        if misplaced > 0 {
            report.note(format!("{misplaced} lines of followers came twice or out of order"));
        }
        if gaps > 0 {
            report.note(format!("{gaps} gaps were told to followers"));
        }
        Ok(())
    }
}

/// Writes lines with their numbers.
fn write_lines(mut files: Vec<std::fs::File>) -> anyhow::Result<()> {
    let start = Instant::now();
    for number in 0..LINES {
        let due = start + Duration::from_secs(number) / LINES_A_SECOND;
        thread::sleep(due.saturating_duration_since(Instant::now()));
        for file in &mut files {
            let stamp = clock::now().to_utc().to_rfc3339_opts(SecondsFormat::Nanos, true);
            let line = format!("{stamp} stdout F number {number}\n");
            file.write_all(line.as_bytes()).context("cannot write to a log")?;
        }
    }
    Ok(())
}

impl Follower {
    /// That has nothing yet.
    fn of(pod: String, cluster: &Cluster) -> Self {
        let (front, token) = (cluster.front, cluster.token.clone());
        let (next, lines, misplaced, gaps, breaks) = (0, 0, 0, 0, 0);
        Self { pod, front, token, after: None, next, lines, misplaced, gaps, breaks }
    }

    async fn follow_until(mut self, end: Instant) -> Self {
        let following = async {
            while self.next < LINES {
                // Its end tells nothing that another answer does not tell.
                let _ = self.follow().await;
                if self.next < LINES {
                    self.breaks += 1;
                    sleep(RETRY).await;
                }
            }
        };
        let _ = timeout_at(end.into(), following).await;
        self
    }

    /// Follows until the answer ends.
    async fn follow(&mut self) -> anyhow::Result<()> {
        let mut path = format!("/logs/{}?follow=true", self.pod);
        if let Some(cursor) = &self.after {
            path = format!("{path}&after={cursor}");
        }
        let headers = [("Accept", "application/x-ndjson")];
        let request = http::request("GET", &path, &self.token, &headers);
        let mut connection = Connection::open(self.front, BUFFER_BYTES).await?;
        let mut body = connection.ask_for_body(&request).await?;
        let mut begun = Vec::new();
        while self.next < LINES && body != Body::Ended {
            connection.read(&mut body, |part| begun.extend_from_slice(part)).await?;
            let Some(last) = memchr::memrchr(b'\n', &begun) else { continue };
            for record in begun[..last].split(|byte| *byte == b'\n') {
                self.take(&serde_json::from_slice(record)?);
            }
            begun.drain(..=last);
        }
        ensure!(self.next >= LINES, "the answer ended");
        Ok(())
    }

    fn take(&mut self, record: &Value) {
        self.gaps += u64::from(record.get("gap").is_some());
        let Some(message) = record["message"].as_str() else { return };
        if let Some(cursor) = record["cursor"].as_str() {
            self.after = Some(cursor.to_owned());
        }
        // Others were there before.
        let Some(number) = message.strip_prefix("number ") else { return };
        let number = number.parse().unwrap_or(u64::MAX);
        let is_next = number == self.next;
        self.lines += u64::from(is_next);
        self.misplaced += u64::from(!is_next);
        self.next = self.next.max(number.saturating_add(1));
    }
}
