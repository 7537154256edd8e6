//! The ids of clients.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The id of the built-in client.
const KUBECTL_SSO: &str = "kubectl-sso";

/// The id of a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub(crate) enum ClientId {
    /// The kubectl plugin of this project: the one client that is built in, and the one that gets
    /// sessions of its users (a first-party client).
    KubectlSso,
    /// A client that an administrator has registered. Its id is a UUIDv7.
    Registered(Uuid),
}

impl ClientId {
    /// Whether the client gets sessions of its users in place of tokens of its own.
    pub(crate) fn is_first_party(self) -> bool {
        self == Self::KubectlSso
    }
}

impl FromStr for ClientId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, uuid::Error> {
        if text == KUBECTL_SSO {
            return Ok(Self::KubectlSso);
        }
        text.parse().map(Self::Registered)
    }
}

impl TryFrom<String> for ClientId {
    type Error = uuid::Error;

    fn try_from(text: String) -> Result<Self, uuid::Error> {
        text.parse()
    }
}

impl From<ClientId> for String {
    fn from(id: ClientId) -> Self {
        id.to_string()
    }
}

impl From<Uuid> for ClientId {
    fn from(id: Uuid) -> Self {
        Self::Registered(id)
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::KubectlSso => f.write_str(KUBECTL_SSO),
            Self::Registered(id) => id.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn id_is_read_as_it_is_written() {
        let registered = ClientId::Registered(Uuid::from_u128(7));
        for id in [ClientId::KubectlSso, registered] {
            assert_eq!(id.to_string().parse::<ClientId>().unwrap(), id);
            let json = serde_json::to_string(&id).unwrap();
            assert_eq!(serde_json::from_str::<ClientId>(&json).unwrap(), id);
        }
        for text in ["", "app", "KUBECTL-SSO", "kubectl-sso "] {
            assert!(text.parse::<ClientId>().is_err(), "{text:?}");
        }
    }
}
