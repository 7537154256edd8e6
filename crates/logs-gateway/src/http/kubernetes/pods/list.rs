//! `GET …/pods` and `GET …/pods/{pod}`: the part of a pod that readers of its logs may see.

use std::sync::Arc;

use actix_web::{
    HttpRequest, HttpResponse,
    web::{self, Path, ReqData},
};
use pod_logs::{PodChange, PodRef, PodsByName, SeenPod};
use service_runtime::http::RequestContext;

use super::{pod_object, pod_rendering::PodRendering};
use crate::{
    auth::Caller,
    http::{
        GatewayState,
        kubernetes::{
            answer,
            request::{
                accept::{ObjectForm, object_form},
                go_query::GoQuery,
                page::Page,
                selector::{FieldSelector, LabelSelector},
            },
            status::{ResourceAction, Result, StatusError},
            survey::survey,
            watch::{self, ChangeView, View, WatchOptions},
        },
        streaming::open_log::AuthenticatedRequest,
    },
};

const RESOURCE: &str = "pods";
/// The fields that can select pods.
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

/// An allowed list is filtered; a caller without permission to read any log is denied.
pub(in crate::http) async fn list_everywhere(asked: AuthenticatedRequest) -> Result<HttpResponse> {
    if asked.caller.may_read_any().is_err() {
        return Err(answer::list_forbidden(&asked, RESOURCE, None));
    }
    answer_list(asked, None).await
}

pub(in crate::http) async fn list(
    asked: AuthenticatedRequest,
    namespace: Path<String>,
) -> Result<HttpResponse> {
    let namespace = namespace.into_inner();
    if !asked.caller.may_read_in(&namespace) {
        return Err(answer::list_forbidden(&asked, RESOURCE, Some(&namespace)));
    }
    answer_list(asked, Some(namespace)).await
}

pub(in crate::http) async fn read(
    request: HttpRequest,
    state: web::Data<GatewayState>,
    caller: ReqData<Caller>,
    path: Path<(String, String)>,
) -> Result<HttpResponse> {
    let (namespace, name) = path.into_inner();
    if !caller.may_read_named(&namespace, &name) {
        let (name, namespace) = (Some(&*name), Some(&*namespace));
        let action = ResourceAction { verb: "get", resource: RESOURCE, name, namespace };
        return Err(StatusError::forbidden(&caller.username, action));
    }
    let form = object_form(&request)?;
    let query = GoQuery::parse(request.query_string());
    if matches!(form, ObjectForm::Object)
        && caller.may_read_object(&namespace, &name)
        && let Some(answer) = whole(&state, &namespace, &name).await
    {
        return answer;
    }
    let survey = survey(&request, &state).await?;
    let Some(pod) = survey.pods.get(&(namespace, name.clone())) else {
        return Err(StatusError::not_found(RESOURCE, &name));
    };
    let rendering = PodRendering::at(form, &query);
    Ok(answer::ok(&rendering.object(pod, RequestContext::of(&request).arrived)))
}

/// The whole object, where the source has it.
async fn whole(state: &GatewayState, namespace: &str, name: &str) -> Option<Result<HttpResponse>> {
    let pod = PodRef { namespace: namespace.parse().ok()?, pod: name.parse().ok()? };
    let answer = state.reader.answer_about(&pod).await?;
    Some(match answer {
        Ok(answer) => Ok(answer::passed_answer(answer)),
        Err(error) => Err(StatusError::source_unavailable(&error)),
    })
}

async fn answer_list(
    asked: AuthenticatedRequest,
    namespace: Option<String>,
) -> Result<HttpResponse> {
    let request = &asked.request;
    let form = object_form(request)?;
    let query = GoQuery::parse(request.query_string());
    let selection = PodSelection::read(&query, namespace)?;
    if query.flag("watch") {
        let options = WatchOptions::read(&query)?;
        let view = view(PodRendering::at(form, &query), asked.caller.clone(), selection);
        return watch::respond(asked, options, view).await;
    }
    let page = Page::read(&query)?;
    let survey = survey(request, &asked.state).await?;
    let visible = survey.pods.iter().filter(|(_, pod)| selection.shows(&asked.caller, pod));
    let (pods, next) = page.cut(visible, survey.version);
    let pods: Vec<Arc<SeenPod>> = pods.into_iter().cloned().collect();
    let metadata = answer::list_metadata(survey.version, next);
    let rendering = PodRendering::at(form, &query);
    let list = rendering.list(&pods, &metadata, RequestContext::of(request).arrived);
    Ok(answer::list(&list, &asked.state.pods.missing()))
}

fn view(rendering: PodRendering, caller: Caller, selection: PodSelection) -> View {
    let form = rendering.form;
    let show = move |PodChange { kind, pod }: &PodChange, now| {
        selection.shows(&caller, pod).then(|| (*kind, rendering.object(pod, now)))
    };
    View {
        kind: "Pod",
        form,
        show: Box::new(move |_: &PodsByName| -> ChangeView { Box::new(show) }),
    }
}

/// The selection of pods.
struct PodSelection {
    /// `None` for all namespaces.
    namespace: Option<String>,
    labels: LabelSelector,
    fields: FieldSelector,
}

impl PodSelection {
    fn read(query: &GoQuery, namespace: Option<String>) -> Result<Self> {
        let labels = query.get("labelSelector").unwrap_or_default();
        let fields = query.get("fieldSelector").unwrap_or_default();
        Ok(Self {
            namespace,
            labels: LabelSelector::parse(labels).map_err(StatusError::bad_request)?,
            fields: FieldSelector::parse(fields, &FIELDS).map_err(StatusError::bad_request)?,
        })
    }

    /// Whether the pod is selected and the caller may see it.
    fn shows(&self, caller: &Caller, pod: &SeenPod) -> bool {
        let (namespace, name) = (pod.pod.namespace.as_str(), pod.pod.pod.as_str());
        self.namespace.as_deref().is_none_or(|only| only == namespace)
            && caller.may_read_named(namespace, name)
            && self.fits(pod)
    }

    fn fits(&self, pod: &SeenPod) -> bool {
        // Log files contain no labels.
        let object = pod.object.as_deref();
        let label = |key: &str| object?.labels.get(key).map(String::as_str);
        self.labels.matches(label)
            && self.fields.matches(|field| match field {
                "metadata.name" => pod.pod.pod.as_str(),
                "metadata.namespace" => pod.pod.namespace.as_str(),
                "status.phase" => pod_object::phase(pod),
                "spec.nodeName" => pod.node.as_deref().unwrap_or_default(),
                "spec.restartPolicy" => "Always",
                "spec.hostNetwork" => "false",
                _ => "",
            })
    }
}
