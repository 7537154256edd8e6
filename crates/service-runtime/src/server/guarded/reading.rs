//! What the server is given to read.

use std::{
    io,
    mem::{self, MaybeUninit},
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, ReadBuf};

use super::GuardedStream;
use crate::server::{body_rest::BodyRest, deadline::HEAD_TIME};

/// Bytes that are read ahead, to learn whether there is something to read.
pub(super) const LOOK_AHEAD_BYTES: usize = 1024;

impl<T> GuardedStream<T> {
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
        self.drop_ahead(portion.length);
        self.holds_back = portion.ends_head;
    }

    /// Drops bytes that were handed over.
    fn drop_ahead(&mut self, length: usize) {
        self.ahead.advance(length);
        if self.ahead.is_empty() {
            self.ahead = BytesMut::new();
        }
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
            buffer.put_slice(&self.ahead[..taken]);
            self.drop_ahead(taken);
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
