//! Waiting until nodes say more, or there is something else to do.

use std::{
    future::{pending, poll_fn},
    time::Duration,
};

use tokio::time::{Instant, sleep_until};

use super::MergedNodes;

/// How often a stream of records says that it is still there.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// How often a follow looks for nodes that appear.
const NODES_LOOK: Duration = Duration::from_secs(1);
/// Little that comes within this time of what came before is given out with what comes after it, so
/// that lines of many nodes share a checkpoint.
const GATHER: Duration = Duration::from_millis(50);
/// What counts as little, in bytes.
const LITTLE_BYTES: usize = 4096;
/// Longer than any stream lasts.
const FAR_AWAY: Duration = Duration::from_secs(365 * 24 * 3600);

/// Why a wait is over.
pub(super) enum WaitEnd {
    /// Nodes have said more, or a line is due, or a warning, or other permissions hold.
    Received,
    Heartbeat,
    /// Nodes may have appeared.
    Look,
}

impl MergedNodes {
    /// Waits until there is something to do.
    pub(super) async fn wait(&mut self) -> WaitEnd {
        if self.reading.is_live() && self.last_length < LITTLE_BYTES {
            sleep_until(self.last_given + GATHER).await;
        }
        let never = || Instant::now() + FAR_AWAY;
        let heartbeat = if self.form.has_words() { self.last_given + HEARTBEAT } else { never() };
        let look = if self.follows { self.last_look + NODES_LOOK } else { never() };
        let warning = self.warning.due().unwrap_or_else(never);
        let now = self.clock.now();
        let line = self.reading.due().map(|due| (due - now).to_std().unwrap_or_default());
        let line = line.map_or_else(never, |wait| Instant::now() + wait);
        let mut token_warning = std::mem::take(&mut self.warning);
        let mut caller = self.caller.take();
        let mut has_other_permissions = false;
        let end = {
            let other_permissions = async {
                let changed = match &mut caller {
                    Some(caller) => caller.changed().await.is_ok(),
                    None => false,
                };
                if !changed {
                    pending::<()>().await;
                }
            };
            tokio::select! {
                biased;
                () = sleep_until(warning) => WaitEnd::Received,
                () = token_warning.token_end_moved() => WaitEnd::Received,
                () = sleep_until(heartbeat) => WaitEnd::Heartbeat,
                () = sleep_until(look) => WaitEnd::Look,
                () = other_permissions => {
                    has_other_permissions = true;
                    WaitEnd::Received
                }
                _ = poll_fn(|context| self.poll_links(context)) => WaitEnd::Received,
                () = sleep_until(line) => WaitEnd::Received,
            }
        };
        if let Some(caller) = caller.as_mut().filter(|_| has_other_permissions) {
            // To be applied before anything else is written.
            caller.mark_changed();
        }
        (self.warning, self.caller) = (token_warning, caller);
        end
    }
}
