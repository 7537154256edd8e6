//! Forms as OAuth has them (RFC 6749, section 3.2).

use actix_web::{HttpRequest, http::StatusCode, web::Payload};
use service_runtime::http::{Problem, Query, Result};
use zeroize::Zeroizing;

use crate::http::wire::form::read_form;

/// The parameters of a request. Unknown ones are ignored, a repeated one is refused, and one without
/// a value counts as omitted.
pub(super) struct OAuthForm(Query);

impl OAuthForm {
    /// Reads the body of a request.
    ///
    /// # Errors
    /// 400, 408, 413 or 415.
    pub(super) async fn read(request: &HttpRequest, body: Payload) -> Result<Self> {
        read_form(request, body).await.map(Self)
    }

    /// Takes a parameter.
    pub(super) fn take(&mut self, name: &str) -> Option<Zeroizing<String>> {
        self.0.take(name).map(Zeroizing::new).filter(|value| !value.is_empty())
    }

    /// Takes a parameter that has to be there.
    ///
    /// # Errors
    /// 400 when it is missing.
    pub(super) fn required(&mut self, name: &'static str) -> Result<Zeroizing<String>> {
        let missing = || {
            let detail = format!("The parameter {name} is required.");
            Problem::new(StatusCode::BAD_REQUEST, "invalid_request", detail)
        };
        self.take(name).ok_or_else(missing)
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// 400 when a parameter is repeated or is not UTF-8.
    pub(super) fn finish(self) -> Result<()> {
        self.0.finish_ignoring_unknown()
    }
}
