//! Every path of the Kubernetes API that there is.

use actix_web::{
    FromRequest, Handler, Resource, Responder,
    dev::HttpServiceFactory,
    middleware::from_fn,
    web::{self, ServiceConfig},
};

use super::{
    authenticate::authenticate,
    discovery, events, log, namespaces, pods, reviews,
    status::{Result, StatusError},
};

pub(crate) fn routes(config: &mut ServiceConfig) {
    // Whoever connects.
    config.service(get("/version", discovery::version));
    // Whoever has a token.
    config.service(core()).service(groups());
}

fn core() -> impl HttpServiceFactory {
    web::scope("/api")
        .wrap(from_fn(authenticate))
        .service(get("", discovery::core_versions))
        .service(get("/v1", discovery::core_resources))
        .service(get("/v1/namespaces", namespaces::list))
        .service(get("/v1/namespaces/{namespace}", namespaces::read))
        .service(get("/v1/pods", pods::list_everywhere))
        .service(get("/v1/namespaces/{namespace}/pods", pods::list))
        .service(get("/v1/namespaces/{namespace}/pods/{pod}", pods::read))
        .service(get("/v1/namespaces/{namespace}/pods/{pod}/log", log::read))
        .service(get("/v1/namespaces/{namespace}/pods/{pod}/log/", log::read))
        .service(get("/v1/events", events::list_everywhere))
        .service(get("/v1/namespaces/{namespace}/events", events::list))
        .default_service(web::to(no_such_path))
}

fn groups() -> impl HttpServiceFactory {
    const AUTHORIZATION: &str = "/authorization.k8s.io/v1";
    const AUTHENTICATION: &str = "/authentication.k8s.io/v1";
    web::scope("/apis")
        .wrap(from_fn(authenticate))
        .service(get("", discovery::groups))
        .service(get(AUTHORIZATION, discovery::authorization_resources))
        .service(get(AUTHENTICATION, discovery::authentication_resources))
        .service(post(&format!("{AUTHORIZATION}/selfsubjectaccessreviews"), reviews::access))
        .service(post(&format!("{AUTHORIZATION}/selfsubjectrulesreviews"), reviews::rules))
        .service(post(&format!("{AUTHENTICATION}/selfsubjectreviews"), reviews::oneself))
        .default_service(web::to(no_such_path))
}

fn get<F, Args>(path: &str, handler: F) -> Resource
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    web::resource(path)
        .route(web::get().to(handler))
        .default_service(web::to(|| not_allowed("GET")))
}

fn post<F, Args>(path: &str, handler: F) -> Resource
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    web::resource(path)
        .route(web::post().to(handler))
        .default_service(web::to(|| not_allowed("POST")))
}

async fn not_allowed(allow: &'static str) -> Result<&'static str> {
    Err(StatusError::method_not_allowed(allow))
}

async fn no_such_path() -> Result<&'static str> {
    Err(StatusError::no_such_path())
}
