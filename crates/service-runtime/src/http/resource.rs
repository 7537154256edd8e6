//! Resources that answer 405 with `Allow`, and 404 as a problem.

use actix_web::{
    FromRequest, Handler, Resource, Responder, guard,
    http::{StatusCode, header},
    web,
};

use super::{Problem, Result};

/// A resource that is read: GET and HEAD.
pub fn get_resource<F, Args>(path: &str, handler: F) -> Resource
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    let read = web::route().guard(guard::Any(guard::Get()).or(guard::Head())).to(handler);
    web::resource(path).route(read).default_service(web::to(|| method_not_allowed("GET, HEAD")))
}

/// A resource that is posted to.
pub fn post_resource<F, Args>(path: &str, handler: F) -> Resource
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    web::resource(path)
        .route(web::post().to(handler))
        .default_service(web::to(|| method_not_allowed("POST")))
}

/// A resource that is deleted.
pub fn delete_resource<F, Args>(path: &str, handler: F) -> Resource
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    web::resource(path)
        .route(web::delete().to(handler))
        .default_service(web::to(|| method_not_allowed("DELETE")))
}

/// A resource that is read (GET and HEAD) and deleted.
pub fn get_delete_resource<G, GetArgs, D, DeleteArgs>(path: &str, get: G, delete: D) -> Resource
where
    G: Handler<GetArgs>,
    GetArgs: FromRequest + 'static,
    G::Output: Responder + 'static,
    D: Handler<DeleteArgs>,
    DeleteArgs: FromRequest + 'static,
    D::Output: Responder + 'static,
{
    let read = web::route().guard(guard::Any(guard::Get()).or(guard::Head())).to(get);
    web::resource(path)
        .route(read)
        .route(web::delete().to(delete))
        .default_service(web::to(|| method_not_allowed("GET, HEAD, DELETE")))
}

async fn method_not_allowed(allow: &'static str) -> Result<&'static str> {
    Err(Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        format!("This path answers {allow} only."),
    )
    .header(header::ALLOW, allow))
}

/// The default service of an app.
///
/// # Errors
/// Always: 404.
pub async fn no_such_endpoint() -> Result<&'static str> {
    Err(not_found())
}

pub(crate) fn not_found() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "not_found", "There is no such path here.")
}
