//! `GET …/events`: an empty list, since a node keeps no events. `kubectl describe` asks.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{self, Path, ReqData},
};
use serde_json::json;

use super::{
    answer,
    request::accept::{ObjectForm, object_form},
    status::{ResourceAction, Result, StatusError},
    survey::{catalog, survey},
    table::{TableColumn, table},
};
use crate::{auth::Caller, http::GatewayState};

const RESOURCE: &str = "events";

const COLUMNS: [TableColumn; 5] = [
    TableColumn::new("Last Seen", "When the event was seen last."),
    TableColumn::new("Type", "Type of this event."),
    TableColumn::new("Reason", "Why the event was generated."),
    TableColumn::new("Object", "The object that the event is about."),
    TableColumn::new("Message", "What happened."),
];

pub(in crate::http) async fn list_everywhere(
    request: HttpRequest,
    state: web::Data<GatewayState>,
    caller: ReqData<Caller>,
) -> Result<HttpResponse> {
    if caller.may_read_any().is_err() {
        return Err(StatusError::forbidden(&caller.username, listing(None)));
    }
    none(&request, &state, &caller, None).await
}

pub(in crate::http) async fn list(
    request: HttpRequest,
    state: web::Data<GatewayState>,
    caller: ReqData<Caller>,
    namespace: Path<String>,
) -> Result<HttpResponse> {
    if !caller.may_read_in(&namespace) {
        return Err(StatusError::forbidden(&caller.username, listing(Some(&**namespace))));
    }
    none(&request, &state, &caller, Some(&**namespace)).await
}

fn listing(namespace: Option<&str>) -> ResourceAction<'_> {
    ResourceAction { verb: "list", group: "", resource: RESOURCE, name: None, namespace }
}

async fn none(
    request: &HttpRequest,
    state: &GatewayState,
    caller: &Caller,
    namespace: Option<&str>,
) -> Result<HttpResponse> {
    let pods = catalog(state, caller, namespace, RESOURCE).await?;
    let version = survey(request, &pods).await?.version.to_string();
    let metadata = json!({ "resourceVersion": version });
    Ok(answer::ok(&match object_form(request)? {
        ObjectForm::Object => {
            json!({ "kind": "EventList", "apiVersion": "v1", "metadata": metadata, "items": [] })
        }
        ObjectForm::Table(api) => table(api, &metadata, &COLUMNS, &[]),
        ObjectForm::Metadata(api) => json!({
            "kind": "PartialObjectMetadataList",
            "apiVersion": api,
            "metadata": metadata,
            "items": [],
        }),
    }))
}
