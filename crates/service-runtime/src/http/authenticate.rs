//! Authentication as an extractor: a handler names the caller that it needs among its arguments.

use actix_web::{Error, FromRequest, HttpRequest, dev::Payload};
use futures_util::future::LocalBoxFuture;

/// A kind of caller: a user, an administrator, the owner of a session.
pub trait Authenticate: Sized + 'static {
    /// The answer to a request that is refused: a [`Problem`](super::Problem), or another type
    /// where errors have another format.
    type Refusal: Into<Error>;

    /// Finds the caller of a request by its credential, and checks what this kind of caller needs
    /// to have.
    ///
    /// # Errors
    /// When the credential is missing, malformed, invalid, not sufficient, or cannot be checked.
    fn authenticate(
        request: &HttpRequest,
    ) -> impl Future<Output = Result<Self, Self::Refusal>> + 'static;
}

/// The authenticated caller of a request. Handlers take it as their first argument:
/// `async fn list(Authenticated(caller): Authenticated<Caller>, query: Query)`.
#[derive(Debug, Clone)]
pub struct Authenticated<C>(pub C);

impl<C: Authenticate> FromRequest for Authenticated<C> {
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let caller = C::authenticate(request);
        Box::pin(async move { caller.await.map(Self).map_err(Into::into) })
    }
}

#[cfg(test)]
mod tests {
    use actix_web::{App, http::StatusCode, test, web};

    use super::*;
    use crate::http::Problem;

    struct Named(String);

    impl Authenticate for Named {
        type Refusal = Problem;

        fn authenticate(
            request: &HttpRequest,
        ) -> impl Future<Output = Result<Self, Problem>> + 'static {
            let name = request.headers().get("x-name").and_then(|name| name.to_str().ok());
            let named = name.map(|name| Self(name.to_owned()));
            async move { named.ok_or_else(Problem::not_authenticated) }
        }
    }

    async fn greet(Authenticated(caller): Authenticated<Named>) -> String {
        caller.0
    }

    #[actix_web::test]
    async fn a_handler_runs_only_for_an_authenticated_caller() {
        let app = test::init_service(App::new().route("/", web::get().to(greet))).await;
        let named = test::TestRequest::get().insert_header(("x-name", "ada")).to_request();
        assert_eq!(test::call_and_read_body(&app, named).await, "ada");
        let anonymous = test::TestRequest::get().to_request();
        let refused = test::call_service(&app, anonymous).await;
        assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
    }
}
