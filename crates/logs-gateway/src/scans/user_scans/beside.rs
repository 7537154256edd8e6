//! Work that a reading has done beside it.

use service_runtime::telemetry::RequestSpan;

use super::UserScans;

/// How many scans of a user may wait when another one begins beside a reading.
const MAX_WAITING_BESIDE: usize = 4;

impl UserScans {
    /// Does work for a reading beside it, when the user's turn comes; false if others wait.
    pub(super) fn run_beside(&self, work: Box<dyn FnOnce() + Send>) -> bool {
        let Some(threads) = &self.scans.threads else { return false };
        let Ok((wanted, turn)) = self.enqueue(MAX_WAITING_BESIDE) else { return false };
        let user = self.clone();
        threads.spawn(RequestSpan::current().instrument(async move {
            let _ = turn.await;
            if let Err(error) = user.run(wanted, work).await {
                tracing::debug!(%error, "a search beside a reading failed");
            }
        }));
        true
    }
}

#[cfg(test)]
mod tests {
    use pod_logs::pace;
    use tokio::task::yield_now;

    use crate::scans::user_scans::Scans;

    /// Asks for work beside it, and waits for that as a reading has to.
    fn with_work_beside() -> bool {
        let (done, is_done) = std::sync::mpsc::channel();
        let work = move || {
            let _ = done.send(());
        };
        if !pace::beside(work) {
            return false;
        }
        while is_done.try_recv().is_err() {
            pace::step().unwrap();
        }
        true
    }

    #[tokio::test]
    async fn work_beside_a_reading_takes_turns_with_it_at_the_only_place() {
        let scans = Scans::new(1).unwrap();
        assert!(scans.of_user("ada").request(with_work_beside).await.unwrap());
        while scans.schedule.len() > 0 {
            yield_now().await;
        }
    }
}
