//! The databases of the harness do what tests ask of them.

mod network;
mod pooler;
mod postgres;
mod redis;
mod sentinels;
mod service;

use std::time::Duration;

use libtest_mimic::Trial;
use tokio::{runtime::Runtime, time::timeout};

use crate::installed;

/// The cases of every database. Those that wait longest come first.
pub(crate) fn trials() -> Vec<Trial> {
    [
        sentinels::trials(),
        postgres::trials(),
        pooler::trials(),
        redis::trials(),
        network::trials(),
        service::trials(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// A case with a runtime of its own, which is skipped if a program is missing.
pub(crate) fn trial<F: Future<Output = ()>>(
    name: &str,
    needed: Result<(), String>,
    case: impl FnOnce() -> F + Send + 'static,
) -> Trial {
    installed::trial(name.to_owned(), needed, |()| Runtime::new().unwrap().block_on(case()))
}

/// Whether something takes longer than it does on a network and a server without faults.
async fn is_late(task: impl Future) -> bool {
    timeout(Duration::from_millis(300), task).await.is_err()
}

/// Functions without arguments, as cases of a database.
macro_rules! named {
    ($database:literal, $needed:expr, [$($case:ident),* $(,)?] $(,)?) => {
        vec![$($crate::stores::trial(
            concat!("stores::", $database, "::", stringify!($case)), $needed, $case,
        )),*]
    };
}
pub(crate) use named;
