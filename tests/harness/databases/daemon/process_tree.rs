//! Signals to a server and its child processes, which PostgreSQL puts into sessions of their own:
//! a signal to a process group would not reach them.

use std::{
    fs,
    path::PathBuf,
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};

use crate::harness::patience;

/// Sends a signal to a server and its children. Those that have ended meanwhile ignore it.
pub(super) fn signal_all(server: Pid, signal: Signal) {
    for process in with_children(server) {
        let _ = kill_process(process, signal);
    }
}

/// Pauses a server, then its children, until all stand still.
pub(super) fn pause(server: Pid) {
    pause_one(server);
    with_children(server).into_iter().for_each(pause_one);
}

/// Kills a server and its children. A server that is paused first starts no other child.
pub(super) fn kill(server: Pid) {
    pause_one(server);
    let processes = with_children(server);
    for process in &processes {
        let _ = kill_process(*process, Signal::KILL);
    }
    for process in processes {
        wait_until("a killed process ends", || states(process).iter().all(|state| is_over(*state)));
    }
}

fn pause_one(process: Pid) {
    let _ = kill_process(process, Signal::STOP);
    // The signal is delivered asynchronously; a thread may still be running.
    wait_until("a process stands still", || {
        states(process).iter().all(|state| *state == 'T' || is_over(*state))
    });
}

/// # Panics
/// When it takes too long.
fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < patience(), "{what}: not within {:?}", patience());
        thread::sleep(Duration::from_millis(1));
    }
}

/// The server comes first.
fn with_children(server: Pid) -> Vec<Pid> {
    let processes = fs::read_dir("/proc").unwrap();
    let ids = processes.filter_map(|entry| entry.unwrap().file_name().to_str()?.parse().ok());
    let children = ids.filter_map(Pid::from_raw).filter(|process| parent(*process) == Some(server));
    [server].into_iter().chain(children).collect()
}

fn parent(process: Pid) -> Option<Pid> {
    let stat = stat(format!("/proc/{process}/stat").into())?;
    Pid::from_raw(stat.split(' ').nth(1)?.parse().ok()?)
}

/// The states of its threads; none once it is gone.
fn states(process: Pid) -> Vec<char> {
    let Ok(threads) = fs::read_dir(format!("/proc/{process}/task")) else { return Vec::new() };
    let threads = threads.filter_map(|thread| stat(thread.ok()?.path().join("stat")));
    threads.filter_map(|stat| stat.chars().next()).collect()
}

/// Whether a thread has ended, and perhaps waits to be reaped.
fn is_over(state: char) -> bool {
    matches!(state, 'Z' | 'X')
}

/// The fields after the name of a process or thread: state, parent and others (proc(5)).
fn stat(file: PathBuf) -> Option<String> {
    let stat = fs::read_to_string(file).ok()?;
    Some(stat.rsplit_once(") ")?.1.to_owned())
}
