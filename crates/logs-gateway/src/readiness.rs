//! Whether the gateway can do its work: a gateway that cannot look up logs wants no requests.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use service_runtime::ops::Readiness;
use tokio::{
    task::spawn_blocking,
    time::{sleep, timeout},
};
use tracing::Span;

use crate::pods::PodCatalogs;

/// How often the log directory is checked.
const CHECK_EVERY: Duration = Duration::from_secs(1);
/// How long a check may take: the file system of a dead server never answers.
const PATIENCE: Duration = Duration::from_secs(2);

/// Keeps [`Readiness`] true to whether logs can be looked up.
pub(crate) async fn keep_readiness(pods: PodCatalogs, readiness: Readiness) {
    let is_available = Arc::new(AtomicBool::new(true));
    let condition = is_available.clone();
    let is_met = move || condition.load(Ordering::Relaxed);
    readiness.require(pods.source_unavailable(), is_met);
    loop {
        let (checking, span) = (pods.clone(), Span::current());
        let mut check = spawn_blocking(move || span.in_scope(|| checking.check()));
        let checked = match timeout(PATIENCE, &mut check).await {
            Ok(checked) => checked,
            Err(_) => {
                is_available.store(false, Ordering::Relaxed);
                // Another check would hang as well.
                check.await
            }
        };
        let failure = match checked {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(error.to_string()),
            Err(error) => Some(error.to_string()),
        };
        let was_available = is_available.swap(failure.is_none(), Ordering::Relaxed);
        if let Some(error) = failure
            && was_available
        {
            tracing::warn!(error, "cannot look up logs; not ready");
        }
        sleep(CHECK_EVERY).await;
    }
}
