//! The port of this machine to which a browser brings the answer of the authority (RFC 8252,
//! section 7.3).

use std::{
    io,
    net::{Ipv4Addr, Ipv6Addr},
    sync::Arc,
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::{Semaphore, mpsc},
    task::JoinSet,
    time::timeout,
};

use super::callback::{CALLBACK_PATH, Callback, LoopbackRequest, MAX_HEAD_BYTES, read_request};

/// How long a connection may take to send its request, or to take the answer.
const CONNECTION_TIME: Duration = Duration::from_secs(10);
/// How many connections are open at a time. Browsers open some that they do not use.
const MAX_CONNECTIONS: usize = 16;

/// A port of the loopback interface.
#[derive(Debug)]
pub(super) struct LoopbackPort {
    listener: TcpListener,
    redirect_uri: String,
}

/// A browser that has brought the answer and waits for a page.
pub(super) struct WaitingBrowser(TcpStream);

impl LoopbackPort {
    /// A port that is free.
    pub(super) async fn open() -> io::Result<Self> {
        let listener = match TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await {
            Ok(listener) => listener,
            Err(_) => TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).await?,
        };
        let redirect_uri = format!("http://{}{CALLBACK_PATH}", listener.local_addr()?);
        Ok(Self { listener, redirect_uri })
    }

    /// Where the browser comes back to: a literal address, which no resolver can lead elsewhere.
    pub(super) fn redirect_uri(&self) -> &str {
        &self.redirect_uri
    }

    /// Waits for the answer that names this state and this issuer. Other requests change nothing.
    pub(super) async fn callback(
        self,
        state: &str,
        issuer: &str,
    ) -> io::Result<(Callback, WaitingBrowser)> {
        let expected: Arc<(String, String)> = Arc::new((state.to_owned(), issuer.to_owned()));
        let room = Arc::new(Semaphore::new(MAX_CONNECTIONS));
        let (found, mut callbacks) = mpsc::channel(1);
        // When the set is dropped, all connections are closed.
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                Some(callback) = callbacks.recv() => return Ok(callback),
                accepted = self.listener.accept() => {
                    let (stream, _) = accepted?;
                    while connections.try_join_next().is_some() {}
                    let Ok(place) = room.clone().try_acquire_owned() else { continue };
                    let (expected, found) = (expected.clone(), found.clone());
                    connections.spawn(async move {
                        let _place = place;
                        let read = read_callback(stream, &expected.0, &expected.1);
                        if let Ok(Ok(Some(callback))) = timeout(CONNECTION_TIME, read).await {
                            // Another one has been first, if nobody receives it.
                            let _ = found.send(callback).await;
                        }
                    });
                }
            }
        }
    }
}

/// Reads a request. One that is not the answer gets 404.
async fn read_callback(
    mut stream: TcpStream,
    state: &str,
    issuer: &str,
) -> io::Result<Option<(Callback, WaitingBrowser)>> {
    let mut head = vec![0; MAX_HEAD_BYTES];
    let mut filled = 0;
    loop {
        let read = stream.read(&mut head[filled..]).await?;
        if read == 0 {
            return Ok(None);
        }
        filled += read;
        match read_request(&head[..filled], state, issuer) {
            LoopbackRequest::Incomplete => {}
            LoopbackRequest::Callback(callback) => {
                return Ok(Some((callback, WaitingBrowser(stream))));
            }
            LoopbackRequest::Other => {
                WaitingBrowser(stream).answer("404 Not Found", "There is nothing here.").await;
                return Ok(None);
            }
        }
    }
}

impl WaitingBrowser {
    /// Shows whether the log-in has succeeded.
    pub(super) async fn show(self, succeeded: bool) {
        let text = match succeeded {
            true => "You are logged in. You can close this page and go back to your terminal.",
            false => "You are not logged in. Your terminal says why; you can close this page.",
        };
        self.answer("200 OK", text).await;
    }

    /// A browser that has left is no error.
    async fn answer(mut self, status: &str, text: &str) {
        let page = format!(
            "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>kubectl sso</title>\
             <p>{text}</p></html>"
        );
        let answer = format!(
            "HTTP/1.1 {status}\r\ncontent-type: text/html; charset=utf-8\r\ncontent-length: {}\r\n\
             cache-control: no-store\r\ncontent-security-policy: default-src 'none'\r\n\
             referrer-policy: no-referrer\r\nconnection: close\r\n\r\n{page}",
            page.len()
        );
        let write = async {
            self.0.write_all(answer.as_bytes()).await?;
            self.0.shutdown().await
        };
        let _ = timeout(CONNECTION_TIME, write).await;
    }
}
