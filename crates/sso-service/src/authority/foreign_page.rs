//! Requests that a foreign page may have had a browser send.

use super::service::SessionAuthority;
use crate::audit::{Event, Kind, Source};

impl SessionAuthority {
    /// Notes that a request was refused because a foreign page may have had a browser send it: one
    /// of `origin`, if that is known, while `expected` is our own.
    pub(crate) fn foreign_request(&self, origin: Option<&str>, expected: &str, from: Source<'_>) {
        let event = Event::new(Kind::CsrfBlocked, self.clock.now()).at(from);
        self.audit.record(event.sent_by_page_of(origin, expected));
    }
}
