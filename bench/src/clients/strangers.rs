//! Clients without an account, each of which holds a connection and reads nothing.

use std::{
    future::pending,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};

use anyhow::Context;
use tokio::{io::AsyncWriteExt, net::TcpSocket, task::JoinSet};

/// The connections of each address: the services bound the connections of a network.
const CONNECTIONS_OF_AN_ADDRESS: usize = 20;

/// Open connections, which are closed when this is dropped.
pub(crate) struct Strangers(#[expect(dead_code, reason = "dropping it ends them")] JoinSet<()>);

impl Strangers {
    /// Opens `count` connections and sends `bytes` over each, as far as the service takes them. A
    /// service may also close them.
    pub(crate) async fn connect(
        address: SocketAddr,
        count: usize,
        bytes: Arc<[u8]>,
    ) -> anyhow::Result<Self> {
        let mut strangers = JoinSet::new();
        for number in 0..count {
            let socket = TcpSocket::new_v4()?;
            socket.bind((source(number), 0).into()).context("cannot use a loopback address")?;
            let mut stream = socket.connect(address).await.context("cannot connect")?;
            let bytes = bytes.clone();
            strangers.spawn(async move {
                // An error ends the connection, which the service may do.
                let _refused = stream.write_all(&bytes).await;
                pending::<()>().await;
            });
        }
        Ok(Self(strangers))
    }
}

/// An address of this machine, from 127.1.0.0 on.
fn source(number: usize) -> Ipv4Addr {
    let host = u32::try_from(number / CONNECTIONS_OF_AN_ADDRESS).unwrap_or_default();
    Ipv4Addr::from_bits(Ipv4Addr::new(127, 1, 0, 1).to_bits() + host)
}

#[cfg(test)]
mod tests {
    use tokio::{io::AsyncReadExt, net::TcpListener};

    use super::*;

    #[tokio::test]
    async fn strangers_send_their_bytes_and_stay_until_they_are_dropped() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let strangers = Strangers::connect(address, 1, Arc::from(*b"GET")).await.unwrap();
        let (mut stream, from) = listener.accept().await.unwrap();
        assert_eq!(from.ip(), Ipv4Addr::new(127, 1, 0, 1));
        let mut bytes = [0; 3];
        stream.read_exact(&mut bytes).await.unwrap();
        assert_eq!(&bytes, b"GET");
        drop(strangers);
        assert!(stream.read(&mut bytes).await.is_ok_and(|count| count == 0));
    }

    #[test]
    fn an_address_has_few_connections() {
        assert_eq!(source(19), Ipv4Addr::new(127, 1, 0, 1));
        assert_eq!(source(20), Ipv4Addr::new(127, 1, 0, 2));
    }
}
