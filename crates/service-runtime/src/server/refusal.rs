//! The answer to a connection over the limit.

use std::{io, time::Duration};

use chrono::{DateTime, Utc};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use super::raw_answer::raw_answer;
use crate::problem::Problem;

/// How long a refused client may take to read the reason.
const REFUSAL_TIME: Duration = Duration::from_secs(1);
/// Bytes of the client that are read meanwhile: closing a connection with unread bytes resets it,
/// and the client may lose the answer.
const DRAIN_BYTES: u64 = 16 * 1024;

/// Answers 503 whatever the client asks for, and closes the connection.
pub(super) async fn refuse(mut stream: TcpStream, now: DateTime<Utc>) {
    let problem = Problem::unavailable("too_many_connections", "Too many connections.");
    let answer = raw_answer(&problem, now);
    // A client that has left gets no answer.
    let _ = timeout(REFUSAL_TIME, async {
        stream.write_all(&answer).await?;
        stream.shutdown().await?;
        let mut drained = [0; 1024];
        let mut stream = stream.take(DRAIN_BYTES);
        while stream.read(&mut drained).await? > 0 {}
        io::Result::Ok(())
    })
    .await;
}
