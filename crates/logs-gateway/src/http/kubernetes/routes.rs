//! How routes of the Kubernetes API are registered: with its authentication and its errors.

use actix_web::{Resource, dev::HttpServiceFactory, middleware::from_fn, web};
use service_runtime::http::RouteRow;

use super::{
    authenticate::authenticate,
    status::{Result, StatusError},
};

/// The routes below a path, all of which need a token.
pub(in crate::http) fn scope(
    path: &'static str,
    rows: impl Iterator<Item = RouteRow>,
) -> impl HttpServiceFactory {
    let resources = rows.map(|row| {
        let path_in_scope = row.path().strip_prefix(path).unwrap_or(row.path());
        resource(path_in_scope, row)
    });
    web::scope(path)
        .wrap(from_fn(authenticate))
        .service(resources.collect::<Vec<_>>())
        .default_service(web::to(no_such_path))
}

/// A route; its path allows no other method.
pub(in crate::http) fn resource(path: &str, row: RouteRow) -> Resource {
    let allow = row.methods().first().map_or("", |method| method.as_str());
    web::resource(path).route(row.into_route()).default_service(web::to(move || not_allowed(allow)))
}

async fn not_allowed(allow: &'static str) -> Result<&'static str> {
    Err(StatusError::method_not_allowed(allow))
}

async fn no_such_path() -> Result<&'static str> {
    Err(StatusError::no_such_path())
}
