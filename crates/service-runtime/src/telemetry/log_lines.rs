//! Log lines with the labels of the request that they are about.

use std::{
    fmt::{self, Write},
    net::IpAddr,
};

use serde::Serialize;
use tracing::{Event, Subscriber};
use tracing_subscriber::{
    fmt::{
        FmtContext,
        format::{FormatEvent, FormatFields, Writer},
    },
    registry::LookupSpan,
};

use super::{
    request_span::{RequestLabels, RequestSpan},
    settings::LogFormat,
};

/// Formats events as `inner` does, and adds the labels of the current request at the end.
pub(super) struct WithRequest<F> {
    pub(super) inner: F,
    /// The format of `inner`.
    pub(super) format: LogFormat,
}

impl<S, N, F> FormatEvent<S, N> for WithRequest<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let request = RequestSpan::current();
        let Some(labels) = request.labels() else {
            return self.inner.format_event(context, writer, event);
        };
        let mut line = String::new();
        self.inner.format_event(context, Writer::new(&mut line), event)?;
        match self.format {
            LogFormat::Json => add_members(&mut line, labels),
            LogFormat::Text => add_words(&mut line, labels)?,
        }
        writer.write_str(&line)
    }
}

/// The labels of a request as they are written.
#[derive(Serialize)]
struct Members<'a> {
    request_id: &'a str,
    route: &'a str,
    method: &'a str,
    client: IpAddr,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<&'a str>,
}

impl<'a> From<&'a RequestLabels> for Members<'a> {
    fn from(labels: &'a RequestLabels) -> Self {
        Self {
            request_id: &labels.request_id,
            route: labels.route.as_deref().unwrap_or("none"),
            method: labels.method.as_str(),
            client: labels.client,
            user: labels.user.get().map(|user| &**user),
        }
    }
}

/// Adds the labels to the object in `line`.
fn add_members(line: &mut String, labels: &RequestLabels) {
    let members = serde_json::to_string(&Members::from(labels)).unwrap_or_default();
    if let (Some(object), Some(members)) =
        (line.trim_end().strip_suffix('}'), members.strip_prefix('{'))
    {
        line.truncate(object.len());
        line.push(',');
        line.push_str(members);
        line.push('\n');
    }
}

fn add_words(line: &mut String, labels: &RequestLabels) -> fmt::Result {
    let Members { request_id, route, method, client, user } = labels.into();
    line.truncate(line.trim_end().len());
    write!(line, " request_id={request_id} route={route} method={method} client={client}")?;
    if let Some(user) = user {
        write!(line, " user={user}")?;
    }
    line.push('\n');
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{super::request_span::tests::request, *};

    #[test]
    fn labels_are_members_of_the_object() {
        let span = request("a\"b");
        span.record_user("ada");
        let mut line = "{\"level\":\"WARN\"}\n".to_owned();
        add_members(&mut line, span.labels().unwrap());
        let expected = r#"{"level":"WARN","request_id":"a\"b","route":"/logs/{pod}","method":"GET","client":"127.0.0.1","user":"ada"}"#;
        assert_eq!(line, format!("{expected}\n"));
    }

    #[test]
    fn labels_are_words_at_the_end_of_a_text() {
        let mut line = "WARN a message\n".to_owned();
        add_words(&mut line, request("a").labels().unwrap()).unwrap();
        let expected =
            "WARN a message request_id=a route=/logs/{pod} method=GET client=127.0.0.1\n";
        assert_eq!(line, expected);
    }
}
