//! The app that answers requests.

use actix_web::{
    App, Error,
    body::BoxBody,
    dev::{ServiceFactory, ServiceRequest, ServiceResponse},
    middleware::{Condition, from_fn},
    web::{self, Data},
};
use service_runtime::http::{Edge, Endpoint, endpoints, no_such_endpoint, openapi::ApiDocs};
use shared_types::NamePrefix;
use strum::VariantArray;

use super::{caller::csrf, cors, k8s::status, oauth::errors, openapi, pages, routes::Route};
use crate::{
    accounts::Accounts,
    administration::Administration,
    authority::SessionAuthority,
    oauth::{SigningKeys, TokenExchange},
    oidc::OidcProvider,
    site::Site,
    upstream::UpstreamLogIn,
};

/// The services that handlers call.
#[derive(Debug, Clone)]
pub(crate) struct AppState {
    pub(crate) authority: Data<SessionAuthority>,
    pub(crate) accounts: Data<Accounts>,
    pub(crate) administration: Data<Administration>,
    pub(crate) signing_keys: Data<SigningKeys>,
    pub(crate) token_exchange: Data<TokenExchange>,
    pub(crate) provider: Data<OidcProvider>,
    /// `None`: users log in with a password alone.
    pub(crate) upstream: Option<Data<UpstreamLogIn>>,
    pub(crate) site: Data<Site>,
    pub(crate) kubernetes_prefix: Data<NamePrefix>,
    pub(crate) docs: Data<ApiDocs>,
}

impl AppState {
    /// The use cases of a service at this site, whose names in clusters have this prefix.
    pub(crate) fn new(
        services: &crate::services::Services,
        site: Site,
        kubernetes_prefix: NamePrefix,
    ) -> Self {
        Self {
            authority: Data::from(services.authority.clone()),
            accounts: Data::from(services.accounts.clone()),
            administration: Data::from(services.administration.clone()),
            signing_keys: Data::from(services.signing_keys.clone()),
            token_exchange: Data::from(services.token_exchange.clone()),
            provider: Data::from(services.provider.clone()),
            upstream: services.upstream.clone().map(Data::from),
            site: Data::new(site),
            kubernetes_prefix: Data::new(kubernetes_prefix),
            docs: Data::new(ApiDocs::new("sso-service", openapi::document, None)),
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
    let has_upstream = services.upstream.is_some();
    let sends_mail = services.accounts.mail().is_sent;
    let edge = edge.of_worker();
    let app = App::new();
    let app = match services.upstream {
        Some(upstream) => app.app_data(upstream),
        None => app,
    };
    app.app_data(services.authority)
        .app_data(services.accounts)
        .app_data(services.administration)
        .app_data(services.signing_keys)
        .app_data(services.token_exchange)
        .app_data(services.provider)
        .app_data(services.site)
        .app_data(services.kubernetes_prefix)
        .app_data(services.docs)
        .service(endpoints_of(Route::is_hot))
        // One scope: of several with one prefix, the router names the routes of the first alone.
        .service(
            web::scope("")
                .service(endpoints_of(|route| {
                    !route.is_hot()
                        && (open || !route.needs_open_registration())
                        && (sends_mail || !route.needs_mail())
                        && (has_upstream || !route.needs_upstream())
                }))
                .wrap(from_fn(errors::for_clients))
                .wrap(from_fn(status::for_clusters))
                .wrap(from_fn(csrf::report))
                .wrap(from_fn(cors::share_openly)),
        )
        .default_service(web::to(no_such_endpoint))
        .wrap(from_fn(pages::render_for_browsers))
        .wrap(Condition::new(shared, from_fn(cors::share)))
        .wrap(from_fn(move |request, next| edge.clone().pass(request, next)))
}

fn endpoints_of(belongs: impl Fn(Route) -> bool) -> Vec<Endpoint> {
    let routes = Route::VARIANTS.iter().copied().filter(|route| belongs(*route));
    endpoints(routes.map(Route::row))
}
