//! Starting and stopping.

use std::{net::SocketAddr, time::Duration};

use reqwest::Response;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::harness::{
    ADMIN, ActiveAnswer, Caller, FakeAuthority, Pair, Reply, Service, Setup, WELL_FORMED_TOKEN,
    cri, dead_address, patience, plain_client, run_gateway, run_sso, until,
};

/// The longest stop without requests in flight: half of the time limit of requests.
const PROMPT: Duration = Duration::from_secs(4);

fn check_ready_line(service: &Service, name: &str) {
    let line = service.ready_line();
    let mut fields: Vec<_> = line.as_object().unwrap().keys().collect();
    fields.sort();
    assert_eq!(fields, ["listening", "ops", "service", "version"]);
    assert_eq!(line["service"], name);
    assert_eq!(line["version"], env!("CARGO_PKG_VERSION"));
    assert!(service.listening().ip().is_loopback() && service.listening().port() != 0);
    assert_ne!(service.listening(), service.ops());
}

#[tokio::test]
async fn a_service_prints_its_address_and_stops_at_once_when_idle() {
    let mut pair = Pair::start();
    check_ready_line(&pair.sso, "sso-service");
    check_ready_line(&pair.gateway, "logs-gateway");
    for service in [&mut pair.gateway, &mut pair.sso] {
        let took = service.stop();
        assert!(took < PROMPT, "{took:?}");
    }
}

#[tokio::test]
async fn an_interrupt_stops_as_a_termination_does() {
    let mut pair = Pair::start();
    for service in [&mut pair.gateway, &mut pair.sso] {
        service.interrupt();
        let took = service.ending().await;
        assert!(took < PROMPT, "{took:?}");
    }
}

/// A connection that is open and idle, as browsers and proxies keep them.
async fn idle_connection(address: SocketAddr) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET /nothing HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    let mut answer = vec![0; 4096];
    let length = timeout(patience(), stream.read(&mut answer)).await.unwrap().unwrap();
    assert!(answer[..length].starts_with(b"HTTP/1.1 404"));
    stream
}

#[tokio::test]
async fn idle_connections_do_not_delay_a_stop() {
    let mut pair = Pair::start();
    for service in [&mut pair.gateway, &mut pair.sso] {
        let connections = [
            idle_connection(service.listening()).await,
            idle_connection(service.listening()).await,
            TcpStream::connect(service.listening()).await.unwrap(),
        ];
        let took = service.stop();
        assert!(took < PROMPT, "{took:?}");
        drop(connections);
    }
}

const MIB: u64 = 1024 * 1024;

/// A pair in the middle of a download.
async fn downloading() -> (Pair, Response, u64) {
    let pair = Pair::start();
    let length = pair.logs.pod("default", "large").container("app").write_large(64 * MIB);
    let admin = pair.admin().await;
    let mut response = admin.text_request("large").send().await.unwrap();
    let first = response.chunk().await.unwrap().unwrap().len() as u64;
    (pair, response, length - first)
}

/// The whole rest, or an error: never an incomplete rest without one.
async fn check_whole_or_error(mut response: Response, rest: u64) {
    let mut length = 0;
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) => length += chunk.len() as u64,
            Ok(None) => return assert_eq!(length, rest, "a short body that looks whole"),
            Err(_) => return,
        }
    }
}

#[tokio::test]
async fn a_download_at_the_time_of_a_termination_is_whole_or_fails() {
    let (mut pair, response, rest) = downloading().await;
    pair.gateway.terminate();
    let (_, took) = tokio::join!(check_whole_or_error(response, rest), pair.gateway.ending());
    assert!(took < Duration::from_secs(10), "{took:?}");
}

#[tokio::test]
async fn an_unread_download_does_not_keep_the_gateway_from_stopping() {
    let (mut pair, response, rest) = downloading().await;
    pair.gateway.terminate();
    pair.gateway.ending().await;
    check_whole_or_error(response, rest).await;
}

#[tokio::test]
async fn a_request_at_the_time_of_a_termination_is_answered() {
    let authority = FakeAuthority::start(Reply::Nothing).await;
    let setup = Setup::new().gateway("GATEWAY_SSO_URL", &authority.url());
    let mut pair = setup.gateway("GATEWAY_SSO_TIMEOUT", "5s").start();
    pair.logs.write("default", "web", cri(&["hello"]));
    let caller = pair.anonymous().with_token(WELL_FORMED_TOKEN);
    let request = tokio::spawn(async move { caller.logs("web").await });
    until("the gateway asks the authority", patience(), async || {
        (!authority.asked().is_empty()).then_some(())
    })
    .await;
    pair.gateway.terminate();
    until("the gateway wants no more requests", patience(), async || {
        (!is_ready(&pair.gateway).await).then_some(())
    })
    .await;
    authority.answer(ActiveAnswer::of("logs:read").reply());
    assert_eq!(request.await.unwrap().log(), "hello\n");
    pair.gateway.ending().await;
}

/// Whether the operations listener says so.
async fn is_ready(service: &Service) -> bool {
    let answer = plain_client().get(format!("http://{}/readyz", service.ops())).send().await;
    answer.is_ok_and(|answer| answer.status() == 200)
}

#[tokio::test]
async fn a_gateway_that_stopped_takes_no_connections() {
    let mut pair = Pair::start();
    pair.gateway.stop();
    for address in [pair.gateway.listening(), pair.gateway.ops()] {
        TcpStream::connect(address).await.unwrap_err();
    }
    let admin: Caller = pair.admin().await;
    assert_eq!(admin.validate().await.status, 200, "the authority goes on");
}

#[tokio::test]
async fn a_taken_address_is_reported() {
    let pair = Pair::start();
    let database = "sqlite::memory:";
    for taken in [pair.sso.listening().to_string(), pair.gateway.ops().to_string()] {
        let variables = [
            ("SSO_LISTEN", taken.as_str()),
            ("SSO_OPS_LISTEN", "127.0.0.1:0"),
            ("SSO_DATABASE_URL", database),
        ];
        let ended = run_sso(&[], &variables, "");
        assert_eq!((ended.code, ended.stdout.as_str()), (1, ""), "{ended:?}");
        assert!(ended.stderr.contains("SSO_LISTEN") && ended.stderr.contains(&taken), "{ended:?}");

        let variables = [
            ("GATEWAY_LISTEN", "127.0.0.1:0"),
            ("GATEWAY_OPS_LISTEN", &taken),
            ("GATEWAY_LOGS_DIR", "/"),
        ];
        let ended = run_gateway(&[], &variables);
        assert_eq!((ended.code, ended.stdout.as_str()), (1, ""), "{ended:?}");
        assert!(ended.stderr.contains("GATEWAY_OPS_LISTEN"), "{ended:?}");
    }
}

#[tokio::test]
async fn users_outlive_the_process() {
    let mut pair = Setup::new().sso("SSO_LISTEN", "127.0.0.2:0").start();
    pair.user("alice", &["logs:read:shop/*"]).await;
    pair.sso.stop();
    pair.start_sso_again();
    let answer = pair.anonymous().log_in("alice", "the password of alice").await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(pair.anonymous().log_in(ADMIN.0, ADMIN.1).await.status, 200);
    let log = pair.sso.stop_and_read_log();
    assert!(!log.contains("created the first administrator"), "{log}");
}

#[tokio::test]
async fn a_gateway_starts_without_its_authority() {
    let pair =
        Setup::new().gateway("GATEWAY_SSO_URL", &format!("http://{}", dead_address())).start();
    assert!(is_ready(&pair.gateway).await);
    pair.admin().await.pods().await.check_problem_is(503, "sso_unavailable");
}
