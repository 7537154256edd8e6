//! The state that a connection shares with the requests on it.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    task::Waker,
};

use actix_web::HttpRequest;

use super::body_rest::BodyRest;

/// Shared by a connection's stream and its requests, all on one worker.
#[derive(Debug, Default)]
pub(crate) struct ConnectionState {
    /// Whether the client showed a certificate of a trusted client.
    has_trusted_certificate: Cell<bool>,
    /// Requests whose answers are not complete.
    exchanges: Cell<usize>,
    /// The part of the present request's body that was not handed over.
    body: Cell<BodyRest>,
    /// Whether bytes have arrived that belong to no request so far.
    has_unclaimed: Cell<bool>,
    /// Whether a request has begun or ended since the last complete write.
    is_touched: Cell<bool>,
    exemptions: Cell<usize>,
    /// Whether an answer that waits to be sent is to be dropped.
    is_aborted: Cell<bool>,
    /// Wakes the connection's task.
    waker: RefCell<Option<Waker>>,
}

impl ConnectionState {
    /// Counts a request with this body until its answer is complete.
    pub(crate) fn begin(self: &Rc<Self>, body: BodyRest) -> Exchange {
        self.body.set(body);
        self.exchanges.set(self.exchanges.get() + 1);
        self.has_unclaimed.set(false);
        self.is_touched.set(true);
        Exchange(self.clone())
    }

    /// Whether no request is being answered.
    /// Notes that the client showed a certificate of a trusted client.
    pub(super) fn trust_certificate(&self) {
        self.has_trusted_certificate.set(true);
    }

    /// Whether the client showed a certificate of a trusted client.
    pub(crate) fn has_trusted_certificate(&self) -> bool {
        self.has_trusted_certificate.get()
    }

    pub(super) fn is_idle(&self) -> bool {
        self.exchanges.get() == 0
    }

    /// The part of the present request's body that was not handed over.
    pub(super) fn body(&self) -> BodyRest {
        self.body.get()
    }

    pub(super) fn set_body(&self, rest: BodyRest) {
        self.body.set(rest);
    }

    pub(super) fn has_received(&self) {
        if self.is_idle() {
            self.has_unclaimed.set(true);
        }
    }

    /// Whether the connection waits for the rest of a head.
    pub(super) fn awaits_head(&self) -> bool {
        self.is_idle() && self.has_unclaimed.get()
    }

    /// Whether no request had a part in what is to be written next.
    pub(super) fn is_untouched(&self) -> bool {
        self.is_idle() && !self.is_touched.get()
    }

    pub(super) fn has_written(&self) {
        if self.is_idle() {
            self.is_touched.set(false);
        }
    }

    /// Suspends the deadline for writing.
    pub(super) fn exempt(self: &Rc<Self>) -> StallExemption {
        self.exemptions.set(self.exemptions.get() + 1);
        StallExemption(Some(self.clone()))
    }

    pub(super) fn is_exempt(&self) -> bool {
        self.exemptions.get() > 0
    }

    pub(super) fn is_aborted(&self) -> bool {
        self.is_aborted.get()
    }

    /// Registers this task to be woken when the last exemption or the present exchange ends.
    pub(super) fn register_waker(&self, waker: &Waker) {
        let mut kept = self.waker.borrow_mut();
        match &mut *kept {
            Some(kept) => kept.clone_from(waker),
            None => *kept = Some(waker.clone()),
        }
    }

    fn wake(&self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

/// A request whose answer is not complete.
#[derive(Debug)]
pub(crate) struct Exchange(Rc<ConnectionState>);

impl Drop for Exchange {
    fn drop(&mut self) {
        self.0.exchanges.set(self.0.exchanges.get() - 1);
        self.0.is_touched.set(true);
        self.0.wake();
    }
}

/// Suspends the write deadline of a connection while it lives: the client may leave an answer
/// unread.
#[derive(Debug)]
pub struct StallExemption(Option<Rc<ConnectionState>>);

impl StallExemption {
    /// For the connection that a request came by.
    #[must_use]
    pub fn of(request: &HttpRequest) -> Self {
        let connection = request.conn_data::<Rc<ConnectionState>>();
        // In tests without a server there is none.
        connection.map_or(Self(None), ConnectionState::exempt)
    }
}

impl StallExemption {
    /// Closes the connection if an answer waits to be sent: its client may not have the rest.
    pub fn abort(self) {
        if let Some(connection) = &self.0 {
            connection.is_aborted.set(true);
        }
    }
}

impl Drop for StallExemption {
    fn drop(&mut self) {
        let Some(connection) = &self.0 else {
            return;
        };
        connection.exemptions.set(connection.exemptions.get() - 1);
        if !connection.is_exempt() {
            connection.wake();
        }
    }
}
