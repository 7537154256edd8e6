//! `GET /logs/{pod}` and `GET /logs/{namespace}/{pod}`.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{Method, header},
    web::{self, Path, ReqData},
};
use serde::Serialize;
use service_runtime::http::{InputFaults, Problem, Query, RequestContext, Result};

use super::{
    body,
    error::problem,
    log_format::accepted_form,
    log_query::{log_query, name},
};
use crate::{
    auth::Caller,
    logs::{render::LogForm, target::PodRef},
    reader::{LogReader, OpenedLog},
};

const DEFAULT_NAMESPACE: &str = "default";

/// The namespace is in the query, or the default one.
pub(super) async fn of_pod(
    request: HttpRequest,
    reader: web::Data<LogReader>,
    caller: ReqData<Caller>,
    pod: Path<String>,
) -> Result<HttpResponse> {
    let mut query = Query::parse(request.query_string());
    let namespace = query
        .take("namespace")
        .unwrap_or_else(|| DEFAULT_NAMESPACE.to_owned());
    answer(&request, &reader, &caller, query, [&namespace, &pod]).await
}

pub(super) async fn of_pod_in_namespace(
    request: HttpRequest,
    reader: web::Data<LogReader>,
    caller: ReqData<Caller>,
    path: Path<(String, String)>,
) -> Result<HttpResponse> {
    let query = Query::parse(request.query_string());
    answer(&request, &reader, &caller, query, [&path.0, &path.1]).await
}

async fn answer(
    request: &HttpRequest,
    reader: &LogReader,
    caller: &Caller,
    query: Query,
    [namespace, pod]: [&str; 2],
) -> Result<HttpResponse> {
    let pod = pod_ref(namespace, pod)?;
    let query = log_query(query, RequestContext::of(request).arrived)?;
    let form = accepted_form(request)?;
    let mut response = HttpResponse::Ok();
    response
        .content_type(content_type(form))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"));
    if request.method() == Method::HEAD {
        reader.locate(caller, &pod, &query).map_err(problem)?;
        return Ok(response.finish());
    }
    let opened = reader
        .open(caller, &pod, query, form)
        .await
        .map_err(problem)?;
    Ok(match form {
        LogForm::Text => body::answer(response, opened.first_chunk, opened.rest, b""),
        LogForm::JsonString => {
            let mut beginning = Envelope::new(caller, &pod, &opened).beginning()?;
            beginning.extend_from_slice(&opened.first_chunk);
            body::answer(response, beginning, opened.rest, Envelope::END)
        }
    })
}

/// A name that Kubernetes would not have is 400, before anyone looks for it.
fn pod_ref(namespace: &str, pod: &str) -> Result<PodRef> {
    let mut faults = InputFaults::default();
    let namespace = name(namespace).map_err(|fault| faults.unreadable("namespace", fault));
    let pod = name(pod).map_err(|fault| faults.unreadable("pod", fault));
    match (namespace, pod) {
        (Ok(namespace), Ok(pod)) => Ok(PodRef { namespace, pod }),
        _ => Err(faults.into_problem()),
    }
}

fn content_type(form: LogForm) -> &'static str {
    match form {
        LogForm::Text => "text/plain; charset=utf-8",
        LogForm::JsonString => "application/json",
    }
}

/// The JSON answer. The log is its last field, so that it can be written as it is read.
#[derive(Serialize)]
struct Envelope<'a> {
    status: &'static str,
    message: String,
    namespace: &'a str,
    pod_name: &'a str,
    /// `*` if there are several.
    container: &'a str,
    logs: &'static str,
}

impl<'a> Envelope<'a> {
    /// What comes after the log.
    const END: &'static [u8] = b"\"}";

    fn new(caller: &Caller, pod: &'a PodRef, opened: &'a OpenedLog) -> Self {
        let container = match &opened.containers[..] {
            [container] => container.as_str(),
            _ => "*",
        };
        Self {
            status: "success",
            message: format!("User {} authenticated.", caller.username),
            namespace: pod.namespace.as_str(),
            pod_name: pod.pod.as_str(),
            container,
            logs: "",
        }
    }

    /// What comes before the log.
    fn beginning(&self) -> Result<Vec<u8>> {
        let mut json = serde_json::to_vec(self).map_err(Problem::internal)?;
        json.truncate(json.len() - Self::END.len());
        Ok(json)
    }
}
