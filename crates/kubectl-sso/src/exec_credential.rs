//! The credential that kubectl reads from its exec plugin.

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::session::Session;

/// The version of the credential, as the kubeconfig names it.
pub(crate) const EXEC_API_VERSION: &str = "client.authentication.k8s.io/v1";

/// `ExecCredential` of `client.authentication.k8s.io/v1`, with the fields of a bearer token.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ExecCredential<'a> {
    api_version: &'static str,
    kind: &'static str,
    status: ExecCredentialStatus<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ExecCredentialStatus<'a> {
    token: &'a str,
    /// The time until which kubectl caches the token.
    expiration_timestamp: DateTime<Utc>,
}

/// The credential of a session, as a line of JSON.
pub(crate) fn exec_credential(session: &Session, now: DateTime<Utc>) -> serde_json::Result<String> {
    let credential = ExecCredential {
        api_version: EXEC_API_VERSION,
        kind: "ExecCredential",
        status: ExecCredentialStatus {
            token: session.token.expose(),
            expiration_timestamp: session.cacheable_until(now),
        },
    };
    serde_json::to_string(&credential).map(|line| line + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::tests::{at, session};

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
