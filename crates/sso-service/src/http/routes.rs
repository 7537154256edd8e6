//! Everything that is answered, and by whom.

use actix_web::{
    App, Error,
    body::BoxBody,
    dev::{ServiceFactory, ServiceRequest, ServiceResponse},
    middleware::from_fn,
    web::{self, Data, ServiceConfig},
};
use service_runtime::http::{
    Edge, delete_resource, form_resource, get_delete_resource, get_resource, no_such_endpoint,
    post_resource,
};
use shared_types::paths;

use super::{
    admin, cors, csrf, login, logout, pages, password, refresh, register, session, sessions,
    validate, validate_batch,
};
use crate::{
    accounts::Accounts, administration::Administration, authority::SessionAuthority, site::Site,
};

/// What requests are passed on to.
#[derive(Debug, Clone)]
pub(crate) struct Services {
    pub(crate) authority: Data<SessionAuthority>,
    pub(crate) accounts: Data<Accounts>,
    pub(crate) administration: Data<Administration>,
    pub(crate) site: Data<Site>,
}

/// The app of one worker.
pub(crate) fn app(
    services: Services,
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
    let open = services.accounts.check_open().is_ok();
    App::new()
        .app_data(services.authority)
        .app_data(services.accounts)
        .app_data(services.administration)
        .app_data(services.site)
        .configure(routes)
        .configure(admin::routes)
        .configure(|app| register_routes(app, open))
        .default_service(web::to(no_such_endpoint))
        .wrap(from_fn(csrf::report))
        .wrap(from_fn(cors::share))
        .wrap(from_fn(move |request, next| edge.clone().pass(request, next)))
}

fn routes(app: &mut ServiceConfig) {
    // for services that were sent a token
    app.service(post_resource(paths::VALIDATE, validate::validate))
        .service(post_resource(paths::VALIDATE_BATCH, validate_batch::validate_batch));

    // for whoever logs in
    app.service(post_resource("/auth/register", register::register))
        .service(post_resource("/auth/login", login::login))
        .service(post_resource("/auth/password", password::change))
        .service(form_resource("/auth/refresh", pages::renew, refresh::refresh))
        .service(post_resource("/auth/logout", logout::logout))
        .service(get_resource("/auth/session", session::session))
        .service(get_resource("/auth/user", session::user))
        .service(get_delete_resource("/auth/sessions", sessions::list, sessions::end_others))
        .service(delete_resource("/auth/sessions/{id}", sessions::end_one));

    // for people
    app.service(form_resource("/login", pages::login, pages::log_in))
        .service(form_resource("/logout", pages::logout, pages::log_out))
        .service(get_resource("/account", pages::account));
}

/// The page is there where strangers may create accounts, and where not there is nothing to see.
fn register_routes(app: &mut ServiceConfig, open: bool) {
    if open {
        app.service(form_resource("/register", pages::registration, pages::register));
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use crate::test_service::TestService;

    #[actix_web::test]
    async fn what_has_not_arrived_is_not_there() {
        let service = TestService::start().await;
        for path in ["/", "/auth", "/auth/validate/", "/metrics", "/livez"] {
            let answer = service.send(TestRequest::get().uri(path)).await;
            assert_eq!(answer.problem(), (404, "not_found"), "{path}");
        }
    }
}
