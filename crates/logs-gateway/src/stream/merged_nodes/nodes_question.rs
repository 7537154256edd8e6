//! What each node is asked.

use percent_encoding::percent_decode_str;
use reqwest::header::HeaderMap;
use service_runtime::http::RequestContext;

use crate::auth::Caller;

/// Parameters that the front applies to what nodes give.
const OF_FRONT: [&str; 6] =
    ["after", "download", "limitBytes", "limitLines", "prefix", "timestamps"];

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
        let is_of_front = |parameter: &&str| {
            let name = parameter.split('=').next().unwrap_or_default();
            let name = percent_decode_str(name).decode_utf8_lossy();
            OF_FRONT.contains(&&*name)
        };
        let parameters = self.query.split('&').filter(|parameter| !is_of_front(parameter));
        let after = cursor.map(|cursor| format!("after={cursor}"));
        let parameters: Vec<_> = parameters.chain(after.as_deref()).collect();
        format!("{}?{}", self.path, parameters.join("&"))
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use chrono::DateTime;

    use super::*;

    #[test]
    fn what_a_front_applies_is_not_asked_of_nodes() {
        let headers = actix_web::http::header::HeaderMap::new();
        let localhost = Ipv4Addr::LOCALHOST.into();
        let question = NodesQuestion {
            path: "/logs".to_owned(),
            query: "pod=web-*&limitLines=3&tail=9&aft%65r=AW0&prefix&grep=a%26after%3D".to_owned(),
            caller: Caller::holding("logs:read"),
            context: RequestContext::new(&headers, localhost, DateTime::UNIX_EPOCH),
            headers: HeaderMap::new(),
        };
        let asked = "/logs?pod=web-*&tail=9&grep=a%26after%3D";
        assert_eq!(question.path_and_query(None), asked);
        assert_eq!(question.path_and_query(Some("AW1")), format!("{asked}&after=AW1"));
    }
}
