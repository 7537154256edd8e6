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

/// A resource with a form (GET and HEAD show it, POST takes it), or a list (POST adds to it).
pub fn form_resource<F, A, G, B>(path: &str, show: F, submit: G) -> Resource
where
    F: Handler<A>,
    A: FromRequest + 'static,
    F::Output: Responder + 'static,
    G: Handler<B>,
    B: FromRequest + 'static,
    G::Output: Responder + 'static,
{
    let read = web::route().guard(guard::Any(guard::Get()).or(guard::Head())).to(show);
    web::resource(path)
        .route(read)
        .route(web::post().to(submit))
        .default_service(web::to(|| method_not_allowed("GET, HEAD, POST")))
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

/// A resource that is written whole and deleted.
pub fn put_delete_resource<P, PutArgs, D, DeleteArgs>(path: &str, put: P, delete: D) -> Resource
where
    P: Handler<PutArgs>,
    PutArgs: FromRequest + 'static,
    P::Output: Responder + 'static,
    D: Handler<DeleteArgs>,
    DeleteArgs: FromRequest + 'static,
    D::Output: Responder + 'static,
{
    web::resource(path)
        .route(web::put().to(put))
        .route(web::delete().to(delete))
        .default_service(web::to(|| method_not_allowed("PUT, DELETE")))
}

/// A resource that is read (GET and HEAD), changed in parts and deleted.
pub fn get_patch_delete_resource<G, GetArgs, P, PatchArgs, D, DeleteArgs>(
    path: &str,
    get: G,
    patch: P,
    delete: D,
) -> Resource
where
    G: Handler<GetArgs>,
    GetArgs: FromRequest + 'static,
    G::Output: Responder + 'static,
    P: Handler<PatchArgs>,
    PatchArgs: FromRequest + 'static,
    P::Output: Responder + 'static,
    D: Handler<DeleteArgs>,
    DeleteArgs: FromRequest + 'static,
    D::Output: Responder + 'static,
{
    let read = web::route().guard(guard::Any(guard::Get()).or(guard::Head())).to(get);
    web::resource(path)
        .route(read)
        .route(web::patch().to(patch))
        .route(web::delete().to(delete))
        .default_service(web::to(|| method_not_allowed("GET, HEAD, PATCH, DELETE")))
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
