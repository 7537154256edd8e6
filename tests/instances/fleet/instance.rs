//! One instance, which a test may kill, pause and start again.

use std::{
    net::{SocketAddr, TcpListener},
    time::Duration,
};

use reqwest::Client;
use tempfile::TempDir;

use crate::{
    databases::own_host,
    harness::{
        ADMIN, Service, binaries::binaries, command::clean, plain_client, scratch,
        secrets::Secrets, until,
    },
};

/// How long an instance may need until it is ready again after a fault is over.
const RECOVERY: Duration = Duration::from_secs(30);

/// A process of sso-service, or its place while there is none. It always listens at the same
/// address.
#[derive(Debug)]
pub(crate) struct Instance {
    variables: Vec<(String, String)>,
    address: SocketAddr,
    service: Option<Service>,
    directory: TempDir,
    http: Client,
}

impl Instance {
    /// Prepares one on the database at this URL.
    pub(super) fn new(database_url: &str, further: &[(&str, &str)]) -> Self {
        let address = TcpListener::bind((own_host(), 0)).unwrap().local_addr().unwrap();
        let listen = address.to_string();
        let mut variables = vec![
            ("SSO_LISTEN", &*listen),
            ("SSO_OPS_LISTEN", "127.0.0.1:0"),
            ("SSO_DATABASE_URL", database_url),
            ("SSO_ADMIN_USERNAME", ADMIN.0),
            ("SSO_ADMIN_PASSWORD", ADMIN.1),
            ("SSO_TOKEN_TTL", "24h"),
            ("SSO_REFRESH_TTL", "24h"),
            ("SSO_MAX_SESSIONS_PER_USER", "100000"),
        ];
        variables.extend(further);
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let variables = variables.iter().map(owned).collect();
        Self { variables, address, service: None, directory: scratch(), http: plain_client() }
    }

    /// The base of its URLs.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    fn service(&self) -> &Service {
        self.service.as_ref().unwrap()
    }

    /// Starts it and waits until it listens.
    pub(crate) async fn start(&mut self) {
        let command = clean(&binaries().sso_service, self.directory.path(), &self.variables);
        let start = move || Service::start(command, &Secrets::default());
        self.service = Some(tokio::task::spawn_blocking(start).await.unwrap());
    }

    /// Kills it, like a crash.
    pub(crate) fn kill(&mut self) {
        self.service.as_mut().unwrap().kill();
        self.service = None;
    }

    /// Stops it as an operator does. It must end by itself, without an error.
    pub(crate) async fn stop(&mut self) {
        let mut service = self.service.take().unwrap();
        service.terminate();
        service.ending().await;
    }

    /// Pauses all of its threads.
    pub(crate) async fn pause(&self) {
        self.service().pause().await;
    }

    /// Continues all of its threads.
    pub(crate) fn resume(&self) {
        self.service().resume();
    }

    /// Waits until it may answer.
    pub(crate) async fn until_ready(&self) {
        let ready = format!("http://{}/readyz", self.service().ops());
        until("the instance is ready", RECOVERY, async || {
            let answer = self.http.get(&ready).send().await.ok()?;
            (answer.status() == 200).then_some(())
        })
        .await;
    }
}
