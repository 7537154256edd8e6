//! Deadlines for steps of a connection.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::time::{Instant, Sleep, sleep_until};

/// How long a TLS handshake, and then the head of each request, may take.
pub(super) const HEAD_TIME: Duration = Duration::from_secs(5);

/// A deadline that is restarted and cleared often.
#[derive(Default)]
pub(super) struct Deadline {
    /// When it began.
    since: Option<Instant>,
    /// Kept when it is over: most writes wait for a moment only.
    timer: Option<Pin<Box<Sleep>>>,
}

impl Deadline {
    pub(super) fn clear(&mut self) {
        self.since = None;
    }

    /// Fails once `limit` has passed since the first poll, and wakes the task then.
    pub(super) fn poll<R>(
        &mut self,
        limit: Duration,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<R>> {
        let due = *self.since.get_or_insert_with(Instant::now) + limit;
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(due)));
        loop {
            ready!(timer.as_mut().poll(context));
            if timer.deadline() >= due {
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
            timer.as_mut().reset(due);
        }
    }
}
