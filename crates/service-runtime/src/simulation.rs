//! The world of a simulation: its time and its network, in place of the machine's.
//!
//! A thread that runs a simulation enters its world; on all others everything is as ever. Without
//! the feature `simulation` there are no worlds, and nothing asks for one.

use std::{cell::Cell, io, net::SocketAddr, time::Duration};

use futures_util::future::{BoxFuture, LocalBoxFuture};
use reqwest::{Request, Response};
use tokio::io::{AsyncRead, AsyncWrite};

pub use crate::server::serve_simulated as serve;

/// Time and network of a simulation.
#[derive(Debug, Clone, Copy)]
pub struct World {
    /// The time since the simulation began; `None` between the steps of its hosts.
    pub elapsed: fn() -> Option<Duration>,
    /// Connects to a port of a host, by name.
    pub connect: fn(String, u16) -> BoxFuture<'static, io::Result<Connection>>,
    /// Sends a request over a connection of its own and waits for the answer.
    pub send: fn(Request) -> LocalBoxFuture<'static, io::Result<Response>>,
}

/// A connection in a simulation.
pub type Connection = Box<dyn ByteStream>;

/// Bytes in both directions.
pub trait ByteStream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> ByteStream for T {}

/// A connection that a simulated listener has accepted, and the address of its client.
pub type Accepted = (Connection, SocketAddr);

thread_local! {
    static WORLD: Cell<Option<World>> = const { Cell::new(None) };
}

/// Has everything on this thread happen in this world from now on.
pub fn enter(world: World) {
    WORLD.set(Some(world));
}

/// The world of the simulation that this thread runs.
#[must_use]
pub fn world() -> Option<World> {
    WORLD.get()
}

/// When a simulation begins, in nanoseconds since 1970 and since its machines were booted.
const BEGINNING: [i64; 2] = [1_800_000_000_000_000_000, 1_000_000_000_000];

/// The time of the simulation that this thread runs, in nanoseconds since 1970.
pub(crate) fn wall_time() -> Option<i64> {
    elapsed().map(|elapsed| BEGINNING[0] + elapsed)
}

/// The same since its machines were booted.
pub(crate) fn boot_time() -> Option<i64> {
    elapsed().map(|elapsed| BEGINNING[1] + elapsed)
}

fn elapsed() -> Option<i64> {
    let elapsed = (world()?.elapsed)().unwrap_or_default();
    Some(i64::try_from(elapsed.as_nanos()).unwrap_or(i64::MAX))
}
