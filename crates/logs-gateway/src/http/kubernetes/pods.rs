//! `GET …/pods` and `GET …/pods/{pod}`: as much of a pod as its logs' readers may know.

use std::sync::Arc;

use actix_web::{
    HttpRequest, HttpResponse,
    http::header,
    web::{self, Path, ReqData},
};
use serde_json::{Value, json};
use service_runtime::http::RequestContext;

use super::{
    accept::{Form, form},
    go::GoQuery,
    page::{Continue, Page},
    pod_object,
    selector::{FieldSelector, LabelSelector},
    status::{Deed, Result, Status},
    table,
};
use crate::{
    auth::Caller,
    http::GatewayState,
    logs::files::{SeenPod, Survey},
};

const RESOURCE: &str = "pods";
/// By which fields pods can be selected.
const FIELDS: [&str; 10] = [
    "metadata.name",
    "metadata.namespace",
    "spec.hostNetwork",
    "spec.nodeName",
    "spec.restartPolicy",
    "spec.schedulerName",
    "spec.serviceAccountName",
    "status.nominatedNodeName",
    "status.phase",
    "status.podIP",
];

/// An allowed list is filtered; a denied one is for whoever may read no log at all.
pub(super) async fn list_everywhere(
    request: HttpRequest,
    state: web::Data<GatewayState>,
    caller: ReqData<Caller>,
) -> Result<HttpResponse> {
    if caller.may_read_any().is_err() {
        let deed = Deed { verb: "list", resource: RESOURCE, name: None, namespace: None };
        return Err(Status::forbidden(&caller.username, deed));
    }
    answer_list(&request, &state, &caller, None).await
}

pub(super) async fn list(
    request: HttpRequest,
    state: web::Data<GatewayState>,
    caller: ReqData<Caller>,
    namespace: Path<String>,
) -> Result<HttpResponse> {
    let namespace = namespace.into_inner();
    if !caller.may_read_in(&namespace) {
        let namespace = Some(&*namespace);
        let deed = Deed { verb: "list", resource: RESOURCE, name: None, namespace };
        return Err(Status::forbidden(&caller.username, deed));
    }
    answer_list(&request, &state, &caller, Some(&namespace)).await
}

pub(super) async fn read(
    request: HttpRequest,
    state: web::Data<GatewayState>,
    caller: ReqData<Caller>,
    path: Path<(String, String)>,
) -> Result<HttpResponse> {
    let (namespace, name) = path.into_inner();
    if !caller.may_read_named(&namespace, &name) {
        let (name, namespace) = (Some(&*name), Some(&*namespace));
        let deed = Deed { verb: "get", resource: RESOURCE, name, namespace };
        return Err(Status::forbidden(&caller.username, deed));
    }
    let form = form(&request)?;
    let survey = survey(&request, &state).await?;
    let Some(pod) = survey.pods.get(&(namespace, name.clone())) else {
        return Err(Status::not_found(RESOURCE, &name));
    };
    Ok(answer(&match form {
        Form::Object => pod_object::whole(pod),
        Form::Metadata(api) => pod_object::metadata_only(pod, api),
        Form::Table(api) => {
            let metadata = json!({ "resourceVersion": pod.version.to_string() });
            table_of(&request, api, &metadata, std::slice::from_ref(pod))
        }
    }))
}

async fn answer_list(
    request: &HttpRequest,
    state: &web::Data<GatewayState>,
    caller: &Caller,
    namespace: Option<&str>,
) -> Result<HttpResponse> {
    let form = form(request)?;
    let query = GoQuery::parse(request.query_string());
    // Discovery does not offer it; a list in its place would be taken for events.
    if query.flag("watch") {
        return Err(Status::method_not_allowed("GET"));
    }
    let wanted = Wanted::read(&query)?;
    let page = Page::read(&query)?;
    let survey = survey(request, state).await?;
    let visible = survey.pods.iter().filter(|((in_namespace, name), pod)| {
        namespace.is_none_or(|only| only == in_namespace)
            && caller.may_read_named(in_namespace, name)
            && wanted.fits(pod)
    });
    let (pods, next) = page.cut(visible, survey.version);
    let pods: Vec<Arc<SeenPod>> = pods.into_iter().cloned().collect();
    let metadata = list_metadata(survey.version, next);
    Ok(answer(&match form {
        Form::Object => json!({
            "kind": "PodList",
            "apiVersion": "v1",
            "metadata": metadata,
            "items": pods.iter().map(|pod| pod_object::item(pod)).collect::<Vec<_>>(),
        }),
        Form::Metadata(api) => json!({
            "kind": "PartialObjectMetadataList",
            "apiVersion": api,
            "metadata": metadata,
            "items": pods.iter().map(|pod| pod_object::metadata_only(pod, api)).collect::<Vec<_>>(),
        }),
        Form::Table(api) => table_of(request, api, &metadata, &pods),
    }))
}

fn table_of(
    request: &HttpRequest,
    api: &'static str,
    metadata: &Value,
    pods: &[Arc<SeenPod>],
) -> Value {
    let query = GoQuery::parse(request.query_string());
    let included = query.get("includeObject").unwrap_or("Metadata");
    table::of_pods(api, metadata, pods, included, RequestContext::of(request).arrived)
}

pub(super) fn list_metadata(version: u64, next: Option<Continue>) -> Value {
    let mut metadata = json!({ "resourceVersion": version.to_string() });
    if let Some(next) = next {
        metadata["continue"] = next.encode().into();
    }
    metadata
}

/// Looks what pods there are, where that takes no request's time.
pub(super) async fn survey(
    request: &HttpRequest,
    state: &web::Data<GatewayState>,
) -> Result<Survey> {
    let (reader, now) = (state.reader.clone(), RequestContext::of(request).arrived);
    match web::block(move || reader.survey(now)).await {
        Ok(Ok(survey)) => Ok(survey),
        Ok(Err(error)) => Err(Status::internal(&error)),
        Err(error) => Err(Status::internal(&error)),
    }
}

pub(super) fn answer(body: &Value) -> HttpResponse {
    HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(body)
}

/// Which pods.
struct Wanted {
    labels: LabelSelector,
    fields: FieldSelector,
}

impl Wanted {
    fn read(query: &GoQuery) -> Result<Self> {
        let labels = query.get("labelSelector").unwrap_or_default();
        let fields = query.get("fieldSelector").unwrap_or_default();
        Ok(Self {
            labels: LabelSelector::parse(labels).map_err(Status::bad_request)?,
            fields: FieldSelector::parse(fields, &FIELDS).map_err(Status::bad_request)?,
        })
    }

    fn fits(&self, pod: &SeenPod) -> bool {
        // Files show no labels.
        self.labels.matches(|_| None)
            && self.fields.matches(|field| match field {
                "metadata.name" => pod.pod.pod.as_str(),
                "metadata.namespace" => pod.pod.namespace.as_str(),
                "status.phase" => pod_object::PHASE,
                "spec.restartPolicy" => "Always",
                "spec.hostNetwork" => "false",
                _ => "",
            })
    }
}
