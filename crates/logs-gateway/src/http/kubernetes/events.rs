//! `GET …/events`: there are none, since nobody keeps any here. `kubectl describe` asks.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{self, Path, ReqData},
};
use serde_json::json;

use super::{
    accept::{Form, form},
    pods::answer,
    status::{Deed, Result, Status},
    survey::survey,
    table,
};
use crate::{auth::Caller, http::GatewayState};

const RESOURCE: &str = "events";

pub(super) async fn list_everywhere(
    request: HttpRequest,
    state: web::Data<GatewayState>,
    caller: ReqData<Caller>,
) -> Result<HttpResponse> {
    if caller.may_read_any().is_err() {
        let deed = Deed { verb: "list", resource: RESOURCE, name: None, namespace: None };
        return Err(Status::forbidden(&caller.username, deed));
    }
    none(&request, &state).await
}

pub(super) async fn list(
    request: HttpRequest,
    state: web::Data<GatewayState>,
    caller: ReqData<Caller>,
    namespace: Path<String>,
) -> Result<HttpResponse> {
    if !caller.may_read_in(&namespace) {
        let namespace = Some(&**namespace);
        let deed = Deed { verb: "list", resource: RESOURCE, name: None, namespace };
        return Err(Status::forbidden(&caller.username, deed));
    }
    none(&request, &state).await
}

async fn none(request: &HttpRequest, state: &web::Data<GatewayState>) -> Result<HttpResponse> {
    let version = survey(request, state).await?.version.to_string();
    let metadata = json!({ "resourceVersion": version });
    Ok(answer(&match form(request)? {
        Form::Object => {
            json!({ "kind": "EventList", "apiVersion": "v1", "metadata": metadata, "items": [] })
        }
        Form::Table(api) => table::of_events(api, &metadata),
        Form::Metadata(api) => json!({
            "kind": "PartialObjectMetadataList",
            "apiVersion": api,
            "metadata": metadata,
            "items": [],
        }),
    }))
}
