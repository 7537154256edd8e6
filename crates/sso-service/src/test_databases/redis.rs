//! A Redis server of this process, for all of its tests.

use std::{
    cell::Cell,
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Stdio},
    sync::{Arc, LazyLock},
    thread,
    time::{Duration, Instant},
};

use service_runtime::clock::Clock;

use super::daemon::{Account, LastSignal, spawn};
use crate::{
    sessions::{RedisClient, RedisServers},
    store::Sharing,
};

/// The time limit of its start on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// Ends with this process.
static SERVER: LazyLock<(SocketAddr, Child)> = LazyLock::new(start);

thread_local! {
    /// Whether the services of the test of this thread have their live tokens in Redis.
    static IN_USE: Cell<bool> = const { Cell::new(false) };
}

/// Runs a test whose services have their live tokens in Redis.
pub(crate) async fn with_redis(test: impl Future<Output = ()>) {
    IN_USE.set(true);
    test.await;
    IN_USE.set(false);
}

/// Where the services of this test have their live tokens.
pub(crate) async fn sharing(clock: Arc<dyn Clock>) -> Sharing {
    if !IN_USE.get() {
        return Sharing::default();
    }
    let servers = RedisServers::parse(&format!("redis://{}", SERVER.0)).unwrap();
    let redis = Some(RedisClient::start(servers, clock).await.unwrap());
    Sharing { redis, ..Sharing::default() }
}

fn start() -> (SocketAddr, Child) {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut command = Account::command(Path::new("/usr/bin/redis-server"), LastSignal::Kill);
    command.args(["--bind", "127.0.0.1", "--port", &address.port().to_string()]);
    command.args(["--save", "", "--appendonly", "no"]);
    command.stdin(Stdio::null()).stdout(Stdio::null());
    let process = spawn(command);
    let started = Instant::now();
    while TcpStream::connect(address).is_err() {
        assert!(started.elapsed() < PATIENCE, "Redis does not listen");
        thread::sleep(Duration::from_millis(5));
    }
    (address, process)
}
