//! Bodies that end with the token of their caller.
//!
//! A server polls a body only while the client takes bytes, so the body of a paused client cannot
//! notice its own end. A task beside the body waits for the end instead, and then drops the
//! content.

use std::{
    cell::{Cell, RefCell},
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Waker, ready},
    time::Duration,
};

use actix_web::{rt, web::Bytes};
use futures_util::{Stream, StreamExt, future::LocalBoxFuture, stream::LocalBoxStream};
use service_runtime::{server::StallExemption, telemetry::RequestSpan};
use tokio::{task::JoinHandle, time::sleep};

use crate::end_reason::EndReason;

/// How long a client has to take the last bytes after the lease has ended.
const LAST_BYTES: Duration = Duration::from_secs(1);

/// When a lease ends, and what happens to the connection then.
pub(in crate::http) struct LeaseTerms {
    /// Ready with the reason when the lease ends.
    pub(in crate::http) end: LocalBoxFuture<'static, EndReason>,
    /// Lets the client pause until then; a second later its connection is closed if it still
    /// pauses. Without it the client may pause no longer than with any other answer.
    pub(in crate::http) exemption: Option<StallExemption>,
}

/// Writes the last bytes of a body whose lease has ended for this reason.
pub(in crate::http) type EarlyEnd<E> = Box<dyn FnOnce(EndReason) -> Option<Result<Bytes, E>>>;

/// A body whose content is dropped when its lease ends, whether or not the body is polled.
pub(in crate::http) struct Leased<E> {
    lease: Rc<Lease<E>>,
    /// `None` once it was called.
    early_end: Option<EarlyEnd<E>>,
    watch: JoinHandle<()>,
}

struct Lease<E> {
    /// `None` after its end, and after the end of the lease.
    content: RefCell<Option<LocalBoxStream<'static, Result<Bytes, E>>>>,
    /// Why the lease ended.
    reason: Cell<Option<EndReason>>,
    /// Wakes the task that polls the body.
    waker: Cell<Option<Waker>>,
}

impl<E: 'static> Leased<E> {
    /// A body of this content until the lease ends. Must be called on a worker of the server, whose
    /// tasks share a thread.
    pub(in crate::http) fn new(
        content: impl Stream<Item = Result<Bytes, E>> + 'static,
        terms: LeaseTerms,
        early_end: EarlyEnd<E>,
    ) -> Self {
        let lease = Rc::new(Lease {
            content: RefCell::new(Some(content.boxed_local())),
            reason: Cell::new(None),
            waker: Cell::new(None),
        });
        let watched = lease.clone();
        let watch = rt::spawn(RequestSpan::current().instrument(async move {
            watched.end(terms.end.await);
            if let Some(exemption) = terms.exemption {
                sleep(LAST_BYTES).await;
                exemption.abort();
            }
        }));
        Self { lease, early_end: Some(early_end), watch }
    }
}

impl<E> Lease<E> {
    fn end(&self, reason: EndReason) {
        self.reason.set(Some(reason));
        let content = self.content.borrow_mut().take();
        drop(content);
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

impl<E> Stream for Leased<E> {
    type Item = Result<Bytes, E>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(reason) = self.lease.reason.get() {
            return Poll::Ready(self.early_end.take().and_then(|write| write(reason)));
        }
        self.lease.waker.set(Some(context.waker().clone()));
        let mut content = self.lease.content.borrow_mut();
        let Some(bytes) = content.as_mut() else {
            return Poll::Ready(None);
        };
        let next = ready!(bytes.poll_next_unpin(context));
        if next.is_none() {
            *content = None;
        }
        Poll::Ready(next)
    }
}

impl<E> Drop for Leased<E> {
    fn drop(&mut self) {
        self.watch.abort();
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use futures_util::{FutureExt, stream};
    use tokio::sync::oneshot;

    use super::*;

    type Body = Leased<Infallible>;

    fn terms(ended: oneshot::Receiver<EndReason>) -> LeaseTerms {
        LeaseTerms { end: ended.map(|reason| reason.unwrap()).boxed_local(), exemption: None }
    }

    /// A body that never ends by itself, a value that it holds, and the end of its lease.
    fn body() -> (Body, Rc<()>, oneshot::Sender<EndReason>) {
        let held = Rc::new(());
        let (end, ended) = oneshot::channel();
        let content = stream::unfold(held.clone(), |held| async move {
            Some((Ok(Bytes::from_static(b"line\n")), held))
        });
        let early_end = |reason| Some(Ok(Bytes::from(format!("{reason:?}"))));
        (Leased::new(content, terms(ended), Box::new(early_end)), held, end)
    }

    async fn next(body: &mut Body) -> Option<Bytes> {
        body.next().await.map(|Ok(bytes)| bytes)
    }

    #[actix_web::test]
    async fn the_end_of_the_lease_drops_the_content_of_a_body_that_is_not_polled() {
        let (mut body, held, end) = body();
        assert_eq!(next(&mut body).await.unwrap(), "line\n");
        end.send(EndReason::Expired).unwrap();
        while Rc::strong_count(&held) > 1 {
            tokio::task::yield_now().await;
        }
        assert_eq!(next(&mut body).await.unwrap(), "Expired");
        assert_eq!(next(&mut body).await, None);
    }

    #[actix_web::test]
    async fn the_end_of_the_lease_wakes_a_body_that_waits() {
        let (end, ended) = oneshot::channel();
        let silent = stream::pending::<Result<Bytes, Infallible>>();
        let mut body = Leased::new(silent, terms(ended), Box::new(|_| None));
        let waiting = rt::spawn(async move { next(&mut body).await });
        tokio::task::yield_now().await;
        end.send(EndReason::Revoked).unwrap();
        assert_eq!(waiting.await.unwrap(), None);
    }

    #[actix_web::test]
    async fn the_task_ends_with_its_body() {
        let (body, held, mut end) = body();
        drop(body);
        end.closed().await;
        assert_eq!(Rc::strong_count(&held), 1);
    }
}
