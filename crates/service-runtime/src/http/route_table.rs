//! The routes of a service as a table, with a row for each method of a path.

use actix_web::{
    FromRequest, Handler, Responder, Route,
    guard::{self, GuardContext},
    http::Method,
    web,
};

/// The methods of RFC 9110 and RFC 5789, without CONNECT, which has no path.
const USUAL_METHODS: &[Method] = &[
    Method::GET,
    Method::HEAD,
    Method::POST,
    Method::PUT,
    Method::PATCH,
    Method::DELETE,
    Method::OPTIONS,
    Method::TRACE,
];

/// A row of a route table: a method of a path, and its handler.
pub struct RouteRow {
    methods: &'static [Method],
    path: &'static str,
    route: Route,
}

impl RouteRow {
    /// GET, and HEAD by the same handler.
    #[must_use]
    pub fn get<F, Args>(path: &'static str, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        Self::of(&[Method::GET, Method::HEAD], path, handler)
    }

    /// POST.
    #[must_use]
    pub fn post<F, Args>(path: &'static str, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        Self::of(&[Method::POST], path, handler)
    }

    /// PUT.
    #[must_use]
    pub fn put<F, Args>(path: &'static str, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        Self::of(&[Method::PUT], path, handler)
    }

    /// PATCH.
    #[must_use]
    pub fn patch<F, Args>(path: &'static str, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        Self::of(&[Method::PATCH], path, handler)
    }

    /// DELETE.
    #[must_use]
    pub fn delete<F, Args>(path: &'static str, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        Self::of(&[Method::DELETE], path, handler)
    }

    /// Every method, also one that no standard knows. The table lists the usual ones.
    #[must_use]
    pub fn any<F, Args>(path: &'static str, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        Self { methods: USUAL_METHODS, path, route: web::route().to(handler) }
    }

    /// The methods.
    #[must_use]
    pub fn methods(&self) -> &'static [Method] {
        self.methods
    }

    /// The path, whose parameters are in braces.
    #[must_use]
    pub fn path(&self) -> &'static str {
        self.path
    }

    /// The handler, guarded by the methods.
    #[must_use]
    pub fn into_route(self) -> Route {
        self.route
    }

    /// GET without HEAD.
    #[must_use]
    pub fn get_only<F, Args>(path: &'static str, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        Self::of(&[Method::GET], path, handler)
    }

    fn of<F, Args>(methods: &'static [Method], path: &'static str, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        let is_one = |context: &GuardContext<'_>| methods.contains(&context.head().method);
        Self { methods, path, route: web::route().guard(guard::fn_guard(is_one)).to(handler) }
    }
}
