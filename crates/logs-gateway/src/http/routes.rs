//! Every path of the gateway.

use actix_web::{
    middleware::from_fn,
    web::{self, ServiceConfig},
};
use service_runtime::http::{endpoint, no_such_endpoint};

use super::{authenticate::authenticate, kubeconfig, kubernetes, logs, pods};

pub(crate) fn routes(config: &mut ServiceConfig) {
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
