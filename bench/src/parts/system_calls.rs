//! `system-calls`: the system calls that the gateway makes for a small read under load, counted by
//! `strace`, which makes everything slow: the number does not depend on the machine.
//!
//! Calls for many requests at once, such as those of a batch to the authority or of the audit
//! thread, count as a part of a call each; waiting for events and other threads is left out, since
//! `strace` itself makes threads wait.

use std::{collections::BTreeMap, fs, process::Stdio, time::Duration};

use anyhow::{Context, ensure};
use local_services::services::Services;
use tokio::process::Command;

use crate::{
    clients::load::{CONNECTIONS, Job, Load, Outcome},
    report::table::{Report, Target},
    stage::log_files,
    stage::process::Process,
    stage::services::Stage,
};

const LOG_BYTES: u64 = 4096;
const TOKENS: usize = 1000;
const SECONDS: u64 = 4;
/// How long `strace` takes to attach to all threads at most.
const ATTACHED: Duration = Duration::from_secs(10);
/// The system calls that a small read may make: recv, read, stat, pread, send.
const MOST: f64 = 5.0;
/// Calls by which a thread waits.
const WAITING: [&str; 5] =
    ["futex", "epoll_wait", "clock_nanosleep", "restart_syscall", "sched_yield"];
/// Calls that each request makes by itself.
const OWN: [&str; 6] = ["recvfrom", "read", "newfstatat", "statx", "pread64", "sendto"];

pub(crate) async fn measure(stage: &Stage<'_>, services: &mut Services) -> anyhow::Result<Report> {
    log_files::create(&stage.logs, "small", LOG_BYTES).await?;
    let pair = stage.start(services).await?;
    let tokens = stage.mint(TOKENS).await?;
    let load = Load { directory: &stage.path("wrk"), connections: CONNECTIONS };
    let mut report = Report::default();
    let paths = [
        ("logs", "/logs/small?tail=50"),
        ("kubernetes", "/api/v1/namespaces/default/pods/small/log?tailLines=50"),
    ];
    for (name, path) in paths {
        let job = Job {
            name,
            address: pair.gateway,
            method: "GET",
            path,
            tokens: &tokens,
            asker: None,
            status: 200,
        };
        load.put(&job, 1).await?;
        let counts = counted(&load, &job, pair.gateway_process, stage).await?;
        let row = |what: &str| format!("system-calls {name}: {what}");
        let unit = |calls: f64| format!("{calls:.2}");
        let sum = |chosen: &dyn Fn(&str) -> bool| -> f64 {
            counts.iter().filter(|(call, _)| chosen(call)).map(|(_, calls)| calls).sum()
        };
        let own = sum(&|call| OWN.contains(&call));
        report.limit(&row("of a request"), [own, MOST], unit, Target::AtMost(1.1));
        report.figure(&row("all but waiting"), unit(sum(&|call| !WAITING.contains(&call))));
    }
    Ok(report)
}

/// Each system call, and how often it was made for a request.
async fn counted(
    load: &Load<'_>,
    job: &Job<'_>,
    process: Process,
    stage: &Stage<'_>,
) -> anyhow::Result<BTreeMap<String, f64>> {
    let file = stage.path("strace");
    let before = process.tracer()?;
    ensure!(before == 0, "the gateway is traced already");
    let strace = Command::new("strace")
        .args(["-c", "-f", "-qq", "-o"])
        .arg(&file)
        .args(["-p", &process.0.to_string()])
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .context("cannot run strace (Debian package: strace)")?;
    let attached = async {
        while process.tracer()? == 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        anyhow::Ok(())
    };
    tokio::time::timeout(ATTACHED, attached).await.context("strace does not attach")??;
    let Outcome { rate, .. } = load.put(job, SECONDS).await?;
    end(strace).await?;
    let table = fs::read_to_string(&file).with_context(|| format!("cannot read {file:?}"))?;
    counts_in(&table, rate * SECONDS as f64)
}

/// Has it write its table.
async fn end(mut strace: tokio::process::Child) -> anyhow::Result<()> {
    let id = strace.id().and_then(|id| rustix::process::Pid::from_raw(id.cast_signed()));
    let id = id.context("strace has ended")?;
    rustix::process::kill_process(id, rustix::process::Signal::INT)?;
    strace.wait().await?;
    Ok(())
}

/// Reads a table of strace's: `% time, seconds, usecs/call, calls, [errors,] syscall`.
fn counts_in(table: &str, requests: f64) -> anyhow::Result<BTreeMap<String, f64>> {
    let mut counts = BTreeMap::new();
    for line in table.lines() {
        let fields: Vec<&str> = line.split_whitespace().collect();
        if let [_, _, _, calls, .., name] = fields[..]
            && let Ok(calls) = calls.parse::<f64>()
            && name != "total"
        {
            counts.insert(name.to_owned(), calls / requests);
        }
    }
    ensure!(!counts.is_empty() && requests > 0.0, "strace has counted nothing");
    Ok(counts)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ------------------
  9.79    2.001073        2693       100        90 read
  2.46    0.502886          34        50           sendto
------ ----------- ----------- --------- --------- ------------------
100.00   20.444112         276       150        90 total
";

    #[test]
    fn the_table_of_strace_is_read() {
        let counts = counts_in(TABLE, 50.0).unwrap();
        let expected = [("read", 2.0), ("sendto", 1.0)].map(|(call, of)| (call.to_owned(), of));
        assert_eq!(counts, BTreeMap::from(expected));
        assert!(counts_in("", 50.0).is_err());
    }
}
