//! An example while it runs.

use std::{
    env,
    io::{BufRead, BufReader, Read},
    net::SocketAddr,
    process::{Child, Command, Stdio},
    sync::mpsc::{self, Receiver, Sender},
    thread,
    time::Instant,
};

use reqwest::{Client, Response, header::HeaderMap};
use tempfile::TempDir;

use crate::{
    example::Installed,
    harness::{dead_address, patience, plain_client, scratch},
};

/// A running example. When it goes out of scope it is killed.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    address: SocketAddr,
    client: Client,
    output: Receiver<String>,
    _directory: TempDir,
}

/// The part of an answer that all examples have in common.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) challenge: Option<String>,
    pub(crate) retry_after: Option<String>,
    /// The `hello` of a success.
    pub(crate) hello: Option<String>,
}

impl Server {
    /// Starts an example that asks the authority at this URL, and waits until it listens. The
    /// environment names proxies that lead nowhere.
    pub(crate) fn start(installed: &Installed, sso_url: &str) -> Self {
        let directory = scratch();
        let proxy = format!("http://{}", dead_address());
        let proxies = ["http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy", "ALL_PROXY"];
        let mut command = installed.command(directory.path());
        command
            .env_clear()
            .env("PATH", env::var_os("PATH").unwrap_or_default())
            .envs(proxies.map(|name| (name, proxy.as_str())))
            .envs([("SSO_URL", sso_url), ("PORT", "0"), ("PYTHONDONTWRITEBYTECODE", "1")]);
        let (child, output) = spawn(&mut command);
        let mut server = Self {
            child,
            address: dead_address(),
            client: plain_client(),
            output,
            _directory: directory,
        };
        server.address = server.announced_address();
        server
    }

    /// The first address that the example announces.
    fn announced_address(&self) -> SocketAddr {
        let deadline = Instant::now() + 3 * patience();
        let mut said = Vec::new();
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let Ok(line) = self.output.recv_timeout(left) else {
                panic!("the example does not listen: {said:#?}");
            };
            if let Some(address) = address_in(&line) {
                return address;
            }
            said.push(line);
        }
    }

    /// `GET /reports` with these `Authorization` headers.
    pub(crate) async fn ask(&self, authorization: &[&[u8]]) -> Answer {
        let request = self.client.get(format!("http://{}/reports", self.address));
        let request = authorization
            .iter()
            .fold(request, |request, value| request.header("authorization", *value));
        Answer::read(request.send().await.unwrap()).await
    }

    /// Kills the example. Returns what it wrote since it listened.
    pub(crate) fn stop(mut self) -> String {
        self.child.kill().unwrap();
        self.output.iter().map(|line| line + "\n").collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Answer {
    async fn read(response: Response) -> Self {
        let value = |headers: &HeaderMap, name| {
            headers.get(name).map(|value| value.to_str().unwrap().to_owned())
        };
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let hello = match status {
            200 => Some(response.json::<serde_json::Value>().await.unwrap()),
            _ => None,
        };
        Self {
            status,
            challenge: value(&headers, "www-authenticate"),
            retry_after: value(&headers, "retry-after"),
            hello: hello.map(|body| body["hello"].as_str().unwrap().to_owned()),
        }
    }
}

/// The lines of both outputs come through one channel, which is closed when both are.
fn spawn(command: &mut Command) -> (Child, Receiver<String>) {
    let command = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let (sender, lines) = mpsc::channel();
    forward(child.stdout.take().unwrap(), sender.clone());
    forward(child.stderr.take().unwrap(), sender);
    (child, lines)
}

fn forward(output: impl Read + Send + 'static, to: Sender<String>) {
    thread::spawn(move || {
        let lines = BufReader::new(output).lines().map_while(Result::ok);
        let _ = lines.map(|line| to.send(line)).find(Result::is_err);
    });
}

/// `127.0.0.1` with a port, wherever it stands in a line.
fn address_in(line: &str) -> Option<SocketAddr> {
    let address = &line[line.find("127.0.0.1:")?..];
    let is_part = |byte: char| byte.is_ascii_digit() || matches!(byte, '.' | ':');
    address.split(|byte| !is_part(byte)).next()?.parse().ok()
}
