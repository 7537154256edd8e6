//! Every path of the gateway.

use std::rc::Rc;

use actix_web::{
    App, Error,
    body::BoxBody,
    dev::{ServiceFactory, ServiceRequest, ServiceResponse},
    middleware::from_fn,
    web::{self, ServiceConfig},
};
use service_runtime::http::{WorkerEdge, endpoint, no_such_endpoint};

use super::{GatewayState, authenticate::authenticate, kubeconfig, kubernetes, logs, pods};

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
    App::new()
        .app_data(web::Data::new(state))
        .configure(routes)
        .wrap(from_fn(move |request, next| edge.clone().pass(request, next)))
}

fn routes(config: &mut ServiceConfig) {
    // Whoever may read logs.
    let log = endpoint("/logs/{pod}").get(logs::of_pod);
    let log_in_namespace = endpoint("/logs/{namespace}/{pod}").get(logs::of_pod_in_namespace);
    let pods = endpoint("/pods").get(pods::list);
    // Whoever may log in.
    let kubeconfig = endpoint("/kubeconfig").get(kubeconfig::get);
    for endpoint in [log, log_in_namespace, pods, kubeconfig] {
        config.service(endpoint.into_resource().wrap(from_fn(authenticate)));
    }

    // Whoever speaks Kubernetes.
    config.configure(kubernetes::routes);

    config.default_service(web::to(no_such_endpoint));
}
