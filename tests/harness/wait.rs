//! Waiting for something, but not for ever.

use std::time::{Duration, Instant};

/// How long anything may take that takes a moment, on a machine that has much else to do.
pub(crate) const fn patience() -> Duration {
    Duration::from_secs(10)
}

/// Looks again and again until there is what is waited for.
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
