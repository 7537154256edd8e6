//! What must hold of a store and the service on it, whatever happens to either.

mod client_instances;
mod clients;
mod limits;
mod mail;
mod minting;
mod moving;
mod notices;
mod refresh_model;
mod restarts;
mod roles;
mod sweeping;
mod unwritable;
mod user_changes;
mod users;

use std::{io, time::Duration};

use shared_types::BearerToken;
use tokio::time::timeout;

use crate::{
    authority::{LoggedIn, LoginError, RefreshError},
    login_guard::TypedCredentials,
    services::CommandServices,
    sessions::{Client, SessionLimits},
    store::Store,
    test_databases::{Engine, TestDatabase, on_both_engines, on_postgres},
    test_service::{HERE, LIFETIMES, LIMITS, PASSWORD, TestService},
    users::PasswordRules,
};

impl TestDatabase {
    async fn start(&self) -> TestService {
        TestService::with(LIFETIMES, LIMITS, &self.location).await
    }

    /// Another process's access.
    async fn open(&self) -> Store {
        Store::open_for_command(&self.location).await.unwrap()
    }

    /// Another process, which administers by the same clock as the service.
    async fn command(&self, service: &TestService) -> CommandServices {
        let (clock, record) = (service.clock.clone(), Box::new(io::sink()));
        let rules = PasswordRules { min_length: 15 };
        CommandServices::assemble(self.open().await, clock, record, rules).unwrap()
    }
}

fn client() -> Client {
    Client::new([127, 0, 0, 1].into(), Some(b"test"))
}

fn bearer(token: &str) -> BearerToken {
    BearerToken::parse(token.as_bytes()).unwrap()
}

async fn log_in(service: &TestService, name: &str) -> LoggedIn {
    service
        .authority
        .login(TypedCredentials { name, password: PASSWORD }, client(), "r")
        .await
        .unwrap()
}

/// Returns when everything that was committed is in memory. The end of a session that makes room for
/// another is answered before that.
async fn catch_up(service: &TestService) {
    service.store.known(|| None::<()>).await.unwrap();
}

/// Logs in without verifying a password.
async fn begin(service: &TestService, name: &str) -> Result<LoggedIn, LoginError> {
    let user = service.store.find_user(&name.parse().unwrap()).await.unwrap().unwrap();
    service.authority.begin_session(user, client(), HERE).await
}

async fn refresh(service: &TestService, logged_in: &LoggedIn) -> Result<LoggedIn, RefreshError> {
    service.authority.refresh(&bearer(logged_in.refresh_token.expose()), HERE).await
}

async fn is_valid(service: &TestService, logged_in: &LoggedIn) -> bool {
    service.authority.validate(&bearer(logged_in.token.expose()), None, HERE).await.is_ok()
}

async fn log_out(service: &TestService, logged_in: &LoggedIn) -> bool {
    service.authority.logout(&bearer(logged_in.token.expose()), HERE).await.is_ok()
}

/// Whether one of these is valid.
async fn any_valid(service: &TestService, logged_in: &[LoggedIn]) -> bool {
    for one in logged_in {
        if is_valid(service, one).await {
            return true;
        }
    }
    false
}

/// Waits until a change by another process is in force here: a second at most.
async fn until(what: &str, check: impl AsyncFn() -> bool) {
    let heard = async {
        while !check().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(Duration::from_secs(1), heard).await.unwrap_or_else(|_| panic!("{what}: not heard of"));
}
