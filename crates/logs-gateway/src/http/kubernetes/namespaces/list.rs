//! `GET /api/v1/namespaces[/{namespace}]`: the namespaces with a pod whose log the caller may read.

use std::collections::BTreeMap;

use actix_web::{
    HttpRequest, HttpResponse,
    web::{self, Path, ReqData},
};
use chrono::{DateTime, Utc};
use pod_logs::{PodChange, PodsByName};
use serde_json::{Value, json};

use super::{namespace_table::namespace_table, visible::VisibleNamespaces};
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
};

const RESOURCE: &str = "namespaces";
const FIELDS: [&str; 2] = ["metadata.name", "status.phase"];
const PHASE: &str = "Active";

pub(in crate::http) async fn list(asked: AuthenticatedRequest) -> Result<HttpResponse> {
    let AuthenticatedRequest { request, caller, .. } = &asked;
    if caller.may_read_any().is_err() {
        return Err(answer::list_forbidden(&asked, RESOURCE, None));
    }
    let form = object_form(request)?;
    let query = GoQuery::parse(request.query_string());
    let fits = wanted(&query)?;
    let pods = catalog(&asked.state, caller, None, RESOURCE);
    if query.flag("watch") {
        let options = WatchOptions::read(&query)?;
        let (pods, view) = (pods.await?, view(form, caller.clone(), fits));
        return watch::respond(asked, pods, options, view).await;
    }
    let page = Page::read(&query)?;
    let survey = survey(request, &pods.await?).await?;
    let visible = VisibleNamespaces::among(&survey.pods, caller);
    let named: BTreeMap<_, _> = visible
        .iter()
        .filter(|(name, _)| fits(name))
        .map(|(name, version)| ((String::new(), name.to_owned()), (name, version)))
        .collect();
    let (page, next) = page.cut(named.iter(), survey.version);
    let metadata = answer::list_metadata(survey.version, next);
    let objects = |object: fn(&str, u64) -> Value| {
        page.iter().map(|(name, version)| object(name, *version)).collect::<Vec<_>>()
    };
    let list = match form {
        ObjectForm::Object => json!({
            "kind": "NamespaceList",
            "apiVersion": "v1",
            "metadata": metadata,
            "items": objects(item),
        }),
        ObjectForm::Metadata(api) => json!({
            "kind": "PartialObjectMetadataList",
            "apiVersion": api,
            "metadata": metadata,
            "items": objects(metadata_only),
        }),
        ObjectForm::Table(api) => {
            let rows: Vec<_> =
                page.iter().map(|(name, version)| (*name, metadata_only(name, *version))).collect();
            namespace_table(api, &metadata, &rows)
        }
    };
    Ok(answer::list(&list, &asked.state.pods.missing()))
}

pub(in crate::http) async fn read(
    request: HttpRequest,
    state: web::Data<GatewayState>,
    caller: ReqData<Caller>,
    name: Path<String>,
) -> Result<HttpResponse> {
    if !caller.may_read_in(&name) {
        let (resource, namespace) = (RESOURCE, Some(&**name));
        let action =
            ResourceAction { verb: "get", group: "", resource, name: namespace, namespace };
        return Err(StatusError::forbidden(&caller.username, action));
    }
    let form = object_form(&request)?;
    let pods = catalog(&state, &caller, Some(&**name), RESOURCE).await?;
    let survey = survey(&request, &pods).await?;
    let Some(version) = VisibleNamespaces::among(&survey.pods, &caller).version_of(&name) else {
        return Err(StatusError::not_found(RESOURCE, &name));
    };
    Ok(answer::ok(&object(form, &name, version)))
}

fn view(form: ObjectForm, caller: Caller, fits: impl Fn(&str) -> bool + 'static) -> View {
    let begin = move |known: &PodsByName| -> ChangeView {
        let mut visible = VisibleNamespaces::among(known, &caller);
        Box::new(move |change: &PodChange, _: DateTime<Utc>| {
            let kind = visible.apply(change, &caller)?;
            let name = change.pod.pod.namespace.as_str();
            fits(name).then(|| (kind, object(form, name, change.pod.version)))
        })
    };
    View { kind: "Namespace", form, show: Box::new(begin) }
}

fn object(form: ObjectForm, name: &str, version: u64) -> Value {
    match form {
        ObjectForm::Object => {
            let mut object = item(name, version);
            object["kind"] = "Namespace".into();
            object["apiVersion"] = "v1".into();
            object
        }
        ObjectForm::Metadata(_) => metadata_only(name, version),
        ObjectForm::Table(api) => {
            let metadata = json!({ "resourceVersion": version.to_string() });
            namespace_table(api, &metadata, &[(name, metadata_only(name, version))])
        }
    }
}

fn wanted(query: &GoQuery) -> Result<impl Fn(&str) -> bool + use<>> {
    let labels = LabelSelector::parse(query.get("labelSelector").unwrap_or_default());
    let labels = labels.map_err(StatusError::bad_request)?;
    let fields = FieldSelector::parse(query.get("fieldSelector").unwrap_or_default(), &FIELDS);
    let fields = fields.map_err(StatusError::bad_request)?;
    Ok(move |name: &str| {
        // The API server sets this label on every namespace.
        labels.matches(|label| (label == "kubernetes.io/metadata.name").then_some(name))
            && fields.matches(|field| if field == "metadata.name" { name } else { PHASE })
    })
}

fn metadata(name: &str, version: u64) -> Value {
    json!({
        "name": name,
        "resourceVersion": version.to_string(),
        "creationTimestamp": null,
        "labels": { "kubernetes.io/metadata.name": name },
    })
}

fn item(name: &str, version: u64) -> Value {
    json!({ "metadata": metadata(name, version), "spec": {}, "status": { "phase": PHASE } })
}

fn metadata_only(name: &str, version: u64) -> Value {
    json!({
        "kind": "PartialObjectMetadata",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": metadata(name, version),
    })
}
