//! A connection that is read no faster than its client takes the answers.

mod reading;
mod writing;

use std::{rc::Rc, sync::Arc};

use bytes::BytesMut;

use super::{
    admission::Admitted, connection::ConnectionState, deadline::Deadline, heads::HeadEnds,
};
use crate::clock::Clock;

/// A stream between a connection and the HTTP server.
///
/// The server reads for as long as there is something to read, keeps each request that it finds
/// while another is being answered, and answers it, whether or not the answers can be sent. So this
/// stream
/// - hands over one head at most, then holds back until the server has had the time to begin;
/// - hands over nothing but the body of a request until that is answered;
/// - hands over nothing while an answer waits to be sent;
/// - fails when an answer waits for [`WRITE_TIME`](writing::WRITE_TIME) without progress, unless the answer has a
///   [`StallExemption`](super::StallExemption), and when a head takes longer than [`HEAD_TIME`](super::deadline::HEAD_TIME).
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
}

#[cfg(test)]
mod tests;
