//! The proxy that spoils the network, in front of Redis.

use std::{
    io,
    time::{Duration, Instant},
};

use libtest_mimic::Trial;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use super::{is_late, named};
use crate::{
    databases::{Direction, FaultProxy, Redis},
    harness::{patience, until},
};

pub(super) fn trials() -> Vec<Trial> {
    named!(
        "fault_proxy",
        Redis::installed(),
        [
            cut_network_closes_and_refuses_connections_until_it_heals,
            black_hole_withholds_until_it_heals,
            black_hole_in_one_direction_passes_the_other,
            delayed_answer_takes_its_time,
            new_connections_are_led_to_another_peer,
        ],
    )
}

/// A connection to Redis through a proxy.
struct Line {
    redis: Redis,
    proxy: FaultProxy,
    stream: TcpStream,
}

impl Line {
    async fn open() -> Self {
        let redis = Redis::start().await;
        let proxy = FaultProxy::before(redis.address());
        let stream = TcpStream::connect(proxy.address()).await.unwrap();
        let mut line = Self { redis, proxy, stream };
        line.send("PING").await;
        assert_eq!(line.answer().await.unwrap(), "+PONG\r\n");
        line
    }

    /// A command in the form of one line.
    async fn send(&mut self, command: &str) {
        self.stream.write_all(format!("{command}\r\n").as_bytes()).await.unwrap();
    }

    /// Some bytes of an answer; none at the end of the connection.
    async fn answer(&mut self) -> io::Result<String> {
        let mut answer = [0; 64];
        let length = timeout(patience(), self.stream.read(&mut answer)).await.unwrap()?;
        Ok(String::from_utf8_lossy(&answer[..length]).into_owned())
    }
}

async fn cut_network_closes_and_refuses_connections_until_it_heals() {
    let mut line = Line::open().await;
    line.proxy.cut().await;
    assert!(line.answer().await.map_or(true, |answer| answer.is_empty()));
    let refused = TcpStream::connect(line.proxy.address()).await.unwrap_err();
    assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
    line.proxy.heal().await;
    line.stream = TcpStream::connect(line.proxy.address()).await.unwrap();
    line.send("PING").await;
    assert_eq!(line.answer().await.unwrap(), "+PONG\r\n");
}

async fn black_hole_withholds_until_it_heals() {
    let mut line = Line::open().await;
    line.proxy.black_hole();
    line.send("SET key value").await;
    assert!(TcpStream::connect(line.proxy.address()).await.is_ok());
    assert!(is_late(line.stream.readable()).await);
    assert_eq!(line.redis.command(&["DBSIZE"]).await.unwrap(), "0");
    line.proxy.heal().await;
    assert_eq!(line.answer().await.unwrap(), "+OK\r\n");
}

async fn black_hole_in_one_direction_passes_the_other() {
    let mut line = Line::open().await;
    line.proxy.black_hole_in(Direction::FromPeer);
    line.send("SET key value").await;
    let written = async || (line.redis.command(&["DBSIZE"]).await.unwrap() == "1").then_some(());
    until("the command arrives", patience(), written).await;
    assert!(is_late(line.stream.readable()).await);
    line.proxy.heal().await;
    assert_eq!(line.answer().await.unwrap(), "+OK\r\n");
}

async fn delayed_answer_takes_its_time() {
    let mut line = Line::open().await;
    let delay = Duration::from_millis(50);
    line.proxy.delay(delay);
    line.proxy.delay_in(Direction::ToPeer, 2 * delay);
    let sent = Instant::now();
    line.send("PING").await;
    assert_eq!(line.answer().await.unwrap(), "+PONG\r\n");
    assert!(sent.elapsed() >= 3 * delay, "{:?}", sent.elapsed());
}

async fn new_connections_are_led_to_another_peer() {
    let mut line = Line::open().await;
    let other = Redis::start().await;
    line.proxy.lead_to(other.address());
    line.stream = TcpStream::connect(line.proxy.address()).await.unwrap();
    line.send("SET key value").await;
    assert_eq!(line.answer().await.unwrap(), "+OK\r\n");
    assert_eq!(other.command(&["DBSIZE"]).await.unwrap(), "1");
}
