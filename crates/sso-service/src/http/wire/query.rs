//! Query strings as types.

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use service_runtime::http::{Problem, Query, Result};

/// The query string of a request, as a type that reads its parameters. Unknown, repeated and
/// malformed parameters are 400.
pub(in crate::http) struct QueryString<T>(pub(in crate::http) T);

impl<T: TryFrom<Query, Error = Problem>> FromRequest for QueryString<T> {
    type Error = Problem;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(T::try_from(Query::parse(request.query_string())).map(Self))
    }
}

/// A query string without parameters.
pub(in crate::http) struct NoParameters;

impl TryFrom<Query> for NoParameters {
    type Error = Problem;

    fn try_from(query: Query) -> Result<Self> {
        query.finish().map(|()| Self)
    }
}
