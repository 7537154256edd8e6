//! The callers of this service.

use actix_web::{Error, FromRequest, HttpRequest, dev::Payload, web::Data};
use futures_util::future::LocalBoxFuture;

use crate::authority::Authority;

/// A caller with the permission `reports:read`. A handler that takes one serves no others.
#[derive(serde::Deserialize)]
pub(crate) struct Reader {
    pub(crate) username: String,
}

impl FromRequest for Reader {
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let (authority, request) = (Data::<Authority>::extract(request), request.clone());
        Box::pin(async move { authority.await?.ask("reports:read", &request).await })
    }
}
