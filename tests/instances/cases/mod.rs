//! The cases, by what goes wrong.

mod database;
mod fail_over;
mod network;
mod outage;
mod processes;
mod refreshes;
mod visibility;

use libtest_mimic::Trial;
use tokio::runtime::Runtime;

use crate::{databases::Postgres, fleet::Fleet, installed, load::Load};

/// All cases. Those that wait longest come first.
pub(crate) fn trials() -> Vec<Trial> {
    [
        processes::trials(),
        database::trials(),
        network::trials(),
        outage::trials(),
        fail_over::trials(),
        visibility::trials(),
        refreshes::trials(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The faults are over: whatever clients know must hold at every instance.
async fn finish(fleet: Fleet, load: Load) {
    fleet.until_ready().await;
    load.settle().await;
    eprintln!("{}", fleet.history.check());
}

/// A case with a runtime of its own, which is skipped if a program is missing.
fn trial<F: Future<Output = ()>>(
    name: &str,
    needed: Result<(), String>,
    case: impl FnOnce() -> F + Send + 'static,
) -> Trial {
    installed::trial(name.to_owned(), needed, |()| Runtime::new().unwrap().block_on(case()))
}

/// Functions without arguments that need PostgreSQL, as cases.
macro_rules! named {
    ($subject:literal, [$($case:ident),* $(,)?] $(,)?) => {
        vec![$($crate::cases::trial(
            concat!($subject, "::", stringify!($case)), $crate::cases::Postgres::installed(), $case,
        )),*]
    };
}
use named;
