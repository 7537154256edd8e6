//! Both services with certificates, as seen by callers.

use std::{fs, time::Duration};

use reqwest::{Client, Method, Response, Version};
use rustls::version::{TLS12, TLS13};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::harness::{
    Ask, Caller, Pair, PrivateCa, Service, Setup, cri, patience, plain_client, run_gateway,
    run_sso, until,
};

/// The protocols that kubectl and browsers offer, in this order.
const PROTOCOLS: &[&[u8]] = &[b"h2", b"http/1.1"];

fn start() -> Pair {
    let pair = Setup::new().over_tls(PrivateCa::new()).start();
    pair.logs.write("default", "web", cri(&["one"]));
    pair
}

async fn version(client: Client, url: String) -> Option<Version> {
    client.get(url).send().await.ok().map(|answer| answer.version())
}

fn url(service: &Service) -> String {
    format!("https://{}/openapi.json", service.listening())
}

/// Waits until the gateway presents a certificate that this client trusts.
async fn until_believed(pair: &Pair, client: impl Fn() -> Client) {
    until("the new certificate is shown", patience(), async || {
        // A client of its own each time, so that the connection is new.
        version(client(), url(&pair.gateway)).await
    })
    .await;
}

#[tokio::test]
async fn every_client_is_answered_over_http_1_1() {
    let pair = start();
    for service in [&pair.sso, &pair.gateway] {
        for tls in [&TLS12, &TLS13] {
            for (protocols, expected) in [
                (PROTOCOLS, Some(Version::HTTP_11)),
                (&PROTOCOLS[1..], Some(Version::HTTP_11)),
                (&[], Some(Version::HTTP_11)),
                (&PROTOCOLS[..1], None),
            ] {
                let client = pair.ca().client_of(&[tls], protocols);
                assert_eq!(version(client, url(service)).await, expected, "{tls:?} {protocols:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_caller_that_offers_http_2_logs_in_and_reads() {
    let pair = start();
    let admin = pair.admin().await;
    assert_eq!(admin.logs("web").await.log(), "one\n");
    let admin = admin.by(pair.ca().client(PROTOCOLS));
    assert_eq!(admin.validate().await.status, 200);
    assert_eq!(admin.logs("web").await.log(), "one\n");
    assert_eq!(admin.log_out().await.status, 204);
    admin.logs("web").await.check_problem_is(401, "invalid_token");
}

#[tokio::test]
async fn open_connections_do_not_delay_a_stop() {
    let mut pair = start();
    let admin = pair.admin().await.by(pair.ca().client(PROTOCOLS));
    assert_eq!(admin.logs("web").await.log(), "one\n");
    assert_eq!(admin.validate().await.status, 200);
    // Well below the time that requests in flight would be given.
    for service in [&mut pair.gateway, &mut pair.sso] {
        let took = service.stop();
        assert!(took < Duration::from_secs(4), "{took:?}");
    }
}

#[tokio::test]
async fn a_plain_http_client_gets_no_answer() {
    let pair = start();
    for service in [&pair.sso, &pair.gateway] {
        let plainly = format!("http://{}/", service.listening());
        assert!(plain_client().get(plainly).send().await.is_err());
    }
}

#[tokio::test]
async fn an_authority_with_an_untrusted_certificate_is_503() {
    let stranger = PrivateCa::new();
    let setup = Setup::new().over_tls(PrivateCa::new());
    let pair = setup.gateway("GATEWAY_SSO_CA", &stranger.file()).start();
    let admin = pair.admin().await;
    let answer = admin.logs("web").await;
    answer.check_problem_is(503, "sso_unavailable");
    assert!(answer.headers.contains_key("retry-after"), "{answer:?}");
}

#[tokio::test]
async fn a_new_certificate_serves_the_next_connection() {
    let pair = start();
    let stranger = PrivateCa::new();
    assert_eq!(version(stranger.client(PROTOCOLS), url(&pair.gateway)).await, None);
    let old = pair.ca().client(PROTOCOLS);
    assert_eq!(version(old.clone(), url(&pair.gateway)).await, Some(Version::HTTP_11));

    stranger.issue_into(&pair.ca().files("gateway"));
    until_believed(&pair, || stranger.client(PROTOCOLS)).await;
    assert_eq!(version(pair.ca().client(PROTOCOLS), url(&pair.gateway)).await, None);
    // The existing connection continues.
    assert_eq!(version(old, url(&pair.gateway)).await, Some(Version::HTTP_11));
}

#[tokio::test]
async fn a_mismatched_pair_is_not_loaded() {
    let mut pair = start();
    let files = pair.ca().files("gateway");
    let elsewhere = pair.ca().files("elsewhere");
    pair.ca().issue_into(&elsewhere);
    fs::copy(&elsewhere.key, &files.key).unwrap();
    until("the change was refused", patience(), async || {
        (metric(&pair.gateway, "tls_reload_failures_total").await == "1").then_some(())
    })
    .await;
    let client = pair.ca().client(PROTOCOLS);
    assert_eq!(version(client, url(&pair.gateway)).await, Some(Version::HTTP_11));

    fs::copy(&elsewhere.certificate, &files.certificate).unwrap();
    until_believed(&pair, || pair.ca().client(PROTOCOLS)).await;
    let log = pair.gateway.stop_and_read_log();
    let warnings: Vec<_> = log.lines().filter(|line| line.contains("WARN")).collect();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].contains("does not belong to the certificate"), "{warnings:?}");
}

#[tokio::test]
async fn the_end_of_a_certificate_is_a_metric() {
    let pair = start();
    for service in [&pair.sso, &pair.gateway] {
        let expiry = metric(service, "tls_certificate_expiry_timestamp_seconds").await;
        // The generator's default: the year 4096.
        assert!(expiry.parse::<u64>().unwrap() > 60_000_000_000, "{expiry}");
    }
}

async fn metric(service: &Service, name: &str) -> String {
    let url = format!("http://{}/metrics", service.ops());
    let text = plain_client().get(url).send().await.unwrap().text().await.unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.unwrap_or_else(|| panic!("no {name}: {text}")).trim().to_owned()
}

#[test]
fn unusable_certificates_are_faults_of_the_configuration() {
    let ca = PrivateCa::new();
    let (one, other) = (ca.files("one"), ca.files("other"));
    ca.issue_into(&one);
    ca.issue_into(&other);
    let (certificate, key) = one.paths();
    let (_, stranger) = other.paths();
    let nowhere = "/nowhere/at/all";
    for (certificate, key, at_fault) in [
        (certificate, "", "KEY"),
        ("", key, "CERT"),
        (certificate, stranger, "KEY"),
        (nowhere, key, "CERT"),
        (certificate, nowhere, "KEY"),
        (key, key, "CERT"),
    ] {
        for command in [&["check-config"][..], &[]] {
            let sso = [("SSO_TLS_CERT", certificate), ("SSO_TLS_KEY", key)];
            let gateway = [("GATEWAY_TLS_CERT", certificate), ("GATEWAY_TLS_KEY", key)];
            for (prefix, ended) in
                [("SSO", run_sso(command, &sso, "")), ("GATEWAY", run_gateway(command, &gateway))]
            {
                assert_eq!((ended.code, ended.stdout.as_str()), (64, ""), "{ended:?}");
                let expected = format!("{prefix}_TLS_{at_fault}: ");
                assert!(ended.stderr.starts_with(&expected), "{ended:?}");
                assert_eq!(ended.stderr.lines().count(), 1, "{ended:?}");
            }
        }
    }
}

#[test]
fn an_invalid_certificate_authority_is_a_fault_of_the_configuration() {
    let url = ("GATEWAY_SSO_URL", "https://127.0.0.1:1");
    let ca = PrivateCa::new();
    let good = ca.file();
    assert_eq!(run_gateway(&["check-config"], &[url, ("GATEWAY_SSO_CA", &good)]).code, 0);
    let key = ca.files("one");
    ca.issue_into(&key);
    for wrong in ["/nowhere/at/all", key.paths().1] {
        let ended = run_gateway(&["check-config"], &[url, ("GATEWAY_SSO_CA", wrong)]);
        assert_eq!(ended.code, 64, "{ended:?}");
        assert!(ended.stderr.starts_with("GATEWAY_SSO_CA: "), "{ended:?}");
    }
}

#[tokio::test]
async fn a_silent_connection_is_closed() {
    let pair = start();
    for service in [&pair.sso, &pair.gateway] {
        let mut silent = TcpStream::connect(service.listening()).await.unwrap();
        let mut hesitant = TcpStream::connect(service.listening()).await.unwrap();
        // The head of a TLS record, and no more.
        hesitant.write_all(b"\x16\x03\x01\x02\x00").await.unwrap();
        for stream in [&mut silent, &mut hesitant] {
            let end = timeout(patience(), stream.read_to_end(&mut Vec::new())).await;
            // Closed or reset: both are an end.
            assert!(end.is_ok(), "still open");
        }
    }
}

async fn follow(caller: &Caller, accept: &str) -> Response {
    let request = caller.gateway(Method::GET, "/logs/web?follow=true").header("accept", accept);
    let response = timeout(patience(), request.send()).await.unwrap().unwrap();
    assert_eq!((response.status().as_u16(), response.version()), (200, Version::HTTP_11));
    response
}

async fn chunk(response: &mut Response) -> reqwest::Result<Option<String>> {
    let chunk = timeout(patience(), response.chunk()).await.unwrap()?;
    Ok(chunk.map(|chunk| String::from_utf8(chunk.to_vec()).unwrap()))
}

#[tokio::test]
async fn a_log_is_followed_over_tls_and_ends_cleanly() {
    let setup = Setup::new().over_tls(PrivateCa::new()).gateway("GATEWAY_REVALIDATE", "100ms");
    let pair = setup.start();
    pair.logs.write("default", "web", cri(&["one"]));
    let admin = pair.admin().await.by(pair.ca().client(PROTOCOLS));
    let mut text = follow(&admin, "text/plain").await;
    let mut objects = follow(&admin, "application/x-ndjson").await;
    assert_eq!(chunk(&mut text).await.unwrap().unwrap(), "one\n");
    assert!(chunk(&mut objects).await.unwrap().unwrap().contains("one"));
    pair.logs.pod("default", "web").container("app").append("0.log", cri(&["two"]));
    assert_eq!(chunk(&mut text).await.unwrap().unwrap(), "two\n");
    assert!(chunk(&mut objects).await.unwrap().unwrap().contains("two"));

    assert_eq!(admin.log_out().await.status, 204);
    assert!(chunk(&mut objects).await.unwrap().unwrap().contains(r#"{"reason":"revoked"}"#));
    assert_eq!(chunk(&mut objects).await.unwrap(), None);
    // The text form has no marker for it.
    let error = chunk(&mut text).await.unwrap_err();
    assert!(error.is_body() || error.is_decode(), "{error:?}");
}

#[tokio::test]
async fn a_reader_that_leaves_a_quiet_log_over_tls_is_detected() {
    let setup =
        Setup::new().over_tls(PrivateCa::new()).gateway("GATEWAY_MAX_STREAMS_PER_USER", "1");
    let pair = setup.start();
    pair.logs.write("default", "web", cri(&["one"]));
    let admin = pair.admin().await.by(pair.ca().client(PROTOCOLS));
    let mut reading = follow(&admin, "text/plain").await;
    chunk(&mut reading).await.unwrap();
    assert_eq!(admin.logs("web").await.status, 429);
    drop(reading);
    until("the stream's place is free", Duration::from_secs(5), async || {
        (admin.logs("web").await.status == 200).then_some(())
    })
    .await;
    // A reader whose connection breaks is detected too.
    let gone = admin.by(pair.ca().client(PROTOCOLS));
    let mut reading = follow(&gone, "text/plain").await;
    chunk(&mut reading).await.unwrap();
    drop((reading, gone));
    until("the stream's place is free", Duration::from_secs(5), async || {
        (admin.gateway(Method::GET, "/logs/web").ask().await.status == 200).then_some(())
    })
    .await;
}
