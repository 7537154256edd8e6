//! What each node is asked.

use percent_encoding::percent_decode_str;
use pod_logs::{ContainerName, PodRef};
use reqwest::header::HeaderMap;
use service_runtime::http::RequestContext;

use crate::auth::Caller;

/// The path of the logs of many pods.
const MANY_LOGS: &str = "/logs";
/// Parameters that the front applies to what nodes give.
const OF_FRONT: [&str; 6] =
    ["after", "download", "limitBytes", "limitLines", "prefix", "timestamps"];
/// Parameters that name the log, or the logs.
const OF_LOGS: [&str; 3] = ["container", "namespace", "pod"];

/// What each node is asked on behalf of a caller.
#[derive(Debug, Clone)]
pub(crate) struct NodesQuestion {
    /// The path of the request, encoded.
    pub(crate) path: String,
    /// Its query, encoded.
    pub(crate) query: String,
    pub(crate) caller: Caller,
    pub(crate) context: RequestContext,
    /// Headers that go along.
    pub(crate) headers: HeaderMap,
}

impl NodesQuestion {
    /// The same question about a pod as one of many: of all its containers, or of this one.
    pub(crate) fn about_pod(self, pod: &PodRef, container: Option<&ContainerName>) -> Self {
        let names = format!("namespace={}&pod={}", pod.namespace, pod.pod);
        let container = container.map(|name| format!("container={name}"));
        let others = without(&self.query, &OF_LOGS);
        let parameters: Vec<_> =
            [&*names].into_iter().chain(container.as_deref()).chain(others).collect();
        Self { path: MANY_LOGS.to_owned(), query: parameters.join("&"), ..self }
    }

    /// The path and the whole query.
    pub(crate) fn whole_path_and_query(&self) -> String {
        if self.query.is_empty() {
            self.path.clone()
        } else {
            format!("{}?{}", self.path, self.query)
        }
    }

    /// The path and the query for a node that goes on behind a cursor, if there is one.
    pub(super) fn path_and_query(&self, cursor: Option<&str>) -> String {
        let after = cursor.map(|cursor| format!("after={cursor}"));
        let parameters: Vec<_> = without(&self.query, &OF_FRONT).chain(after.as_deref()).collect();
        format!("{}?{}", self.path, parameters.join("&"))
    }
}

/// The parameters of an encoded query that have none of these names.
fn without<'a>(query: &'a str, names: &'a [&str]) -> impl Iterator<Item = &'a str> {
    query.split('&').filter(|parameter| {
        let name = parameter.split('=').next().unwrap_or_default();
        !names.contains(&&*percent_decode_str(name).decode_utf8_lossy())
    })
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use chrono::DateTime;

    use super::*;

    fn question(path: &str, query: &str) -> NodesQuestion {
        let headers = actix_web::http::header::HeaderMap::new();
        let localhost = Ipv4Addr::LOCALHOST.into();
        NodesQuestion {
            path: path.to_owned(),
            query: query.to_owned(),
            caller: Caller::holding("logs:read"),
            context: RequestContext::new(&headers, localhost, DateTime::UNIX_EPOCH),
            headers: HeaderMap::new(),
        }
    }

    #[test]
    fn a_pod_can_be_asked_about_as_one_of_many() {
        let pod = PodRef { namespace: "shop".parse().unwrap(), pod: "db-0".parse().unwrap() };
        let app = "app".parse().unwrap();
        for (query, container, expected) in [
            ("", None, "namespace=shop&pod=db-0&"),
            ("history=all&tail=9", None, "namespace=shop&pod=db-0&history=all&tail=9"),
            ("container=*&tail=9", None, "namespace=shop&pod=db-0&tail=9"),
            (
                "n%61mespace=shop&tail=9&container=a",
                Some(&app),
                "namespace=shop&pod=db-0&container=app&tail=9",
            ),
        ] {
            let asked = question("/logs/db-0", query).about_pod(&pod, container);
            assert_eq!((&*asked.path, &*asked.query), ("/logs", expected), "{query}");
        }
    }

    #[test]
    fn what_a_front_applies_is_not_asked_of_nodes() {
        let query = "pod=web-*&limitLines=3&tail=9&aft%65r=AW0&prefix&grep=a%26after%3D";
        let question = question("/logs", query);
        let asked = "/logs?pod=web-*&tail=9&grep=a%26after%3D";
        assert_eq!(question.path_and_query(None), asked);
        assert_eq!(question.path_and_query(Some("AW1")), format!("{asked}&after=AW1"));
    }
}
