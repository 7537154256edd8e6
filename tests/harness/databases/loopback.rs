//! Loopback addresses that no other process uses.

use std::{
    net::{IpAddr, Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream},
    os::fd::OwnedFd,
    process,
    sync::atomic::{AtomicU8, Ordering},
};

/// A host that this process alone uses. Every 127.0.0.0/8 address is this machine, and outgoing
/// connections come from 127.0.0.1.
pub(crate) fn own_host() -> IpAddr {
    static HOSTS: AtomicU8 = AtomicU8::new(1);
    let [_, _, high, low] = process::id().to_be_bytes();
    let host = HOSTS.fetch_add(1, Ordering::Relaxed);
    Ipv4Addr::new(127, 64 | (high & 0x3f), low, host).into()
}

/// An address that nothing listens on, on a host of its own: a server that ends finds it free when
/// it starts again.
pub(super) fn own_address() -> SocketAddr {
    let listener = TcpListener::bind((own_host(), 0)).unwrap();
    let address = listener.local_addr().unwrap();
    close(listener);
    address
}

/// Closes a listener, of which child processes that another thread is starting may have a copy:
/// without a shutdown, it would listen until they execute their programs.
pub(super) fn close(listener: TcpListener) {
    // The type for connections has the call.
    TcpStream::from(OwnedFd::from(listener)).shutdown(Shutdown::Both).unwrap();
}
