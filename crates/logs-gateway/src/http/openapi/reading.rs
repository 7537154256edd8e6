//! Operations for readers of logs.

use serde_json::json;
use service_runtime::http::openapi::{
    ApiOperation, Credential, header_ref, json_content, of_type, path_parameter, query_parameter,
    text, uncached,
};
use utoipa::{
    ToSchema,
    openapi::{Ref, Required, ResponseBuilder, path::Parameter},
};

use super::{
    kubernetes_answers::any_object,
    log_parameters::{log_parameters, many_log_parameters},
};
use crate::http::{logs::LogEnvelope, pods::PodList, whoami::WhoAmI};

/// The group of these operations.
pub(super) const TAG: (&str, &str) = ("logs", "Logs as lines, JSON or events.");

const READER: [Credential; 2] = [Credential::Bearer, Credential::SessionCookie];
const LINE: &str = "{\"time\":\"2027-01-15T08:00:00Z\",\"stream\":\"stdout\",\"namespace\":\"shop\",\
                    \"pod\":\"web-0\",\"container\":\"app\",\"message\":\"hello\",\"cursor\":\"AQ\"}";
const OPENED: &str = "{\"event\":\"opened\",\"namespace\":\"shop\",\"pod\":\"web-0\",\
                      \"uid\":\"5f0c\",\"container\":\"app\",\"restart\":0}";

pub(super) fn read_log() -> ApiOperation {
    let namespace = "The namespace of the pod, `default` if absent.";
    let operation = ApiOperation::new(TAG.0, "read_log", "Reads the log of a pod")
        .parameter(query_parameter("namespace", namespace, text(), "shop"));
    log(operation)
}

pub(super) fn read_log_in_namespace() -> ApiOperation {
    let summary = "Reads the log of a pod in a namespace";
    let operation = ApiOperation::new(TAG.0, "read_log_in_namespace", summary)
        .parameter(path_parameter("namespace", "The namespace of the pod.", text(), "shop"));
    log(operation)
}

pub(super) fn read_logs() -> ApiOperation {
    let globs = "The pods, by names in which `*` and `?` match; several are separated by commas.";
    let namespaces = "The same for namespaces, `default` if absent.";
    let cursor =
        format!("data: {LINE}\nid: AQ\n\nevent: end\ndata: {{\"reason\":\"complete\"}}\n\n");
    let operation = ApiOperation::new(TAG.0, "read_logs", "Reads the logs of many pods")
        .description(
            "The lines of all containers, merged by time, as far as the caller may read them; what \
             may be read is decided again while the answer lasts. Lines of text begin with their \
             log. In a followed stream pods, containers and runs join. Records `cursor`, and the \
             ids of events, name a place in all of the logs, behind which `after` goes on.",
        )
        .needs(READER)
        .parameter(required(query_parameter("pod", globs, text(), "web-*")))
        .parameter(query_parameter("namespace", namespaces, text(), "shop"))
        .problems([406, 422, 429])
        .with_schema::<LogEnvelope<'static>>();
    let parameters = many_log_parameters().into_iter();
    parameters.fold(operation, ApiOperation::parameter).answer(200, lines(&cursor))
}

fn required(mut parameter: Parameter) -> Parameter {
    parameter.required = Required::True;
    parameter
}

fn log(operation: ApiOperation) -> ApiOperation {
    let operation = operation
        .description(
            "`Accept` chooses the form: JSON unless the log is followed, then text. A followed log \
             ends with its token. A body that ends early is aborted, so that the client sees an \
             error; objects and events end with their reason. The permission `logs:read` is needed \
             for the pod; a missing pod and a forbidden one look the same without it.",
        )
        .needs(READER)
        .parameter(path_parameter("pod", "The name of the pod.", text(), "web-0"))
        .problems([404, 406, 410, 422, 429])
        .with_schema::<LogEnvelope<'static>>();
    log_parameters()
        .into_iter()
        .fold(operation, ApiOperation::parameter)
        .answer(200, lines(&one_event_a_line()))
}

