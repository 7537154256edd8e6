//! Endpoints that answer 405 with `Allow`, and 404 as a problem.

use std::rc::Rc;

use actix_web::{
    Resource,
    dev::{AppService, HttpServiceFactory},
    http::{Method, StatusCode, header},
    web,
};

use super::{Problem, Result, route_table::RouteRow};

/// The endpoints of a table: the rows of one path are one endpoint.
#[must_use]
pub fn endpoints(table: impl IntoIterator<Item = RouteRow>) -> Vec<Endpoint> {
    let mut endpoints: Vec<Endpoint> = Vec::new();
    for row in table {
        match endpoints.iter_mut().find(|endpoint| endpoint.path == row.path()) {
            Some(endpoint) => endpoint.rows.push(row),
            None => endpoints.push(Endpoint { path: row.path(), rows: vec![row] }),
        }
    }
    endpoints
}

/// A path with the methods that it answers. Other methods get 405 with the list of them.
pub struct Endpoint {
    path: &'static str,
    rows: Vec<RouteRow>,
}

impl Endpoint {
    /// The endpoint as a resource, to be wrapped in middleware.
    #[must_use]
    pub fn into_resource(self) -> Resource {
        let methods = self.rows.iter().flat_map(RouteRow::methods).map(Method::as_str);
        let allow: Rc<str> = methods.collect::<Vec<_>>().join(", ").into();
        let mut resource = web::resource(self.path);
        for row in self.rows {
            resource = resource.route(row.into_route());
        }
        resource.default_service(web::to(move || method_not_allowed(allow.clone())))
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
        format!("This path allows only {allow}."),
    )
    .header(header::ALLOW, allow))
}

/// The default service of an app.
///
/// # Errors
/// Always: 404.
pub async fn no_such_endpoint() -> Result<&'static str> {
    Err(no_such_path())
}

/// 404: no endpoint has this path.
#[must_use]
pub fn no_such_path() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "not_found", "Path not found.")
}
