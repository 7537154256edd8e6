//! The span of a request: the labels that each log line about the request has.
//!
//! It is no span of `tracing`, which formats the fields of each span when it begins: that takes a
//! fifth of the instructions of a validation. These labels are formatted when a line is written.

use std::{
    cell::RefCell,
    future::poll_fn,
    net::IpAddr,
    pin::pin,
    sync::{Arc, OnceLock},
};

use actix_web::http::Method;
use tracing::Level;

thread_local! {
    /// The request that this thread works for.
    static CURRENT: RefCell<RequestSpan> = const { RefCell::new(RequestSpan(None)) };
}

/// The request that some work is done for, or none.
///
/// The [edge](crate::http::Edge) opens one for each request. Work that moves to another thread or
/// task takes it along: `spawn(RequestSpan::current().instrument(future))`.
#[derive(Debug, Clone, Default)]
pub struct RequestSpan(Option<Arc<RequestLabels>>);

/// The data about a request that each log line about it has.
#[derive(Debug)]
pub(crate) struct RequestLabels {
    pub(crate) request_id: Arc<str>,
    /// The pattern that matched, never the path itself.
    pub(crate) route: Option<Arc<str>>,
    pub(crate) method: Method,
    pub(crate) client: IpAddr,
    /// Known once the caller is authenticated.
    pub(crate) user: OnceLock<Arc<str>>,
}

impl RequestSpan {
    pub(crate) fn open(labels: RequestLabels) -> Self {
        Self(Some(Arc::new(labels)))
    }

    /// The request that the calling code works for.
    #[must_use]
    pub fn current() -> Self {
        CURRENT.with_borrow(Clone::clone)
    }

    /// Names the user that the request comes from. The first name counts.
    pub fn record_user(&self, user: impl Into<Arc<str>>) {
        if let Some(labels) = &self.0 {
            let _ = labels.user.set(user.into());
        }
    }

    /// Names the user where only lines for debugging may follow. At other levels it costs no copy
    /// of the name.
    pub fn record_user_for_debugging(&self, user: &str) {
        if tracing::enabled!(Level::DEBUG) {
            self.record_user(user);
        }
    }

    /// Does work for the request.
    pub fn in_scope<T>(&self, work: impl FnOnce() -> T) -> T {
        let _entered = SpanGuard { outer: CURRENT.replace(self.clone()) };
        work()
    }

    /// A future that works for the request.
    pub async fn instrument<F: Future>(self, future: F) -> F::Output {
        let mut future = pin!(future);
        poll_fn(|context| self.in_scope(|| future.as_mut().poll(context))).await
    }

    /// The pattern of the route that matched.
    pub(crate) fn route(&self) -> Option<&str> {
        self.labels()?.route.as_deref()
    }

    pub(super) fn labels(&self) -> Option<&RequestLabels> {
        self.0.as_deref()
    }
}

/// Restores the span around, also after a panic.
struct SpanGuard {
    outer: RequestSpan,
}

impl Drop for SpanGuard {
    fn drop(&mut self) {
        CURRENT.set(std::mem::take(&mut self.outer));
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::{net::Ipv4Addr, thread};

    use super::*;

    /// A request with this id.
    pub(crate) fn request(id: &str) -> RequestSpan {
        RequestSpan::open(RequestLabels {
            request_id: id.into(),
            route: Some("/logs/{pod}".into()),
            method: Method::GET,
            client: Ipv4Addr::LOCALHOST.into(),
            user: OnceLock::new(),
        })
    }

    fn current_id() -> Option<String> {
        RequestSpan::current().labels().map(|labels| labels.request_id.to_string())
    }

    #[test]
    fn scopes_are_nested_and_end_with_a_panic() {
        request("outer").in_scope(|| {
            let inner = request("inner");
            let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                inner.in_scope(|| panic!("{:?}", current_id()))
            }));
            assert!(panicked.is_err());
            assert_eq!(current_id().as_deref(), Some("outer"));
        });
        assert_eq!(current_id(), None);
    }

    #[tokio::test]
    async fn a_future_works_for_its_request_wherever_it_runs() {
        let work = async {
            tokio::task::yield_now().await;
            let span = RequestSpan::current();
            thread::spawn(move || span.in_scope(current_id)).join().unwrap()
        };
        let spawned = tokio::spawn(request("a").instrument(work));
        assert_eq!(spawned.await.unwrap().as_deref(), Some("a"));
        assert_eq!(current_id(), None);
    }
}
