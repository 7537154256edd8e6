//! The system calls of the services for a request, counted by `strace`. They depend neither on the
//! machine nor on how the services are built, so they are compared with figures.
//!
//! The requests come one after the other, so each costs more than under load, where the services
//! share calls: a read takes a validation of its own. Left out are calls by which threads wait for
//! each other, since `strace` itself makes them wait, and those that are not made for each request:
//! memory, connections, looks from time to time.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    process::{Child, Command, Stdio},
};

use libtest_mimic::{Completion, Failed, Trial};
use reqwest::Method;
use rustix::process::{Pid, Signal, kill_process};

use crate::{
    harness::{Ask, Caller, Pair, Service, Setup, cri, patience, scratch, until},
    installed,
};

const REQUESTS: u32 = 200;
/// A call that is made less often for a request is not made for each one.
const FOR_EACH: f64 = 0.25;
/// Calls by which a thread waits.
const WAITING: [&str; 5] =
    ["futex", "epoll_wait", "clock_nanosleep", "restart_syscall", "sched_yield"];

/// A request, the service whose calls are counted, and how many there are.
struct Counted {
    path: &'static str,
    is_post: bool,
    service: fn(&Pair) -> &Service,
    calls: f64,
}

const COUNTED: [Counted; 3] = [
    // recv and send for the client, send and recv for the validation; read (events), stat and pread
    // for the log; write for the audit record.
    Counted {
        path: "/logs/shop/web?tail=50",
        is_post: false,
        service: |pair| &pair.gateway,
        calls: 8.0,
    },
    Counted {
        path: "/api/v1/namespaces/shop/pods/web/log?tailLines=50",
        is_post: false,
        service: |pair| &pair.gateway,
        calls: 8.0,
    },
    // recv, send.
    Counted { path: "/auth/validate", is_post: true, service: |pair| &pair.sso, calls: 2.0 },
];

pub(crate) fn trials() -> Vec<Trial> {
    let name = "system_calls::a_request_makes_as_many_as_it_should";
    vec![Trial::ignorable_test(name, || match installed::program("strace") {
        // Where a container forbids to trace, nothing can be counted.
        Ok(_) if !may_trace() => Ok(Completion::ignored_with("this machine lets nobody trace")),
        Ok(_) => {
            tokio::runtime::Runtime::new().unwrap().block_on(compare());
            Ok(Completion::Completed)
        }
        Err(missing) if std::env::var_os("CI").is_some_and(|ci| ci == "true") => {
            Err(Failed::from(missing))
        }
        Err(missing) => Ok(Completion::ignored_with(missing)),
    })]
}

fn may_trace() -> bool {
    let mut strace = Command::new("strace");
    strace.args(["-qq", "-o", "/dev/null", "true"]).stderr(Stdio::null());
    strace.status().is_ok_and(|status| status.success())
}

async fn compare() {
    let quiet = Setup::new().sso("SSO_LOG_LEVEL", "warn").gateway("GATEWAY_LOG_LEVEL", "warn");
    let pair = quiet.start();
    pair.logs.write("shop", "web", cri(&["line"; 50]));
    let admin = pair.admin().await;
    for counted in &COUNTED {
        let table = count(counted, &pair, &admin).await;
        let calls: f64 = table.values().sum();
        let is_near = (calls / counted.calls - 1.0).abs() <= 0.1;
        assert!(is_near, "{}: {calls:.2} calls, not {}: {table:?}", counted.path, counted.calls);
    }
}

/// How often one request makes each call, on the average of many.
async fn count(counted: &Counted, pair: &Pair, admin: &Caller) -> BTreeMap<String, f64> {
    repeat(counted, admin, 20).await;
    let home = scratch();
    let table = home.path().join("table");
    let strace = attach((counted.service)(pair), &table).await;
    repeat(counted, admin, REQUESTS).await;
    end(strace);
    let table = fs::read_to_string(&table).unwrap();
    let calls = calls_in(&table).filter(|(name, _)| !WAITING.contains(name));
    calls
        .map(|(name, calls)| (name.to_owned(), calls / f64::from(REQUESTS)))
        .filter(|(_, calls)| *calls > FOR_EACH)
        .collect()
}

async fn repeat(counted: &Counted, admin: &Caller, times: u32) {
    for _ in 0..times {
        let answer = match counted.is_post {
            true => admin.validate().await,
            false => admin.gateway(Method::GET, counted.path).ask().await,
        };
        assert_eq!(answer.status, 200, "{answer:?}");
    }
}

/// Counts the calls of all threads of a service from now on.
async fn attach(service: &Service, table: &Path) -> Child {
    let strace = Command::new("strace")
        .args(["-c", "-f", "-qq", "-o"])
        .arg(table)
        .args(["-p", &service.id().to_string()])
        .spawn()
        .unwrap();
    let status = format!("/proc/{}/status", service.id());
    let is_traced = || !fs::read_to_string(&status).unwrap().contains("TracerPid:\t0\n");
    until("strace attaches", patience(), async || is_traced().then_some(())).await;
    strace
}

/// Has it write its table.
fn end(mut strace: Child) {
    kill_process(Pid::from_child(&strace), Signal::INT).unwrap();
    strace.wait().unwrap();
}

/// Each call and its number: `% time, seconds, usecs/call, calls, [errors,] syscall`.
fn calls_in(table: &str) -> impl Iterator<Item = (&str, f64)> {
    table.lines().filter_map(|line| {
        let fields: Vec<_> = line.split_whitespace().collect();
        let [_, _, _, calls, .., name] = fields[..] else { return None };
        Some((name, calls.parse().ok()?)).filter(|(name, _)| *name != "total")
    })
}
