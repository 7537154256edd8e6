//! The pods that requests are about.

use actix_web::{HttpRequest, web};
use pod_logs::PodSurvey;
use service_runtime::http::RequestContext;

use crate::{
    auth::Caller,
    http::{
        kubernetes::status::{ResourceAction, Result, StatusError},
        state::GatewayState,
    },
    pods::{CatalogError, PodCatalog},
    unavailable_source::UnavailableSource,
};

/// The pods of a namespace, or of all, that the caller may know. `resource` is what a refusal of the
/// cluster is about.
pub(super) async fn catalog(
    state: &GatewayState,
    caller: &Caller,
    namespace: Option<&str>,
    resource: &'static str,
) -> Result<PodCatalog> {
    state.pods.of_caller(caller, namespace).await.map_err(|error| match error {
        CatalogError::Refused(_) => {
            let action =
                ResourceAction { verb: "list", group: "", resource, name: None, namespace };
            StatusError::forbidden(&caller.username, action).because("the cluster refuses it")
        }
        CatalogError::Unavailable(error) => {
            StatusError::source_unavailable(UnavailableSource::ApiServer, &error)
        }
    })
}

/// Surveys the pods on a thread that serves no requests.
pub(super) async fn survey(request: &HttpRequest, pods: &PodCatalog) -> Result<PodSurvey> {
    let (pods, now) = (pods.clone(), RequestContext::of(request).arrived);
    let source = pods.source();
    match web::block(move || pods.survey(now)).await {
        Ok(Ok(survey)) => Ok(survey),
        Ok(Err(error)) => Err(StatusError::source_unavailable(source, &error)),
        Err(error) => Err(StatusError::internal(&error)),
    }
}
