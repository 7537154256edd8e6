//! Options of accepted connections.

use std::{io, time::Duration};

use socket2::{SockRef, TcpKeepalive};
use tokio::net::TcpStream;

/// Keep-alive: a client that vanished is noticed after 20 s + 3 × 10 s of silence.
const SILENCE: Duration = Duration::from_secs(20);
const PROBE_EVERY: Duration = Duration::from_secs(10);
const PROBES: u32 = 3;
/// Unsent bytes that the kernel keeps for a slow client. With the buffers of the server and of TLS
/// the sum stays below the promised 256 KiB. It slows down no transfer, since bytes under way do
/// not count.
const UNSENT_BYTES: u32 = 128 * 1024;

/// How long sent bytes may stay unacknowledged. A client that takes no more counts as well.
const UNACKNOWLEDGED: Duration = Duration::from_secs(50);

/// A connection whose client may be told apart from one that vanished by acknowledgements.
pub(super) trait Acknowledged {
    /// Whether the connection ends when its client acknowledges nothing, or takes nothing, for too
    /// long. The kernel knows only both together.
    fn require_acknowledgements(&self, required: bool);
}

impl Acknowledged for TcpStream {
    fn require_acknowledgements(&self, required: bool) {
        let timeout = required.then_some(UNACKNOWLEDGED);
        // A closed socket has no options, and needs none.
        let _ = SockRef::from(self).set_tcp_user_timeout(timeout);
    }
}

/// Sets the options of an accepted connection.
pub(super) fn set_options(stream: &TcpStream) -> io::Result<()> {
    let socket = SockRef::from(stream);
    socket.set_tcp_nodelay(true)?;
    let keepalive =
        TcpKeepalive::new().with_time(SILENCE).with_interval(PROBE_EVERY).with_retries(PROBES);
    socket.set_tcp_keepalive(&keepalive)?;
    stream.require_acknowledgements(true);
    socket.set_tcp_notsent_lowat(UNSENT_BYTES)
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn a_vanished_client_is_detected_within_a_minute() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        set_options(&client).unwrap();
        let socket = SockRef::from(&client);
        assert!(socket.keepalive().unwrap());
        let silence = socket.tcp_keepalive_time().unwrap()
            + socket.tcp_keepalive_interval().unwrap() * socket.tcp_keepalive_retries().unwrap();
        let minute = Duration::from_secs(60);
        assert!(silence < minute, "{silence:?}");
        assert!(socket.tcp_user_timeout().unwrap().unwrap() < minute);
        client.require_acknowledgements(false);
        assert_eq!(socket.tcp_user_timeout().unwrap().unwrap_or_default(), Duration::ZERO);
    }
}
