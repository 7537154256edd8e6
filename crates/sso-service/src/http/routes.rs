//! Everything that is answered, and by whom.

use actix_web::{
    App, Error,
    body::BoxBody,
    dev::{ServiceFactory, ServiceRequest, ServiceResponse},
    middleware::{Condition, from_fn},
    web::{self, Data, ServiceConfig},
};
use service_runtime::http::{Edge, endpoint, no_such_endpoint};
use shared_types::paths;

use super::{
    admin,
    auth::{
        login, logout, password, refresh, register, session, sessions, user, validate,
        validate_batch,
    },
    caller::csrf,
    cors, pages,
};
use crate::{
    accounts::Accounts, administration::Administration, authority::SessionAuthority, site::Site,
};

/// What requests are passed on to.
#[derive(Debug, Clone)]
pub(crate) struct AppState {
    pub(crate) authority: Data<SessionAuthority>,
    pub(crate) accounts: Data<Accounts>,
    pub(crate) administration: Data<Administration>,
    pub(crate) site: Data<Site>,
}

impl AppState {
    /// The use cases of a service at this site.
    pub(crate) fn new(services: &crate::services::Services, site: Site) -> Self {
        Self {
            authority: Data::from(services.authority.clone()),
            accounts: Data::from(services.accounts.clone()),
            administration: Data::from(services.administration.clone()),
            site: Data::new(site),
        }
    }
}

/// The app of one worker.
pub(crate) fn app(
    services: AppState,
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
    let shared = services.site.has_allowed_origins();
    let open = services.accounts.check_open().is_ok();
    let edge = edge.of_worker();
    App::new()
        .app_data(services.authority)
        .app_data(services.accounts)
        .app_data(services.administration)
        .app_data(services.site)
        .configure(validation_routes)
        .service(
            web::scope("")
                .configure(routes)
                .configure(admin::routes)
                .configure(|app| register_routes(app, open))
                .wrap(from_fn(csrf::report)),
        )
        .default_service(web::to(no_such_endpoint))
        .wrap(from_fn(pages::for_people))
        .wrap(Condition::new(shared, from_fn(cors::share)))
        .wrap(from_fn(move |request, next| edge.clone().pass(request, next)))
}

/// For services that were sent a token: the hot paths. Nothing that they do is refused for coming
/// from a foreign page.
fn validation_routes(app: &mut ServiceConfig) {
    app.service(endpoint(paths::VALIDATE).post(validate::validate))
        .service(endpoint(paths::VALIDATE_BATCH).post(validate_batch::validate_batch));
}

fn routes(app: &mut ServiceConfig) {
    // for whoever logs in
    app.service(endpoint("/auth/register").post(register::register))
        .service(endpoint("/auth/login").post(login::login))
        .service(endpoint("/auth/password").post(password::change))
        .service(endpoint("/auth/refresh").get(pages::renew).post(refresh::refresh))
        .service(endpoint("/auth/logout").post(logout::logout))
        .service(endpoint("/auth/session").get(session::session))
        .service(endpoint("/auth/user").get(user::user))
        .service(endpoint("/auth/sessions").get(sessions::list).delete(sessions::end_others))
        .service(endpoint("/auth/sessions/{id}").delete(sessions::end_one));

    // for people
    app.service(endpoint("/").get(pages::start))
        .service(endpoint("/login").get(pages::login).post(pages::log_in))
        .service(endpoint("/logout").get(pages::logout).post(pages::log_out))
        .service(endpoint("/account").get(pages::account));
}

/// The page is there where strangers may create accounts, and where not there is nothing to see.
fn register_routes(app: &mut ServiceConfig, open: bool) {
    if open {
        app.service(endpoint("/register").get(pages::registration).post(pages::register));
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use crate::test_service::TestService;

    #[actix_web::test]
    async fn what_has_not_arrived_is_not_there() {
        let service = TestService::start().await;
        for path in ["/auth", "/auth/validate/", "/metrics", "/livez"] {
            let answer = service.send(TestRequest::get().uri(path)).await;
            assert_eq!(answer.problem(), (404, "not_found"), "{path}");
        }
    }
}
