//! What kubectl reads from its exec plugin.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::session::Session;

/// `client.authentication.k8s.io/v1`, and what of it matters to a bearer.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ExecCredential<'a> {
    api_version: &'static str,
    kind: &'static str,
    status: Status<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Status<'a> {
    token: &'a str,
    /// Until then kubectl keeps the token and does not ask again.
    expiration_timestamp: DateTime<Utc>,
}

/// A line of JSON.
pub(super) fn exec_credential(session: &Session, now: DateTime<Utc>) -> serde_json::Result<String> {
    let credential = ExecCredential {
        api_version: "client.authentication.k8s.io/v1",
        kind: "ExecCredential",
        status: Status {
            token: session.token.expose(),
            expiration_timestamp: session.good_until(now),
        },
    };
    serde_json::to_string(&credential).map(|line| line + "\n")
}

#[cfg(test)]
mod tests {
    use super::{
        super::session::tests::{at, session},
        *,
    };

    #[test]
    fn a_credential_is_spelled_as_kubectl_reads_it() {
        let session = session(1, 0, 1800, 28800);
        let token = session.token.expose();
        for (now, until) in [(0, "1970-01-01T00:29:00Z"), (1750, "1970-01-01T00:30:00Z")] {
            assert_eq!(
                exec_credential(&session, at(now)).unwrap(),
                format!(
                    "{{\"apiVersion\":\"client.authentication.k8s.io/v1\",\
                     \"kind\":\"ExecCredential\",\
                     \"status\":{{\"token\":\"{token}\",\"expirationTimestamp\":\"{until}\"}}}}\n"
                )
            );
        }
    }
}
