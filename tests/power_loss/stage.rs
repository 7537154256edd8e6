//! What all seeds share: the layer, and a database to begin with.

use std::{fs, path::Path};

use tempfile::TempDir;

use crate::{
    clients::Population,
    harness::{run_sso, scratch},
    layer::Layer,
    service::Home,
};

/// How many sessions each user has at the beginning, by log-in and minted.
const LOG_INS: usize = 8;
const MINTED: &str = "24";

/// What all seeds share.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) layer: Layer,
    population: Population,
    home: Home,
    _directory: TempDir,
}

impl Stage {
    /// Compiles the layer and lets users log in on a new database.
    pub(crate) fn new(compiler: &Path) -> Self {
        let directory = scratch();
        let layer = Layer::compile(compiler, directory.path());
        let home = Home::new(directory.path());
        let population = populate(&home);
        Self { layer, population, home, _directory: directory }
    }

    /// Lays the database into another home. Returns its users.
    pub(crate) fn lay(&self, home: &Home) -> Population {
        for file in fs::read_dir(self.home.database_directory()).unwrap() {
            let file = file.unwrap();
            fs::copy(file.path(), home.database_directory().join(file.file_name())).unwrap();
        }
        self.population.clone()
    }
}

fn populate(home: &Home) -> Population {
    let mut service = home.start(None).unwrap();
    let mut population = Population::default();
    let api = service.api();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        population.complete(&api).await.unwrap();
        population.log_in(&api, LOG_INS).await.unwrap();
    });
    service.terminate();
    assert!(service.end().status.success(), "{}", service.log());
    population.add_minted(|name| mint(home, name));
    population
}

fn mint(home: &Home, name: &str) -> String {
    let arguments =
        ["admin", "sessions", "mint", "--user", name, "--count", MINTED, "--ttl", "24h"];
    let ended = run_sso(&arguments, &[("SSO_DATABASE_URL", &home.database_url())], "");
    assert_eq!(ended.code, 0, "{ended:?}");
    ended.stdout
}
