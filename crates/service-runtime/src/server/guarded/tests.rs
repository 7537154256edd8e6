use std::{io, net::Ipv4Addr, time::Duration};

use chrono::DateTime;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex},
    time::{Instant, sleep, timeout},
};

use super::{reading::LOOK_AHEAD_BYTES, writing::WRITE_TIME, *};
use crate::{
    clock::ManualClock,
    server::{
        admission::Admission,
        body_rest::{BodyRest, ChunkPart},
        connection::Exchange,
        deadline::HEAD_TIME,
        sockets::Acknowledged,
    },
};

impl Acknowledged for DuplexStream {
    fn require_acknowledgements(&self, _: bool) {}
}

/// A connection that takes 16 bytes before its client has to read, and the client.
fn connection() -> (GuardedStream<DuplexStream>, DuplexStream) {
    let (io, client) = duplex(16);
    (guarded(io), client)
}

fn guarded(io: DuplexStream) -> GuardedStream<DuplexStream> {
    let admitted = Admission::of_operators(1).admit(3, Ipv4Addr::LOCALHOST.into()).unwrap();
    GuardedStream::new(io, admitted, Arc::new(ManualClock::at(DateTime::UNIX_EPOCH)))
}

/// Reads once; `None` when there is nothing to be had at present.
async fn read_now(stream: &mut GuardedStream<DuplexStream>) -> Option<String> {
    let mut buffer = [0; 1024];
    let read = timeout(Duration::ZERO, stream.read(&mut buffer)).await.ok()?;
    Some(String::from_utf8(buffer[..read.unwrap()].to_vec()).unwrap())
}

fn timed_out<T>(result: io::Result<T>) -> bool {
    result.is_err_and(|error| error.kind() == io::ErrorKind::TimedOut)
}

