//! `many`: 100 pods, each with 500 lines a second, followed as one stream of text: the lines that
//! arrive, and the cost.
//!
//! There is no peer. The limits are: every line, those of each pod in their order; one core. Memory
//! has no limit.

use std::{
    fs::{self, File},
    io::Write,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use fastrand::Rng;
use local_services::services::Services;
use tokio::{sync::oneshot, time::timeout_at};

use crate::{
    clients::http::{Body, Connection},
    report::table::{Report, Target, mebibytes},
    stage::{
        log_files,
        services::{Pair, Stage},
    },
};

const PODS: usize = 100;
const LINES_A_SECOND: u32 = 500;
const SECONDS: u32 = 20;
/// How often each pod writes.
const WRITES_A_SECOND: u32 = 50;
/// The time limit for the last lines to arrive.
const GRACE: Duration = Duration::from_secs(10);
const BUFFER_BYTES: usize = 256 * 1024;

const LINES: u64 = PODS as u64 * LINES_A_SECOND as u64 * SECONDS as u64;

/// The stream, and what came over it.
struct MergedFollower {
    connection: Connection,
    body: Body,
    lines: u64,
    /// The number of the next line of each pod.
    next: Vec<u64>,
    /// Lines that were not the next of their pod.
    misplaced: u64,
    /// The beginning of a line.
    begun: Vec<u8>,
}

pub(crate) async fn measure(stage: &Stage<'_>, services: &mut Services) -> anyhow::Result<Report> {
    let logs: Vec<File> =
        (0..PODS).map(|pod| create(&stage.logs, pod)).collect::<Result<_, _>>()?;
    let pair = stage.start(services).await?;
    let process = pair.gateway_process;
    let memory_at_start = process.resident()?;
    let mut follower = MergedFollower::open(&pair).await?;
    let (busy, start) = (process.processor_time()?, Instant::now());
    let (tell, written) = oneshot::channel();
    // Outside of the runtime that reads, as containers do.
    thread::spawn(move || tell.send(write(logs)));
    let end = start + Duration::from_secs(SECONDS.into()) + GRACE;
    let outcome = timeout_at(end.into(), follower.follow()).await;
    let elapsed = start.elapsed().as_secs_f64();
    let busy = (process.processor_time()? - busy).as_secs_f64() / elapsed;
    let peak = process.peak()?.saturating_sub(memory_at_start);
    written.await.context("the writer has not ended")??;

    let mut report = Report::default();
    report.limit(
        "many: lines delivered / written by 100 pods",
        [follower.lines as f64, LINES as f64],
        |lines| format!("{lines:.0}"),
        Target::AtLeast(1.0),
    );
    report.limit(
        "many: gateway processor time at 50,000 lines/s / one core",
        [busy, 1.0],
        |cores| format!("{:.0} %", cores * 100.0),
        Target::AtMost(1.0),
    );
    report.figure("many: gateway memory, at most", mebibytes(peak as f64));
    report.figure("many: time until all were there", format!("{elapsed:.1} s"));
    if follower.misplaced > 0 {
        report.note(format!("{} lines were lost or out of order", follower.misplaced));
    }
    if let Ok(Err(error)) = outcome {
        report.note(format!("the stream failed: {error:#}"));
    }
    Ok(report)
}

fn create(logs: &Path, pod: usize) -> anyhow::Result<File> {
    let directory = logs.join(format!("default_merged-{pod}_0b6c3d1e")).join("app");
    fs::create_dir_all(&directory).with_context(|| format!("cannot create {directory:?}"))?;
    File::create(directory.join("0.log")).context("cannot create a log")
}

/// Writes the lines of all pods, each of which begins with its number.
fn write(mut logs: Vec<File>) -> anyhow::Result<()> {
    let mut rng = Rng::new();
    let start = Instant::now();
    let lines_a_write = u64::from(LINES_A_SECOND / WRITES_A_SECOND);
    for nth in 0..WRITES_A_SECOND * SECONDS {
        let due = start + Duration::from_secs(1) / WRITES_A_SECOND * nth;
        thread::sleep(due.saturating_duration_since(Instant::now()));
        for log in &mut logs {
            let mut lines = Vec::new();
            for line in 0..lines_a_write {
                let number = u64::from(nth) * lines_a_write + line;
                let written = log_files::line(&mut rng);
                let text = log_files::text(&written);
                lines.extend_from_slice(&written[..written.len() - text.len()]);
                lines.extend_from_slice(format!("{number} ").as_bytes());
                lines.extend_from_slice(text);
            }
            log.write_all(&lines).context("cannot write to a log")?;
        }
    }
    Ok(())
}

impl MergedFollower {
    async fn open(pair: &Pair) -> anyhow::Result<Self> {
        let request = pair.text_request("/logs?pod=merged-*&follow=true");
        let mut connection = Connection::open(pair.gateway, BUFFER_BYTES).await?;
        let body = connection.ask_for_body(&request).await?;
        let (next, begun) = (vec![0; PODS], Vec::new());
        Ok(Self { connection, body, lines: 0, next, misplaced: 0, begun })
    }

    async fn follow(&mut self) -> anyhow::Result<()> {
        while self.lines < LINES {
            ensure!(self.body != Body::Ended, "the stream has ended");
            let Self { connection, body, begun, .. } = self;
            connection.read(body, |content| begun.extend_from_slice(content)).await?;
            self.take_lines();
        }
        Ok(())
    }

    fn take_lines(&mut self) {
        let Some(last) = memchr::memrchr(b'\n', &self.begun) else { return };
        for line in self.begun[..last].split(|byte| *byte == b'\n') {
            self.lines += 1;
            let place = place(line).filter(|(pod, number)| self.next.get(*pod) == Some(number));
            match place {
                Some((pod, _)) => self.next[pod] += 1,
                None => self.misplaced += 1,
            }
        }
        self.begun.drain(..=last);
    }
}

/// The number of the pod, and that of the line in it: `default/merged-7/app 12 …`.
fn place(line: &[u8]) -> Option<(usize, u64)> {
    let mut words = line.split(|byte| *byte == b' ');
    let log = std::str::from_utf8(words.next()?).ok()?;
    let number = std::str::from_utf8(words.next()?).ok()?;
    let pod = log.strip_prefix("default/merged-")?.strip_suffix("/app")?;
    Some((pod.parse().ok()?, number.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_tells_its_pod_and_its_number() {
        assert_eq!(place(b"default/merged-7/app 12 text"), Some((7, 12)));
        for other in [&b"default/merged-x/app 1 text"[..], b"default/merged-7/app", b""] {
            assert_eq!(place(other), None);
        }
    }
}
