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
                selector::FieldSelector,
            },
            status::{ResourceAction, Result, StatusError},
            survey::{catalog, survey},
            watch::{self, ChangeView, View, WatchOptions},
        },
        streaming::open_log::AuthenticatedRequest,
    },
    label_selector::LabelSelector,
    unavailable_source::UnavailableSource,
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
        return Err(StatusError::forbidden(&caller.username, getting(&namespace, &name)));
    }
    let form = object_form(&request)?;
    let query = GoQuery::parse(request.query_string());
    if matches!(form, ObjectForm::Object)
        && caller.may_read_object(&namespace, &name)
        && let Some(answer) = whole(&state, &caller, &namespace, &name).await
    {
        return answer;
    }
    let Some(pod) = find(&request, &state, &caller, [&namespace, &name]).await? else {
        return Err(StatusError::not_found(RESOURCE, &name));
    };
    let rendering = PodRendering::at(form, &query);
    Ok(answer::ok(&rendering.object(&pod, RequestContext::of(&request).arrived)))
}

/// The pod, if there is one.
async fn find(
    request: &HttpRequest,
    state: &GatewayState,
    caller: &Caller,
    [namespace, name]: [&str; 2],
) -> Result<Option<Arc<SeenPod>>> {
    let (Ok(in_namespace), Ok(pod)) = (namespace.parse(), name.parse()) else {
        return Ok(None);
    };
    let named = PodRef { namespace: in_namespace, pod };
    match state.reader.pod_of_caller(caller, &named).await {
        None => {}
        Some(Ok(pod)) => return Ok(pod.map(Arc::new)),
        Some(Err(error)) if error.is_not_found() => return Ok(None),
        Some(Err(error)) if error.is_forbidden() => {
            return Err(StatusError::forbidden(&caller.username, getting(namespace, name))
                .because("the cluster refuses it"));
        }
        Some(Err(error)) => {
            return Err(StatusError::source_unavailable(UnavailableSource::ApiServer, &error));
        }
    }
    let pods = catalog(state, caller, Some(namespace), RESOURCE).await?;
    let survey = survey(request, &pods).await?;
    Ok(survey.pods.get(&(namespace.to_owned(), name.to_owned())).cloned())
}

fn getting<'a>(namespace: &'a str, name: &'a str) -> ResourceAction<'a> {
    let (name, namespace) = (Some(name), Some(namespace));
    ResourceAction { verb: "get", group: "", resource: RESOURCE, name, namespace }
}

/// The whole object, where the source has it.
async fn whole(
    state: &GatewayState,
    caller: &Caller,
    namespace: &str,
    name: &str,
) -> Option<Result<HttpResponse>> {
    let pod = PodRef { namespace: namespace.parse().ok()?, pod: name.parse().ok()? };
    let answer = state.reader.answer_about(caller, &pod).await?;
    Some(match answer {
        Ok(answer) => Ok(answer::passed_answer(answer)),
        Err(error) => Err(StatusError::source_unavailable(UnavailableSource::ApiServer, &error)),
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
    let named = selection.namespace.clone();
    let pods = catalog(&asked.state, &asked.caller, named.as_deref(), RESOURCE);
    if query.flag("watch") {
        let options = WatchOptions::read(&query)?;
        let rendering = PodRendering::at(form, &query);
        let (pods, view) = (pods.await?, view(rendering, asked.caller.clone(), selection));
        return watch::respond(asked, pods, options, view).await;
    }
    let page = Page::read(&query)?;
    let survey = survey(request, &pods.await?).await?;
    let visible = survey.pods.iter().filter(|(_, pod)| selection.shows(&asked.caller, pod));
    let (pods, next) = page.cut(visible, survey.version);
    let pods: Vec<Arc<SeenPod>> = pods.into_iter().cloned().collect();
    let metadata = answer::list_metadata(survey.version, next);
    let rendering = PodRendering::at(form, &query);
    let list = rendering.list(&pods, &metadata, RequestContext::of(request).arrived);
    let mut response = answer::list(&list, &asked.state.pods.missing());
    let selects_by_labels = query.get("labelSelector").is_some_and(|selector| !selector.is_empty());
    if selects_by_labels && !asked.state.reader.offers().labels {
        answer::warn(&mut response, "this source knows no labels");
    }
    Ok(response)
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
