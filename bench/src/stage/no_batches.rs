//! A gateway that validates each token by a call of its own: the peer of one that sends batches.
//! It is the same program. Before the authority starts, a server without support for batches
//! answers at its address, and the gateway remembers that for minutes.

use std::{
    net::{SocketAddr, TcpListener},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use anyhow::{Context, ensure};
use futures_util::future::try_join_all;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinHandle,
};

use crate::clients::http::{self, Connection};

const CALLERS: usize = 128;
const ROUNDS: usize = 100;
const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Serves until dropped.
pub(crate) struct NoBatches {
    pub(crate) address: SocketAddr,
    refused: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl NoBatches {
    pub(crate) fn start() -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").context("cannot listen")?;
        let address = listener.local_addr()?;
        listener.set_nonblocking(true)?;
        let listener = tokio::net::TcpListener::from_std(listener)?;
        let refused = Arc::new(AtomicUsize::new(0));
        let task = tokio::spawn(serve(listener, refused.clone()));
        Ok(Self { address, refused, task })
    }

    /// Sends requests until no worker of the gateway tries a batch any more, and then releases the
    /// address for the authority.
    pub(crate) async fn disable_batches(self, gateway: SocketAddr) -> anyhow::Result<()> {
        for _ in 0..ROUNDS {
            let before = self.refused.load(Ordering::Relaxed);
            try_join_all((0..CALLERS).map(|number| ask(gateway, number))).await?;
            let refused = self.refused.load(Ordering::Relaxed);
            if refused > 0 && refused == before {
                return Ok(());
            }
        }
        ensure!(false, "the gateway never detected that batches are unsupported");
        Ok(())
    }
}

impl Drop for NoBatches {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn ask(gateway: SocketAddr, number: usize) -> anyhow::Result<()> {
    let mut connection = Connection::open(gateway, 4096).await?;
    let head = connection.ask(&http::request("GET", "/pods", &token(number), &[])).await?;
    ensure!(head.status == 401, "the answer to a stranger is {}", head.status);
    Ok(())
}

/// A token in the form of a session token: a number and its checksum, in base 62.
fn token(number: usize) -> String {
    let body = format!("sso_{number:043}");
    let mut crc = crc32fast::hash(body.as_bytes()) as usize;
    let mut checksum = ['0'; 6];
    for digit in checksum.iter_mut().rev() {
        *digit = char::from(DIGITS[crc % 62]);
        crc /= 62;
    }
    format!("{body}_{}", String::from_iter(checksum))
}

async fn serve(listener: tokio::net::TcpListener, refused: Arc<AtomicUsize>) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(answer(stream, refused.clone()));
    }
}

/// Refuses all tokens and does not support batches.
async fn answer(mut stream: TcpStream, refused: Arc<AtomicUsize>) -> Option<()> {
    let mut request = vec![0; 16 * 1024];
    let read = stream.read(&mut request).await.ok()?;
    let is_batch = request[..read].starts_with(b"POST /auth/validate/batch ");
    refused.fetch_add(usize::from(is_batch), Ordering::Relaxed);
    let status = if is_batch { "404 Not Found" } else { "401 Unauthorized" };
    let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    stream.write_all(answer.as_bytes()).await.ok()?;
    stream.shutdown().await.ok()?;
    // Reads the rest of the request, so that the answer is not lost to a reset.
    while stream.read(&mut request).await.ok()? > 0 {}
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_has_the_checksum_that_the_gateway_looks_for() {
        assert_eq!(token(0), "sso_0000000000000000000000000000000000000000000_3IlBS7");
    }
}
