//! Syncs that fail while the service stops.

use std::{
    io::{Read, Write},
    net::TcpStream,
    thread,
    time::{Duration, Instant},
};

use serde_json::json;

use crate::{
    Case,
    harness::{ADMIN, patience, scratch},
    layer::{Faults, Layer},
    service::{Home, Service},
    stage::Stage,
};

/// The cases, by their names.
pub(crate) const CASES: &[Case] = &[
    (
        "a_sync_that_fails_for_the_last_request_is_an_error",
        a_sync_that_fails_for_the_last_request_is_an_error,
    ),
    (
        "a_sync_that_fails_when_the_database_is_closed_is_an_error",
        a_sync_that_fails_when_the_database_is_closed_is_an_error,
    ),
];

const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

fn a_sync_that_fails_for_the_last_request_is_an_error(stage: &Stage) {
    check_stop(stage, |mut request, body| {
        request.write_all(body.as_bytes()).unwrap();
        let mut answer = String::new();
        request.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    });
}

/// What was committed before is not in the database file yet.
fn a_sync_that_fails_when_the_database_is_closed_is_an_error(stage: &Stage) {
    check_stop(stage, |request, _| drop(request));
}

/// Stops a service that has a request without its body, and lets syncs fail from then on. `finish`
/// ends the request, for which the service waits.
fn check_stop(stage: &Stage, finish: impl FnOnce(TcpStream, &str)) {
    let directory = scratch();
    let home = Home::new(directory.path());
    stage.lay(&home);
    let faults = Faults { fail_on_demand: true, ..Faults::default() };
    let mut service = home.start(Some((&stage.layer, faults))).unwrap();
    log_in(&service);
    let body = json!({ "username": ADMIN.0, "password": ADMIN.1 }).to_string();
    let request = request_without_body(&service, &body);
    service.terminate();
    wait_for_stop(&service);
    Layer::fail_syncs(&home.layer_log());
    finish(request, &body);
    let ending = service.end();
    assert_eq!(ending.status.code(), Some(1), "{}", ending.log);
    assert!(ending.log.contains("a sync of the database failed"), "{}", ending.log);
    drop(home.start(None).unwrap());
}

fn log_in(service: &Service) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let answer = runtime.block_on(service.api().log_in(ADMIN.0, ADMIN.1)).unwrap();
    assert_eq!(answer.status, 200, "{answer:?}");
}

/// Begins a log-in, and waits until the service waits for its body.
fn request_without_body(service: &Service, body: &str) -> TcpStream {
    let mut stream = TcpStream::connect(service.address()).unwrap();
    stream.set_read_timeout(Some(patience())).unwrap();
    let length = body.len();
    let head = format!(
        "POST /auth/login HTTP/1.1\r\nHost: sso\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\nConnection: close\r\nExpect: 100-continue\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut interim = [0; CONTINUE.len()];
    stream.read_exact(&mut interim).unwrap();
    assert_eq!(interim, *CONTINUE);
    stream
}

fn wait_for_stop(service: &Service) {
    let started = Instant::now();
    while !service.log().contains("stopping") {
        assert!(started.elapsed() < patience(), "{}", service.log());
        thread::sleep(Duration::from_millis(2));
    }
}
