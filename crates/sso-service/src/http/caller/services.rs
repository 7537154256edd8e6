//! The services that extractors of callers ask.

use actix_web::{HttpRequest, web::Data};
use service_runtime::http::{Problem, Result};

use crate::{authority::SessionAuthority, site::Site};

/// The authority and the site of the app.
///
/// # Errors
/// 500 when the app was put together without them.
pub(super) fn services(request: &HttpRequest) -> Result<(&Data<SessionAuthority>, &Data<Site>)> {
    let authority = request.app_data::<Data<SessionAuthority>>();
    authority
        .zip(request.app_data::<Data<Site>>())
        .ok_or_else(|| Problem::internal("the app lacks the authority or the site"))
}
