//! Everything that is answered, and by whom.

use actix_web::{
    App, Error,
    body::BoxBody,
    dev::{ServiceFactory, ServiceRequest, ServiceResponse},
    middleware::from_fn,
    web::{self, Data, ServiceConfig},
};
use service_runtime::http::{
    Edge, delete_resource, get_delete_resource, get_resource, no_such_endpoint, post_resource,
};
use shared_types::paths;

use super::{credential::SessionCookie, login, logout, refresh, session, sessions, validate};
use crate::authority::SessionAuthority;

/// The app of one worker.
pub(crate) fn app(
    authority: Data<SessionAuthority>,
    cookie: SessionCookie,
    edge: Edge,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<BoxBody>,
        Error = Error,
        InitError = (),
    >,
> {
    App::new()
        .app_data(authority)
        .app_data(Data::new(cookie))
        .configure(routes)
        .default_service(web::to(no_such_endpoint))
        .wrap(from_fn(move |request, next| edge.clone().pass(request, next)))
}

fn routes(app: &mut ServiceConfig) {
    // for services that were sent a token
    app.service(post_resource(paths::VALIDATE, validate::validate));

    // for whoever logs in
    app.service(post_resource("/auth/login", login::login))
        .service(post_resource("/auth/refresh", refresh::refresh))
        .service(post_resource("/auth/logout", logout::logout))
        .service(get_resource("/auth/session", session::session))
        .service(get_resource("/auth/user", session::user))
        .service(get_delete_resource("/auth/sessions", sessions::list, sessions::end_others))
        .service(delete_resource("/auth/sessions/{id}", sessions::end_one));
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use crate::test_service::TestService;

    #[actix_web::test]
    async fn what_has_not_arrived_is_not_there() {
        let service = TestService::start().await;
        for path in ["/", "/auth", "/auth/register", "/auth/validate/", "/metrics", "/livez"] {
            let answer = service.send(TestRequest::get().uri(path)).await;
            assert_eq!(answer.problem(), (404, "not_found"), "{path}");
        }
    }
}
