//! Surveys of the pods for requests.

use actix_web::{HttpRequest, web};
use pod_logs::PodSurvey;
use service_runtime::http::RequestContext;

use crate::http::{
    kubernetes::status::{Result, StatusError},
    state::GatewayState,
};

/// Surveys the pods on a thread that serves no requests.
pub(super) async fn survey(request: &HttpRequest, state: &GatewayState) -> Result<PodSurvey> {
    let (pods, now) = (state.pods.clone(), RequestContext::of(request).arrived);
    match web::block(move || pods.survey(now)).await {
        Ok(Ok(survey)) => Ok(survey),
        Ok(Err(error)) => Err(StatusError::source_unavailable(&error)),
        Err(error) => Err(StatusError::internal(&error)),
    }
}
