//! What the server writes, and for how long that may wait.

use std::{
    io, mem,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::io::AsyncWrite;

use super::GuardedStream;
use crate::server::{raw_answer::raw_answer, sockets::Acknowledged, unparsed::problem_of};

/// The longest time without progress in sending an answer.
pub(super) const WRITE_TIME: Duration = Duration::from_secs(30);

impl<T: Acknowledged> GuardedStream<T> {
    /// Notes whether a write had to wait, and fails when it has waited for too long.
    fn after_write<R>(
        &mut self,
        written: Poll<io::Result<R>>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<R>> {
        if self.is_exempt != self.state.is_exempt() {
            self.is_exempt = !self.is_exempt;
            self.io.require_acknowledgements(!self.is_exempt);
        }
        self.is_blocked = written.is_pending();
        if !self.is_blocked {
            self.write_deadline.clear();
            return written;
        }
        if self.state.is_aborted() {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        if self.is_exempt {
            self.write_deadline.clear();
            self.state.register_waker(context.waker());
            return Poll::Pending;
        }
        self.write_deadline.poll(WRITE_TIME, context)
    }
}

impl<T: AsyncWrite + Acknowledged + Unpin> GuardedStream<T> {
    fn poll_inner_write(
        &mut self,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write(context, bytes);
        self.after_write(written, context)
    }

    /// Sends the problem instead of `answer`, all of which counts as written then.
    fn poll_problem(
        &mut self,
        context: &mut Context<'_>,
        answer: &[u8],
    ) -> Poll<io::Result<usize>> {
        while !self.problem.is_empty() {
            let problem = mem::take(&mut self.problem);
            let written = self.poll_inner_write(context, &problem);
            let sent = if let Poll::Ready(Ok(sent)) = written { sent } else { 0 };
            self.problem = problem[sent..].to_vec();
            ready!(written)?;
        }
        Poll::Ready(Ok(answer.len()))
    }
}

impl<T: AsyncWrite + Acknowledged + Unpin> AsyncWrite for GuardedStream<T> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if this.problem.is_empty() && this.state.is_untouched() {
            // No request had a part in these bytes.
            if let Some(problem) = problem_of(bytes) {
                this.problem = raw_answer(&problem, this.clock.now());
            }
        }
        if this.problem.is_empty() {
            return this.poll_inner_write(context, bytes);
        }
        this.poll_problem(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let flushed = Pin::new(&mut this.io).poll_flush(context);
        if flushed.is_ready() {
            this.state.has_written();
        }
        this.after_write(flushed, context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let shut = Pin::new(&mut this.io).poll_shutdown(context);
        this.after_write(shut, context)
    }
}
