//! A connection that is read no faster than its client takes the answers.

use std::{
    io,
    mem::{self, MaybeUninit},
    pin::Pin,
    rc::Rc,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::{
    admission::Admitted,
    body_rest::BodyRest,
    connection::ConnectionState,
    deadline::{Deadline, HEAD_TIME},
    heads::HeadEnds,
    raw_answer::raw_answer,
    sockets::Acknowledged,
    unparsed::problem_of,
};
use crate::clock::Clock;

/// The longest time without progress in sending an answer.
const WRITE_TIME: Duration = Duration::from_secs(30);
/// Bytes that are read ahead, to learn whether there is something to read.
const LOOK_AHEAD_BYTES: usize = 1024;

/// A stream between a connection and the HTTP server.
///
/// The server reads for as long as there is something to read, keeps each request that it finds
/// while another is being answered, and answers it, whether or not the answers can be sent. So this
/// stream
/// - hands over one head at most, then holds back until the server has had the time to begin;
/// - hands over nothing but the body of a request until that is answered;
/// - hands over nothing while an answer waits to be sent;
/// - fails when an answer waits for [`WRITE_TIME`] without progress, unless the answer has a
///   [`StallExemption`](super::StallExemption), and when a head takes longer than [`HEAD_TIME`].
pub(super) struct GuardedStream<T> {
    io: T,
    state: Rc<ConnectionState>,
    /// Its place among the connections, given back with the stream.
    _admitted: Admitted,
    heads: HeadEnds,
    /// What was read and is held back.
    ahead: BytesMut,
    /// Whether the client's last byte has been read.
    is_at_end: bool,
    /// Whether a head was handed over just now.
    holds_back: bool,
    /// Whether the last write or flush had to wait.
    is_blocked: bool,
    /// Whether the client may leave the answer unread at present.
    is_exempt: bool,
    write_deadline: Deadline,
    head_deadline: Deadline,
    clock: Arc<dyn Clock>,
    /// What is still to be sent of the problem that stands in for a bare answer.
    problem: Vec<u8>,
}

impl<T> GuardedStream<T> {
    pub(super) fn new(io: T, admitted: Admitted, clock: Arc<dyn Clock>) -> Self {
        Self {
            io,
            state: Rc::default(),
            _admitted: admitted,
            heads: HeadEnds::default(),
            ahead: BytesMut::new(),
            is_at_end: false,
            holds_back: false,
            is_blocked: false,
            is_exempt: false,
            write_deadline: Deadline::default(),
            head_deadline: Deadline::default(),
            clock,
            problem: Vec::new(),
        }
    }

    /// The state that the connection shares with its requests.
    pub(super) fn state(&self) -> Rc<ConnectionState> {
        self.state.clone()
    }

    /// Moves the bytes that must be held back out of `buffer`, from `start` on.
    fn hold_back(&mut self, buffer: &mut ReadBuf<'_>, start: usize) {
        let portion = self.heads.portion(&buffer.filled()[start..]);
        let end = start + portion.length;
        self.ahead.extend_from_slice(&buffer.filled()[end..]);
        buffer.set_filled(end);
        self.holds_back = portion.ends_head;
    }

    /// Hands over what was held back, up to the next head's end.
    fn hand_over(&mut self, buffer: &mut ReadBuf<'_>) {
        let length = self.ahead.len().min(buffer.remaining());
        let portion = self.heads.portion(&self.ahead[..length]);
        buffer.put_slice(&self.ahead[..portion.length]);
        self.ahead.advance(portion.length);
        if self.ahead.is_empty() {
            self.ahead = BytesMut::new();
        }
        self.holds_back = portion.ends_head;
    }
}

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

impl<T: AsyncRead + Unpin> GuardedStream<T> {
    /// Hands over nothing, and wakes the task when there is something to hand over.
    fn look_ahead(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.ahead.is_empty() && !self.is_at_end {
            ready!(self.read_ahead(context))?;
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

impl<T: AsyncRead + Unpin> GuardedStream<T> {
    /// Hands over bytes of the present request's body.
    fn poll_body(
        &mut self,
        mut body: BodyRest,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.ahead.is_empty() {
            let length = self.ahead.len().min(buffer.remaining());
            let taken = body.take(&self.ahead[..length]);
            buffer.put_slice(&self.ahead.split_to(taken));
        } else if !self.is_at_end {
            let start = buffer.filled().len();
            ready!(Pin::new(&mut self.io).poll_read(context, buffer))?;
            self.is_at_end = buffer.filled().len() == start;
            let end = start + body.take(&buffer.filled()[start..]);
            self.ahead.extend_from_slice(&buffer.filled()[end..]);
            buffer.set_filled(end);
        }
        self.state.set_body(body);
        Poll::Ready(Ok(()))
    }

    /// Hands over nothing but the end of the connection, and wakes the task when the present request
    /// is answered.
    fn poll_end(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.ahead.len() < LOOK_AHEAD_BYTES && !self.is_at_end {
            if self.read_ahead(context)?.is_pending() {
                break;
            }
        }
        if !self.ahead.is_empty() {
            self.state.register_waker(context.waker());
            return Poll::Pending;
        }
        if self.is_at_end { Poll::Ready(Ok(())) } else { Poll::Pending }
    }

    /// Reads what has arrived, at most [`LOOK_AHEAD_BYTES`], and holds it back.
    fn read_ahead(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut space = [MaybeUninit::uninit(); LOOK_AHEAD_BYTES];
        let mut buffer = ReadBuf::uninit(&mut space);
        ready!(Pin::new(&mut self.io).poll_read(context, &mut buffer))?;
        self.is_at_end = buffer.filled().is_empty();
        self.ahead.extend_from_slice(buffer.filled());
        Poll::Ready(Ok(()))
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for GuardedStream<T> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.is_blocked {
            // The pending write wakes the task.
            return Poll::Pending;
        }
        if mem::take(&mut this.holds_back) {
            return this.look_ahead(context);
        }
        if !this.state.is_idle() {
            return match this.state.body() {
                BodyRest::Nothing => this.poll_end(context),
                body => this.poll_body(body, context, buffer),
            };
        }
        if !this.ahead.is_empty() {
            this.hand_over(buffer);
        } else if !this.is_at_end {
            let start = buffer.filled().len();
            match Pin::new(&mut this.io).poll_read(context, buffer) {
                Poll::Ready(Ok(())) => this.hold_back(buffer, start),
                Poll::Pending if this.state.awaits_head() => {
                    return this.head_deadline.poll(HEAD_TIME, context);
                }
                other => return other,
            }
        }
        if !this.state.awaits_head() {
            this.head_deadline.clear();
        }
        this.state.has_received();
        Poll::Ready(Ok(()))
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

#[cfg(test)]
mod tests;
