//! Every path of the gateway.

use actix_web::{
    middleware::from_fn,
    web::{self, ServiceConfig},
};
use service_runtime::http::{get_resource, no_such_endpoint};

use super::{authenticate::authenticate, kubeconfig, kubernetes, logs, pods};

pub(crate) fn routes(config: &mut ServiceConfig) {
    // Whoever may read logs.
    config
        .service(get_resource("/logs/{pod}", logs::of_pod).wrap(from_fn(authenticate)))
        .service(
            get_resource("/logs/{namespace}/{pod}", logs::of_pod_in_namespace)
                .wrap(from_fn(authenticate)),
        )
        .service(get_resource("/pods", pods::list).wrap(from_fn(authenticate)));

    // Whoever may log in.
    config.service(get_resource("/kubeconfig", kubeconfig::get).wrap(from_fn(authenticate)));
    // Whoever speaks Kubernetes.
    config.configure(kubernetes::routes);

    config.default_service(web::to(no_such_endpoint));
}
