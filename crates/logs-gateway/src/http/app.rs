//! The app that answers requests.

use std::rc::Rc;

use actix_web::{
    App, Error,
    body::BoxBody,
    dev::{ServiceFactory, ServiceRequest, ServiceResponse},
    middleware::from_fn,
    web::{self, Data, ServiceConfig},
};
use service_runtime::http::{RouteRow, WorkerEdge, endpoints, no_such_endpoint};
use strum::VariantArray;

use super::{
    GatewayState,
    authenticate::authenticate,
    kubernetes,
    routes::{Api, Route},
};

/// The app of one worker.
pub(crate) fn app(
    state: GatewayState,
    edge: Rc<WorkerEdge>,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<BoxBody>,
        Error = Error,
        InitError = (),
    >,
> {
    let (docs, viewer) = (Data::from(state.docs.clone()), Data::from(state.viewer.clone()));
    App::new()
        .app_data(docs)
        .app_data(viewer)
        .app_data(Data::new(state))
        .configure(configure)
        .wrap(from_fn(move |request, next| edge.clone().pass(request, next)))
}

fn configure(config: &mut ServiceConfig) {
    for endpoint in endpoints(rows(Api::Gateway)) {
        config.service(endpoint.into_resource().wrap(from_fn(authenticate)));
    }
    for endpoint in endpoints(rows(Api::Pages)) {
        config.service(endpoint);
    }
    for row in rows(Api::KubernetesVersion) {
        config.service(kubernetes::resource(row.path(), row));
    }
    config
        .service(kubernetes::scope("/api", rows(Api::KubernetesCore)))
        .service(kubernetes::scope("/apis", rows(Api::KubernetesGroups)))
        .default_service(web::to(no_such_endpoint));
}

fn rows(api: Api) -> impl Iterator<Item = RouteRow> {
    let routes = Route::VARIANTS.iter().filter(move |route| route.api() == api);
    routes.map(|route| route.row())
}