fn one_event_a_line() -> String {
    format!(
        "event: pod\ndata: {OPENED}\n\nid: AQ\ndata: {LINE}\n\n\
         event: end\ndata: {{\"reason\":\"complete\"}}\n\n"
    )
}

fn lines(events: &str) -> ResponseBuilder {
    let envelope = json!({
        "status": "success",
        "message": "User alice authenticated.",
        "namespace": "shop",
        "pod_name": "web-0",
        "container": "app",
        "logs": "hello\n",
    });
    let envelope = json_content(Ref::from_schema_name(LogEnvelope::name()), envelope);
    ["Content-Disposition", "X-Content-Type-Options"]
        .into_iter()
        .fold(uncached("The lines."), |response, name| response.header_ref(name, header_ref(name)))
        .content("application/json", envelope)
        .content("text/plain; charset=utf-8", of_type("hello\n"))
        .content("application/x-ndjson", of_type(&format!("{{\"pod\":{OPENED}}}\n{LINE}\n")))
        .content("text/event-stream", of_type(events))
}

pub(super) fn list_pods() -> ApiOperation {
    let pod = json!({
        "namespace": "shop",
        "pod": "web-0",
        "uid": "5f0c",
        "node": null,
        "labels": null,
        "phase": null,
        "created_at": "2027-01-15T08:00:00Z",
        "incarnations": ["5f0c"],
        "containers": [{
            "name": "app",
            "restart": 0,
            "state": null,
            "started_at": "2027-01-15T08:00:00Z",
            "last_write": "2027-01-15T08:00:00.123Z",
            "size": 4096,
            "runs": [{
                "restart": 0,
                "first_time": "2027-01-15T08:00:00Z",
                "last_time": "2027-01-15T08:00:00.12Z",
                "size": 4096,
            }],
        }],
    });
    let events = "event: pod\ndata: {\"event\":\"removed\",\"namespace\":\"shop\",\
                  \"pod\":\"web-0\",\"uid\":\"5f0c\"}\n\n";
    let list = json_content(Ref::from_schema_name(PodList::name()), json!({ "pods": [pod] }));
    let answer = uncached("The pods.")
        .content("application/json", list)
        .content("text/event-stream", of_type(events));
    let globs = "Only pods of these names, in which `*` and `?` match; several are separated by \
                 commas.";
    let heartbeat = "How often an event stream sends an event `heartbeat`, 1s to 60s.";
    ApiOperation::new(TAG.0, "list_pods", "Lists the pods whose logs the caller may read")
        .description(
            "As events (`Accept: text/event-stream`): `pod` with `event` `added`, `changed` or \
             `removed`, and `synced` after all that there was. The stream ends with its token.",
        )
        .needs(READER)
        .parameter(query_parameter("namespace", "The same for namespaces.", text(), "shop"))
        .parameter(query_parameter("pod", globs, text(), "web-*"))
        .parameter(query_parameter("heartbeat", heartbeat, text(), "5s"))
        .problems([406, 422, 429])
        .with_schema::<PodList<'static>>()
        .answer(200, answer)
}

pub(super) fn who_am_i() -> ApiOperation {
    let example = json!({
        "username": "ada",
        "permissions": ["logs:read:shop/*"],
        "expires_at": "2027-01-15T08:30:00Z",
        "sso_url": "https://sso.example",
        "source": "files",
        "offers": { "history": true, "stream": true, "labels": false, "before": true },
        "limits": { "streams_per_user": 50, "pods_per_stream": 100 },
    });
    ApiOperation::new(TAG.0, "whoami", "The caller, and what this gateway offers")
        .needs(READER)
        .json::<WhoAmI<'static>>(200, "The caller.", example)
}

pub(super) fn kubeconfig() -> ApiOperation {
    let example = json!({"apiVersion": "v1", "kind": "Config", "clusters": [], "users": []});
    let file = uncached("The file; it contains no token.")
        .header_ref("Content-Disposition", header_ref("Content-Disposition"))
        .content("application/yaml", json_content(any_object(), example));
    ApiOperation::new(TAG.0, "kubeconfig", "A kubeconfig for this gateway")
        .description("kubectl gets its token from the plugin `kubectl-sso`.")
        .needs(READER)
        .answer(200, file)
}
