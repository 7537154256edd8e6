//! Forms as OAuth has them (RFC 6749, section 3.2).

use actix_web::{HttpRequest, web::Payload};
use service_runtime::http::{Query, Result};
use zeroize::Zeroizing;

use super::errors::refused;
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
        let mut form = read_form(request, body).await?;
        form.check()?;
        Ok(Self(form))
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
        let missing = || refused("invalid_request", format!("The parameter {name} is required."));
        self.take(name).ok_or_else(missing)
    }
}
