//! The instances of a test.

use std::sync::Arc;

use futures_util::future::join_all;
use serde_json::json;

use super::{client::Client, instance::Instance};
use crate::{
    harness::{ADMIN, Ask, patience, plain_client, run_sso, until},
    history::History,
};

/// How many instances are to be started, and how.
#[derive(Debug)]
pub(crate) struct FleetSetup<'a> {
    instances: Vec<(String, Vec<(&'a str, &'a str)>)>,
}

/// The instances. They are stopped when they are dropped, so the database must outlive them.
#[derive(Debug)]
pub(crate) struct Fleet {
    pub(crate) instances: Vec<Instance>,
    /// The database, without faults between.
    database_url: String,
    admin: String,
    pub(crate) history: Arc<History>,
}

impl<'a> FleetSetup<'a> {
    /// So many instances on the database at this URL.
    pub(crate) fn of(count: usize, database_url: &str) -> Self {
        Self { instances: vec![(database_url.to_owned(), Vec::new()); count] }
    }

    /// Another instance, with variables of its own.
    pub(crate) fn and(mut self, database_url: &str, variables: &[(&'a str, &'a str)]) -> Self {
        self.instances.push((database_url.to_owned(), variables.to_vec()));
        self
    }

    /// Starts all at once.
    pub(crate) async fn start(self) -> Fleet {
        let database_url = self.instances[0].0.clone();
        let mut instances: Vec<_> =
            self.instances.iter().map(|(url, variables)| Instance::new(url, variables)).collect();
        join_all(instances.iter_mut().map(Instance::start)).await;
        let admin = admin_token(&instances[0]).await;
        Fleet { instances, database_url, admin, history: Arc::default() }
    }
}

async fn admin_token(instance: &Instance) -> String {
    let body = json!({ "username": ADMIN.0, "password": ADMIN.1 });
    let log_in = plain_client().post(format!("{}/auth/login", instance.url())).json(&body);
    let answer = log_in.ask().await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["token"].as_str().unwrap().to_owned()
}

impl Fleet {
    /// Starts some on a new database.
    pub(crate) async fn start(count: usize, database_url: &str) -> Self {
        FleetSetup::of(count, database_url).start().await
    }

    pub(crate) fn count(&self) -> usize {
        self.instances.len()
    }

    /// A client of all instances, which notes in the common history.
    pub(crate) fn client(&self) -> Client {
        let urls = self.instances.iter().map(Instance::url).collect();
        Client::new(urls, &self.admin, self.history.clone())
    }

    /// Waits until every instance may answer.
    pub(crate) async fn until_ready(&self) {
        join_all(self.instances.iter().map(Instance::until_ready)).await;
    }

    /// Runs a command of the shell on the database, again if it fails: a busy machine may not
    /// connect in time. Gives its output.
    pub(crate) async fn administer(&self, arguments: &[&str]) -> String {
        let arguments: Vec<_> =
            ["admin"].iter().chain(arguments).map(|a| (*a).to_owned()).collect();
        let url = self.database_url.clone();
        let run = move || {
            let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
            run_sso(&arguments, &[("SSO_DATABASE_URL", &url)], "")
        };
        until("the command succeeds", 3 * patience(), async || {
            let ended = tokio::task::spawn_blocking(run.clone()).await.unwrap();
            (ended.code == 0).then_some(ended.stdout)
        })
        .await
    }
}
