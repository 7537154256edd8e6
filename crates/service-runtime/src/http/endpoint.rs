//! Endpoints that answer 405 with `Allow`, and 404 as a problem.

use std::rc::Rc;

use actix_web::{
    FromRequest, Handler, Resource, Responder, Route,
    dev::{AppService, HttpServiceFactory},
    guard,
    http::{StatusCode, header},
    web,
};

use super::{Problem, Result};

/// A path, and what it answers to which method. To any other it says which there are.
pub struct Endpoint {
    resource: Resource,
    allow: Vec<&'static str>,
}

/// An endpoint that answers to no method yet:
/// `app.service(endpoint("/logs").get(list).post(create))`.
#[must_use]
pub fn endpoint(path: &str) -> Endpoint {
    Endpoint { resource: web::resource(path), allow: Vec::new() }
}

impl Endpoint {
    /// GET, and HEAD by the same handler.
    #[must_use]
    pub fn get<F, Args>(self, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        let read = web::route().guard(guard::Any(guard::Get()).or(guard::Head()));
        self.route(&["GET", "HEAD"], read.to(handler))
    }

    /// POST.
    #[must_use]
    pub fn post<F, Args>(self, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.route(&["POST"], web::post().to(handler))
    }

    /// PUT.
    #[must_use]
    pub fn put<F, Args>(self, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.route(&["PUT"], web::put().to(handler))
    }

    /// PATCH.
    #[must_use]
    pub fn patch<F, Args>(self, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.route(&["PATCH"], web::patch().to(handler))
    }

    /// DELETE.
    #[must_use]
    pub fn delete<F, Args>(self, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.route(&["DELETE"], web::delete().to(handler))
    }

    /// The whole as a resource, to be wrapped in middleware.
    #[must_use]
    pub fn into_resource(self) -> Resource {
        let allow: Rc<str> = self.allow.join(", ").into();
        self.resource.default_service(web::to(move || method_not_allowed(allow.clone())))
    }

    fn route(mut self, methods: &[&'static str], route: Route) -> Self {
        self.resource = self.resource.route(route);
        self.allow.extend(methods);
        self
    }
}

impl HttpServiceFactory for Endpoint {
    fn register(self, config: &mut AppService) {
        self.into_resource().register(config);
    }
}

async fn method_not_allowed(allow: Rc<str>) -> Result<&'static str> {
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
