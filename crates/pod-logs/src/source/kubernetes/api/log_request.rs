//! A request for the log of a container.

use chrono::{DateTime, SecondsFormat, Utc};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::line::{
    stream::OutputStream,
    target::{ContainerName, PodRef},
};

/// What is asked of the API server, in the words of Kubernetes' `PodLogOptions`. Lines always come
/// with their times.
#[derive(Debug, Clone)]
pub(crate) struct LogRequest {
    pub(crate) container: ContainerName,
    /// The run of the container before the present one.
    pub(crate) previous: bool,
    pub(crate) follow: bool,
    /// Only lines of this second or later: the API server cuts off fractions.
    pub(crate) since: Option<DateTime<Utc>>,
    /// Only so many of the last lines of the file, of which a long line takes several.
    pub(crate) tail_lines: Option<u64>,
    pub(crate) stream: Option<OutputStream>,
}

impl LogRequest {
    /// The path and query for a log of this pod.
    pub(super) fn uri(&self, pod: &PodRef) -> String {
        let Self { container, previous, follow, since, tail_lines, stream } = self;
        let mut uri = format!("{}/log?container={container}&timestamps=true", pod_uri(pod));
        if *previous {
            uri.push_str("&previous=true");
        }
        if *follow {
            uri.push_str("&follow=true");
        }
        if let Some(since) = since {
            let text = since.to_rfc3339_opts(SecondsFormat::Secs, true);
            uri.push_str("&sinceTime=");
            uri.extend(utf8_percent_encode(&text, NON_ALPHANUMERIC));
        }
        if let Some(lines) = tail_lines {
            uri.push_str(&format!("&tailLines={lines}"));
        }
        match stream {
            Some(OutputStream::Stdout) => uri.push_str("&stream=Stdout"),
            Some(OutputStream::Stderr) => uri.push_str("&stream=Stderr"),
            None => {}
        }
        uri
    }
}

/// The path of a pod. Its names parsed, so they need no encoding.
pub(crate) fn pod_uri(pod: &PodRef) -> String {
    format!("/api/v1/namespaces/{}/pods/{}", pod.namespace, pod.pod)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_asked_for_is_sent() {
        let pod = PodRef { namespace: "shop".parse().unwrap(), pod: "web-0".parse().unwrap() };
        let bare = LogRequest {
            container: "app".parse().unwrap(),
            previous: false,
            follow: false,
            since: None,
            tail_lines: None,
            stream: None,
        };
        let path = "/api/v1/namespaces/shop/pods/web-0/log?container=app&timestamps=true";
        assert_eq!(bare.uri(&pod), path);
        let full = LogRequest {
            previous: true,
            follow: true,
            since: "2026-11-01T10:00:00.9Z".parse().ok(),
            tail_lines: Some(5),
            stream: Some(OutputStream::Stderr),
            ..bare
        };
        let more = "&previous=true&follow=true&sinceTime=2026%2D11%2D01T10%3A00%3A00Z&tailLines=5\
                    &stream=Stderr";
        assert_eq!(full.uri(&pod), format!("{path}{more}"));
    }
}