#[tokio::test]
async fn each_head_is_handed_over_by_itself() {
    let (io, mut client) = duplex(1024);
    let mut stream = guarded(io);
    client.write_all(b"GET /1\n\nGET /2\n\nGET /3\n\nGET").await.unwrap();
    drop(client);
    let mut read = Vec::new();
    let mut buffer = [0; 1024];
    loop {
        match stream.read(&mut buffer).await.unwrap() {
            0 => break,
            length => read.push(String::from_utf8(buffer[..length].to_vec()).unwrap()),
        }
    }
    assert_eq!(read, ["GET /1\n\n", "GET /2\n\n", "GET /3\n\n", "GET"]);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_read_while_an_answer_waits() {
    let (mut stream, mut client) = connection();
    client.write_all(b"GET /2\n\n").await.unwrap();
    assert!(timeout(Duration::ZERO, stream.write_all(&[b'x'; 20])).await.is_err());
    assert_eq!(read_now(&mut stream).await, None);
    client.read_exact(&mut [0; 16]).await.unwrap();
    stream.write_all(&[b'x'; 4]).await.unwrap();
    assert_eq!(read_now(&mut stream).await.unwrap(), "GET /2\n\n");
}

/// A connection on which a request with this body has begun, behind which others wait.
async fn in_exchange(
    body: BodyRest,
    sent: &str,
) -> (GuardedStream<DuplexStream>, DuplexStream, Exchange) {
    let (io, mut client) = duplex(64 * 1024);
    let mut stream = guarded(io);
    client.write_all(b"GET /1\n\n").await.unwrap();
    client.write_all(sent.as_bytes()).await.unwrap();
    assert_eq!(read_now(&mut stream).await.unwrap(), "GET /1\n\n");
    let exchange = stream.state().begin(body);
    (stream, client, exchange)
}

#[tokio::test(start_paused = true)]
async fn the_next_head_waits_for_the_answer_to_the_request_before() {
    let heads = "GET /2\n\n".repeat(1000);
    let (mut stream, _client, exchange) = in_exchange(BodyRest::Nothing, &heads).await;
    for _ in 0..10 {
        assert_eq!(read_now(&mut stream).await, None);
    }
    assert!(stream.ahead.len() < 2 * LOOK_AHEAD_BYTES);
    let mut buffer = [0; 1024];
    let answering = async {
        sleep(Duration::from_secs(1)).await;
        drop(exchange);
    };
    let (read, ()) = tokio::join!(stream.read(&mut buffer), answering);
    assert_eq!(&buffer[..read.unwrap()], b"GET /2\n\n");
}

#[tokio::test(start_paused = true)]
async fn a_body_is_handed_over_and_no_head_behind_it() {
    for (body, sent) in [
        (BodyRest::Bytes(4), "\n\n\n\n"),
        (BodyRest::Chunks(ChunkPart::Size(0)), "2\r\n\n\n\r\n0\r\n\r\n"),
    ] {
        let all = format!("{sent}GET /2\n\nGET /3\n\n");
        let (mut stream, _client, exchange) = in_exchange(body, &all).await;
        let mut read = String::new();
        for _ in 0..10 {
            read += &read_now(&mut stream).await.unwrap_or_default();
        }
        assert_eq!(read, sent);
        drop(exchange);
        assert_eq!(read_now(&mut stream).await.unwrap(), "GET /2\n\n");
    }
}

#[tokio::test]
async fn a_client_that_leaves_is_noticed_before_the_answer() {
    let (mut stream, client, _exchange) = in_exchange(BodyRest::Nothing, "").await;
    assert_eq!(read_now(&mut stream).await, None);
    drop(client);
    assert_eq!(stream.read(&mut [0; 16]).await.unwrap(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_reads_nothing_for_30_s_is_disconnected() {
    let (mut stream, mut client) = connection();
    let started = Instant::now();
    let reading = async {
        for _ in 0..2 {
            sleep(Duration::from_secs(20)).await;
            client.read_exact(&mut [0; 16]).await.unwrap();
        }
    };
    let (written, ()) = tokio::join!(stream.write_all(&[b'x'; 64]), reading);
    assert!(timed_out(written));
    assert_eq!(started.elapsed().as_secs(), 20 + 20 + WRITE_TIME.as_secs());
}

#[tokio::test(start_paused = true)]
async fn an_exempt_answer_waits_until_the_exemption_ends() {
    let (mut stream, _client) = connection();
    let exemption = stream.state().exempt();
    let started = Instant::now();
    let hour = Duration::from_secs(3600);
    let ending = async {
        sleep(hour).await;
        drop(exemption);
    };
    let (written, ()) = tokio::join!(stream.write_all(&[b'x'; 64]), ending);
    assert!(timed_out(written));
    assert_eq!(started.elapsed(), hour + WRITE_TIME);
}

#[tokio::test(start_paused = true)]
async fn an_exempt_answer_that_is_aborted_waits_no_longer() {
    let (mut stream, _client) = connection();
    let exemption = stream.state().exempt();
    let started = Instant::now();
    let hour = Duration::from_secs(3600);
    let ending = async {
        sleep(hour).await;
        exemption.abort();
    };
    let (written, ()) = tokio::join!(stream.write_all(&[b'x'; 64]), ending);
    assert_eq!(written.unwrap_err().kind(), io::ErrorKind::ConnectionAborted);
    assert_eq!(started.elapsed(), hour);
}

#[tokio::test(start_paused = true)]
async fn a_head_that_arrives_slowly_times_out() {
    let (mut stream, mut client) = connection();
    let started = Instant::now();
    let dripping = async {
        sleep(Duration::from_secs(60)).await;
        while client.write_all(b"G").await.is_ok() && started.elapsed().as_secs() < 70 {
            sleep(Duration::from_secs(2)).await;
        }
    };
    let reading = async {
        let mut buffer = [0; 16];
        while stream.read(&mut buffer).await? > 0 {}
        Ok(())
    };
    let (read, ()) = tokio::join!(reading, dripping);
    assert!(timed_out::<()>(read));
}

#[tokio::test(start_paused = true)]
async fn a_body_may_take_longer_than_a_head() {
    let (mut stream, mut client) = connection();
    client.write_all(b"POST /\n\n").await.unwrap();
    assert!(read_now(&mut stream).await.is_some());
    let _exchange = stream.state().begin(BodyRest::Endless);
    let sending = async {
        sleep(2 * HEAD_TIME).await;
        client.write_all(b"{}").await.unwrap();
        sleep(2 * HEAD_TIME).await;
        drop(client);
    };
    let mut body = String::new();
    let (read, ()) = tokio::join!(stream.read_to_string(&mut body), sending);
    assert_eq!((read.unwrap(), body.as_str()), (2, "{}"));
}

#[tokio::test]
async fn bare_answers_are_replaced_unless_a_request_made_them() {
    let bare = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n";
    let (io, mut client) = duplex(4096);
    let mut stream = guarded(io);
    let exchange = stream.state().begin(BodyRest::Nothing);
    drop(exchange);
    stream.write_all(bare).await.unwrap();
    stream.flush().await.unwrap();
    stream.write_all(bare).await.unwrap();
    drop(stream);
    let mut received = String::new();
    client.read_to_string(&mut received).await.unwrap();
    let rest = received.strip_prefix(std::str::from_utf8(bare).unwrap()).unwrap();
    assert!(rest.starts_with("HTTP/1.1 400 Bad Request\r\nconnection: close\r\n"), "{rest}");
    assert!(rest.contains("\r\nx-request-id: ") && rest.ends_with('}'), "{rest}");
}
