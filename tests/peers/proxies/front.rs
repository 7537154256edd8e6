//! Running proxies, between clients and a backend.

use std::{
    net::{IpAddr, SocketAddr, TcpListener},
    process::Child,
    sync::OnceLock,
};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::net::TcpStream;

use super::{
    message::{Message, Request},
    program::{Addresses, ReverseProxy},
};
use crate::{
    databases::own_host,
    harness::{Asked, Caller, FakeAuthority, Pair, Reply, Setup, patience, scratch, until},
    peer::{Installed, Peer},
    stage::Stage,
};

/// A running proxy in front of a backend of its own.
#[derive(Debug)]
pub(crate) struct Front {
    pub(super) address: SocketAddr,
    proxy: Child,
    backend: FakeAuthority,
    directory: TempDir,
}

impl Front {
    /// Starts a proxy with an authority.
    async fn start(proxy: ReverseProxy, listen: SocketAddr, authority: SocketAddr) -> Self {
        let backend = FakeAuthority::start(Reply::http(200, "x-backend: yes\r\n", "hello")).await;
        let directory = scratch();
        let addresses = Addresses { listen, authority, backend: backend.address() };
        let proxy = proxy.start(directory.path(), addresses);
        let mut front = Self { address: listen, proxy, backend, directory };
        until("the proxy listens", patience(), async || front.is_up().await.then_some(())).await;
        front
    }

    /// Starts a proxy whose authority is at this address, and is not ours.
    pub(super) async fn with_authority(proxy: ReverseProxy, authority: SocketAddr) -> Self {
        Self::start(proxy, free_address(own_host()), authority).await
    }

    async fn is_up(&mut self) -> bool {
        if let Some(status) = self.proxy.try_wait().unwrap() {
            let log = std::fs::read_to_string(self.directory.path().join("log")).unwrap();
            panic!("the proxy ended with {status}:\n{log}");
        }
        TcpStream::connect(self.address).await.is_ok()
    }

    /// Sends a request of a client.
    pub(super) async fn send(&self, request: Request) -> Message {
        request.send(self.address).await
    }

    /// The requests that reached the backend with this in their target.
    pub(super) fn backend_requests(&self, part: &str) -> Vec<Asked> {
        self.backend.asked().into_iter().filter(|asked| asked.line.contains(part)).collect()
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        // The main process of nginx ends its workers, unless it is killed.
        if self.proxy.try_wait().is_ok_and(|ended| ended.is_none()) {
            let _ = kill_process(Pid::from_child(&self.proxy), Signal::TERM);
        }
        let _ = self.proxy.wait();
    }
}

/// Each proxy in front of a backend, all with one authority, on one host: they share its cookies.
#[derive(Debug)]
pub(crate) struct Fronts {
    fronts: Vec<(ReverseProxy, OnceLock<Front>, SocketAddr)>,
    pair: Pair,
}

impl Fronts {
    pub(crate) fn start() -> Self {
        let host = own_host();
        // They are free until the authority has its own port.
        let reserved = ReverseProxy::ALL.map(|_| TcpListener::bind((host, 0)).unwrap());
        let addresses = reserved.each_ref().map(|listener| listener.local_addr().unwrap());
        let return_hosts = addresses.map(|address| address.to_string()).join(",");
        let pair = Setup::new()
            .sso("SSO_LISTEN", &format!("{host}:0"))
            .sso("SSO_RETURN_HOSTS", &return_hosts)
            .sso("SSO_TRUSTED_PROXIES", "127.0.0.0/8")
            .start();
        let fronts = ReverseProxy::ALL.into_iter().zip(addresses);
        let fronts = fronts.map(|(proxy, address)| (proxy, OnceLock::new(), address)).collect();
        Self { fronts, pair }
    }

    fn of(&self, proxy: ReverseProxy, stage: &Stage) -> &Front {
        let (_, front, address) = self.fronts.iter().find(|(of, ..)| *of == proxy).unwrap();
        let authority = self.pair.sso.listening();
        front.get_or_init(|| stage.block_on(Front::start(proxy, *address, authority)))
    }
}

impl Stage {
    fn fronts(&self) -> &Fronts {
        self.fronts.get_or_init(Fronts::start)
    }

    /// The front of a proxy, started by the first case that needs it.
    pub(super) fn front(&self, proxy: &Installed) -> &Front {
        self.fronts().of(proxy.proxy(), self)
    }

    /// A user of one case, with these permissions, and the user's name.
    pub(super) fn app_user(
        &self,
        proxy: &Installed,
        name: &str,
        permissions: &[&str],
    ) -> (Caller, String) {
        let name = format!("{}-{name}", proxy.peer);
        (self.block_on(self.fronts().pair.user(&name, permissions)), name)
    }

    /// A caller with an API key for the application, and the name of the key.
    pub(super) fn app_key(&self, proxy: &Installed) -> (Caller, String) {
        let (pair, name) = (&self.fronts().pair, format!("{}-key", proxy.peer));
        let created = pair.administer(&["key", "create", &name, "--permission", "app:use"]);
        let key = created.stdout.split_whitespace().find(|word| word.starts_with("ssok_")).unwrap();
        let key = pair.anonymous().with_token(key);
        let is_valid = async || (key.validate().await.status == 200).then_some(());
        self.block_on(until("the key is in force", patience(), is_valid));
        (key, format!("key:{name}"))
    }
}

impl Installed {
    /// The proxy that it is.
    pub(super) fn proxy(&self) -> ReverseProxy {
        match self.peer {
            Peer::Proxy(proxy) => proxy,
            other => panic!("{other} is no proxy"),
        }
    }
}

/// An address of an authority that is down.
pub(super) fn dead_authority() -> SocketAddr {
    free_address(own_host())
}

/// An address on the host that nothing listens on.
fn free_address(host: IpAddr) -> SocketAddr {
    TcpListener::bind((host, 0)).unwrap().local_addr().unwrap()
}
