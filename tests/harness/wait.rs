//! Bounded waiting for a condition.

use std::time::{Duration, Instant};

/// The time limit of a short operation on a busy machine.
pub(crate) const fn patience() -> Duration {
    Duration::from_secs(10)
}

/// Polls until the condition gives a value.
///
/// # Panics
/// When it takes longer than `bound`.
pub(crate) async fn until<T>(
    what: &str,
    bound: Duration,
    mut look: impl AsyncFnMut() -> Option<T>,
) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(started.elapsed() < bound, "{what}: not within {bound:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
