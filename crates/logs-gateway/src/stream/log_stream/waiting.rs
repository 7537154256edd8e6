//! Waiting until there is something to give out.

use std::{future::pending, time::Duration};

use futures_util::future::select_all;
use tokio::{
    sync::watch,
    time::{Instant, sleep_until},
};

use super::{FAR_AWAY, LogStream};
use crate::auth::Caller;

/// After this long without anything new a line that is not finished is given out as it is.
const QUIET: Duration = Duration::from_secs(5);
/// How often a stream of records says that it is still there.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// How often a front is told up to when everything was given.
const WATERMARKS: Duration = Duration::from_millis(150);
/// How often a follow of all containers looks for new ones.
const CONTAINERS_LOOK: Duration = Duration::from_secs(1);

/// Why the wait for a log to grow is over.
pub(super) enum WaitEnd {
    Changed,
    /// A container may have appeared.
    Look,
    Quiet,
    /// A front is to be told up to when everything was given.
    Watermark,
    Heartbeat,
    Warning,
    Complete,
    TokenEnd,
}

impl LogStream {
    /// Waits until the log may have grown, or there is something else to do.
    pub(super) async fn wait(&mut self) -> WaitEnd {
        if let Some(next_look) = self.next_look.take() {
            sleep_until(next_look).await;
            if self.holds_lines {
                return WaitEnd::Look;
            }
        }
        let never = || Instant::now() + FAR_AWAY;
        let heartbeat = if self.form.has_words() { self.last_given + HEARTBEAT } else { never() };
        let quiet = if self.is_flushed { never() } else { self.last_given + QUIET };
        let warning = self.warning.due().unwrap_or_else(never);
        let complete = self.complete_at.unwrap_or_else(never);
        let token_end = self.warning.token_end_moved();
        let look = if self.is_joined { Instant::now() + CONTAINERS_LOOK } else { never() };
        let watermark = if self.tells_watermarks { Instant::now() + WATERMARKS } else { never() };
        let changes = self.changes.iter_mut().map(|change| Box::pin(change.changed()));
        tokio::select! {
            biased;
            () = sleep_until(warning) => WaitEnd::Warning,
            () = token_end => WaitEnd::TokenEnd,
            // A log that is written to all the time ends as well.
            () = sleep_until(complete) => WaitEnd::Complete,
            () = sleep_until(heartbeat) => WaitEnd::Heartbeat,
            // What its reader did not look at for long is not quiet for that.
            () = first_of(changes) => WaitEnd::Changed,
            () = other_permissions(&mut self.caller) => WaitEnd::Look,
            () = sleep_until(quiet) => WaitEnd::Quiet,
            () = sleep_until(look) => WaitEnd::Look,
            () = sleep_until(watermark) => WaitEnd::Watermark,
        }
    }
}

/// Waits for the first of these; for ever if there are none.
async fn first_of<F: Future + Unpin>(changes: impl Iterator<Item = F>) {
    let changes: Vec<F> = changes.collect();
    match changes.is_empty() {
        true => pending().await,
        false => drop(select_all(changes).await),
    }
}

/// Waits until the caller may read other pods.
async fn other_permissions(caller: &mut Option<watch::Receiver<Caller>>) {
    if let Some(caller) = caller
        && caller.changed().await.is_ok()
    {
        // To be applied by the next read.
        caller.mark_changed();
    } else {
        // Without a sender the stream is about to end.
        pending::<()>().await;
    }
}
