//! The app that answers requests.

use actix_web::{
    App, Error,
    body::BoxBody,
    dev::{ServiceFactory, ServiceRequest, ServiceResponse},
    guard::fn_guard,
    middleware::{Condition, from_fn},
    web::{self, Data},
};
use service_runtime::http::{Edge, Endpoint, endpoints, no_such_endpoint};
use strum::VariantArray;

use super::{caller::csrf, cors, oauth::errors, pages, routes::Route};
use crate::{
    accounts::Accounts, administration::Administration, authority::SessionAuthority, site::Site,
};

/// The services that handlers call.
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
        .service(endpoints_of(Route::is_hot))
        .service(
            web::scope("")
                .guard(fn_guard(errors::is_at_oauth))
                .service(endpoints_of(Route::is_oauth))
                .wrap(from_fn(errors::for_clients)),
        )
        .service(
            web::scope("")
                .service(endpoints_of(|route| {
                    !route.is_hot()
                        && !route.is_oauth()
                        && (open || !route.needs_open_registration())
                }))
                .wrap(from_fn(csrf::report)),
        )
        .default_service(web::to(no_such_endpoint))
        .wrap(from_fn(pages::for_people))
        .wrap(Condition::new(shared, from_fn(cors::share)))
        .wrap(from_fn(move |request, next| edge.clone().pass(request, next)))
}

fn endpoints_of(belongs: impl Fn(Route) -> bool) -> Vec<Endpoint> {
    let routes = Route::VARIANTS.iter().copied().filter(|route| belongs(*route));
    endpoints(routes.map(Route::row))
}
