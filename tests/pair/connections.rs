//! Clients without an account that occupy connections, beside other clients.

use std::{io, net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    task::JoinHandle,
    time::{Instant, timeout},
};

use crate::harness::{
    Answer, Caller, Pair, RawRequest, Service, Setup, cri_at, exchange, patience, plain_client,
    until,
};

/// Connections of which each sends many requests and reads no answer.
const HOARDERS: usize = 40;
const PIPELINED_BYTES: usize = 300_000;
/// The memory that they may cost a service, in bytes. Without a bound it is a gigabyte.
const HOARD_BOUND: u64 = 32 * 1024 * 1024;
/// The number of validations meanwhile.
const VALIDATIONS: usize = 100;

/// A connection that repeats `request` and reads nothing.
fn send_without_reading(address: SocketAddr, request: &str) -> JoinHandle<TcpStream> {
    let requests = request.repeat(PIPELINED_BYTES / request.len());
    tokio::spawn(async move {
        let mut stream = TcpStream::connect(address).await.unwrap();
        // It blocks while the service reads nothing, and ends with the connection.
        let _ = stream.write_all(requests.as_bytes()).await;
        stream
    })
}

async fn validate_often(caller: &Caller) -> Duration {
    let mut longest = Duration::ZERO;
    for _ in 0..VALIDATIONS {
        let started = Instant::now();
        assert_eq!(caller.validate().await.status, 200);
        longest = longest.max(started.elapsed());
    }
    longest
}

#[tokio::test]
async fn unread_answers_cost_little_memory() {
    // A line for each of so many answers would be most of the work.
    let setup = Setup::new().sso("SSO_LOG_LEVEL", "info").gateway("GATEWAY_LOG_LEVEL", "info");
    let pair = setup.start();
    let admin = pair.admin().await;
    validate_often(&admin).await;
    let (sso, gateway) = (pair.sso.listening(), pair.gateway.listening());
    let bearer = format!("host: a\r\nauthorization: Bearer {}\r\n", admin.token());
    let log_in = r#"{"username":"a","password":"x"}"#;
    let log_in = format!("content-length: {}\r\n\r\n{log_in}", log_in.len());
    for (service, address, request) in [
        (&pair.sso, sso, "GET /login HTTP/1.1\r\nhost: a\r\n\r\n"),
        (&pair.sso, pair.sso.ops(), "GET /metrics HTTP/1.1\nhost: a\n\n"),
        (&pair.gateway, gateway, "GET /version HTTP/1.1\r\nhost: a\r\n\r\n"),
        // The requests of these wait for a task of their own each.
        (&pair.gateway, gateway, &format!("GET /whoami HTTP/1.1\r\n{bearer}\r\n")),
        (&pair.gateway, gateway, &format!("GET /pods HTTP/1.1\r\n{bearer}\r\n")),
        (&pair.sso, sso, &format!("GET /auth/sessions HTTP/1.1\r\n{bearer}\r\n")),
        (
            &pair.sso,
            sso,
            &format!(
                "POST /auth/login HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n{log_in}"
            ),
        ),
    ] {
        let before = service.process().peak_memory();
        let hoarding: Vec<_> =
            (0..HOARDERS).map(|_| send_without_reading(address, request)).collect();
        let longest = validate_often(&admin).await;
        let after = service.process().peak_memory();
        assert!(after < before + HOARD_BOUND, "{address}: {before} to {after} bytes");
        assert!(longest < Duration::from_secs(2), "{address}: {longest:?}");
        for hoarder in hoarding {
            hoarder.abort();
        }
    }
}

#[tokio::test]
async fn pipelined_requests_are_all_answered_in_order_to_a_client_that_reads() {
    let pair = Pair::start();
    let requests: String = (0..500)
        .map(|n| format!("GET /nothing HTTP/1.1\r\nhost: a\r\nx-request-id: n{n}\r\n\r\n"))
        .collect();
    let last = "GET /nothing HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    for service in [&pair.sso, &pair.gateway] {
        let answers = exchange(service.listening(), format!("{requests}{last}").as_bytes()).await;
        let answers = String::from_utf8(answers).unwrap();
        let ids = answers.lines().filter_map(|line| line.strip_prefix("x-request-id: "));
        let expected: Vec<_> = (0..500).map(|n| format!("n{n}")).collect();
        assert_eq!(ids.take(500).collect::<Vec<_>>(), expected);
    }
}

/// A request whose body never ends, to a path that does not exist.
const UNFINISHED: &[u8] =
    b"POST /nothing HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n";

#[tokio::test]
async fn a_request_that_is_answered_before_its_body_is_there_ends_its_connection() {
    let pair = Pair::start();
    for address in [pair.sso.listening(), pair.gateway.listening(), pair.sso.ops()] {
        let answer = String::from_utf8(exchange(address, UNFINISHED).await).unwrap();
        assert!(answer.starts_with("HTTP/1.1 404 "), "{answer}");
    }
}

