//! The answer to a connection that there is no place for.

use std::{io, time::Duration};

use chrono::{DateTime, Utc};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use super::raw_answer::raw_answer;
use crate::problem::Problem;

/// How long a refused client may take to read why.
const REFUSAL_TIME: Duration = Duration::from_secs(1);
/// Of what the client sends meanwhile, as much is read: a connection that is closed with unread
/// bytes is reset, and its client may lose the answer.
const DRAIN_BYTES: u64 = 16 * 1024;

/// Answers 503 whatever the client asks for, and closes the connection.
pub(super) async fn refuse(mut stream: TcpStream, now: DateTime<Utc>) {
    let problem = Problem::unavailable("too_many_connections", "There are too many connections.");
    let answer = raw_answer(&problem, now);
    // A client that does not stay for its answer has none.
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
