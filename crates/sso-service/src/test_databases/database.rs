//! A database of a test.

use service_runtime::metrics::Metrics;

use super::{engine::Engine, postgres::new_database};
use crate::{
    sessions::SessionLimits,
    store::{Location, Sharing, Store},
};

/// A new database, for services that run on it one after the other, or at the same time.
pub(crate) struct TestDatabase {
    pub(crate) location: Location,
    /// Its URL, as in the configuration.
    pub(crate) url: String,
    /// Of a file.
    _directory: Option<tempfile::TempDir>,
}

impl TestDatabase {
    /// A file in a directory of its own, or an empty database of the server.
    pub(crate) fn of(engine: Engine) -> Self {
        match engine {
            Engine::Sqlite => {
                let directory = tempfile::tempdir().unwrap();
                let path = directory.path().join("sso.db");
                let url = format!("sqlite://{}", path.display());
                Self { location: Location::File(path), url, _directory: Some(directory) }
            }
            Engine::Postgres => {
                let url = new_database();
                Self { location: Location::server(&url).unwrap(), url, _directory: None }
            }
        }
    }

    /// A store on it.
    pub(crate) async fn store(&self) -> Store {
        let limits = SessionLimits { per_user: 100, total: 100 };
        let metrics = Metrics::default();
        Store::open(&self.location, limits, Sharing::default(), &metrics).await.unwrap()
    }
}