async fn ready(service: &Service) -> bool {
    let url = format!("http://{}/readyz", service.ops());
    let answer = plain_client().get(url).send();
    timeout(Duration::from_secs(2), answer)
        .await
        .is_ok_and(|answer| answer.unwrap().status() == 200)
}

/// Connections of one client network, with a few descriptors for the service.
async fn crowd(address: SocketAddr, first_bytes: &[u8], size: usize) -> Vec<TcpStream> {
    let mut crowd = Vec::new();
    for _ in 0..size {
        let mut stream = TcpStream::connect(address).await.unwrap();
        // A refused connection may be closed already.
        let _ = stream.write_all(first_bytes).await;
        crowd.push(stream);
    }
    crowd
}

/// An exchange with a service from an address of its own.
async fn from_elsewhere(address: SocketAddr, request: RawRequest) -> io::Result<String> {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.9:0".parse().unwrap()).unwrap();
    let mut stream = socket.connect(address).await.unwrap();
    stream.write_all(&request.without_body()).await?;
    let mut answer = String::new();
    timeout(patience(), stream.read_to_string(&mut answer)).await.unwrap()?;
    Ok(answer)
}

#[tokio::test]
async fn a_network_at_its_limit_leaves_the_rest_to_others() {
    let mut pair = Setup::new().open_files("-n 256").start();
    for service in [&pair.sso, &pair.gateway] {
        for first_bytes in [UNFINISHED, b"GET / HTTP/1.1\r\nhost: "] {
            let crowd = crowd(service.listening(), first_bytes, 250).await;
            // Until the refused ones are closed they take the last descriptors.
            until("there is room for others", patience(), async || {
                let request = RawRequest::new("GET", "/nothing");
                let answer = from_elsewhere(service.listening(), request).await.ok()?;
                answer.starts_with("HTTP/1.1 404 ").then_some(())
            })
            .await;
            assert!(ready(service).await);
            drop(crowd);
        }
    }
    for service in [&mut pair.gateway, &mut pair.sso] {
        let log = service.stop_and_read_log();
        assert!(!log.contains("Too many open files"), "{log}");
    }
}

#[tokio::test]
async fn connections_past_the_bound_get_503_with_retry_after() {
    let pair = Setup::new().open_files("-n 256").start();
    for service in [&pair.sso, &pair.gateway] {
        // A quarter of nine tenths.
        let mut crowd = crowd(service.listening(), b"", 57).await;
        // While many refusals are being sent, a connection is closed without an answer.
        let request = RawRequest::new("GET", "/nothing").without_body();
        let ask = || Answer::if_any(service.listening(), &request);
        let answer: Answer = until("there is no room", patience(), async || {
            let answer = ask().await;
            // It may have been accepted before another connection, and have taken its place.
            crowd.push(TcpStream::connect(service.listening()).await.unwrap());
            answer.filter(|answer| answer.status != 404)
        })
        .await;
        answer.check_problem_is(503, "too_many_connections");
        assert_eq!(answer.header("retry-after"), "1");
        drop(crowd);
        until("there is room again", patience(), async || {
            ask().await.filter(|answer| answer.status == 404).map(drop)
        })
        .await;
    }
}

#[tokio::test]
async fn the_soft_limit_of_descriptors_is_raised_to_the_hard_one() {
    let pair = Setup::new().open_files("-Sn 64 && ulimit -Hn 300").start();
    for service in [&pair.sso, &pair.gateway] {
        assert_eq!(service.process().open_files_limit(), 300);
    }
}

#[tokio::test]
async fn a_client_of_http_1_0_gets_a_body_that_the_end_of_the_connection_ends() {
    let pair = Pair::start();
    // Too long for the service to read before it answers.
    let lines: Vec<_> = (0..1_000).map(|n| format!("{n} {}", "x".repeat(2_000))).collect();
    let log: String = lines.iter().map(|line| cri_at(0, "stdout", line)).collect();
    pair.logs.write("default", "web", log);
    let admin = pair.admin().await;
    for connection in ["close", "keep-alive"] {
        let request = format!(
            "GET /logs/web HTTP/1.0\r\naccept: text/plain\r\nconnection: {connection}\r\n\
             authorization: Bearer {}\r\n\r\n",
            admin.token()
        );
        let answer = exchange(pair.gateway.listening(), request.as_bytes()).await;
        let answer = String::from_utf8(answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.0 200 ") && !head.contains("transfer-encoding"), "{head}");
        assert!(!head.contains("keep-alive"), "{head}");
        assert_eq!(body.lines().collect::<Vec<_>>(), lines);
    }
}

#[tokio::test]
async fn a_malformed_request_is_answered_with_a_problem() {
    let pair = Pair::start();
    let large = format!("GET / HTTP/1.1\r\nx: {}\r\n\r\n", "x".repeat(200_000));
    for address in [pair.sso.listening(), pair.gateway.listening(), pair.gateway.ops()] {
        let answer = Answer::to(address, b"no request at all\r\n\r\n").await;
        answer.check_problem_is(400, "bad_request");
        let answer = Answer::to(address, &large.as_bytes()[..140_000]).await;
        answer.check_problem_is(431, "headers_too_large");
    }
}
