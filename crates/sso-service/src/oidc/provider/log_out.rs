//! Log-out at the wish of a client (OpenID Connect RP-Initiated Logout).

use uuid::Uuid;

use super::{error::BeginError, service::OidcProvider};
use crate::oidc::client::ClientId;

/// The parameters of a log-out that are known, as they were sent.
#[derive(Default)]
pub(crate) struct LogOutParameters {
    pub(crate) id_token_hint: Option<String>,
    pub(crate) client_id: Option<String>,
    pub(crate) post_logout_redirect_uri: Option<String>,
    pub(crate) state: Option<String>,
}

/// A log-out that a client wishes for.
#[derive(Debug)]
pub(crate) struct LogOutWish {
    /// The session of the ID token that the client sent along.
    pub(crate) session_id: Option<Uuid>,
    /// Where the browser goes after it, if that is an address of the client.
    pub(crate) return_to: Option<String>,
    /// The client, if it is known.
    pub(crate) client: Option<KnownClient>,
}

/// A client as it is named to the user, and in a form.
#[derive(Debug)]
pub(crate) struct KnownClient {
    pub(crate) id: ClientId,
    pub(crate) name: String,
}

impl OidcProvider {
    /// Reads the wish of a client. An address that is not the client's is ignored.
    ///
    /// # Errors
    /// When the client that is named is not the one of the ID token; or when keys or clients cannot
    /// be read.
    pub(crate) async fn log_out_wish(
        &self,
        parameters: LogOutParameters,
        issuer: &str,
    ) -> Result<LogOutWish, BeginError> {
        let hint = match &parameters.id_token_hint {
            Some(hint) => self.keys.read_id_token(hint).await?.filter(|hint| hint.iss == issuer),
            None => None,
        };
        let named = parameters.client_id.as_deref().map(|id| id.parse::<ClientId>().ok());
        let id = match (named, hint.as_ref().map(|hint| hint.aud)) {
            (Some(named), Some(aud)) if named != Some(aud) => return Err(BeginError::Malformed),
            (named, aud) => aud.or(named.flatten()),
        };
        let client = match id {
            Some(id) => self.store.client(id).await?,
            None => None,
        };
        let asked = parameters.post_logout_redirect_uri.as_deref();
        let uri = client.as_ref().zip(asked);
        let uri = uri.and_then(|(client, asked)| client.post_logout_redirect_uri(asked));
        let return_to = uri.map(|uri| match &parameters.state {
            Some(state) => uri.with_parameters(&[("state", state)]),
            None => uri.to_string(),
        });
        let client = client
            .map(|client| KnownClient { id: client.id, name: client.settings.name.to_string() });
        Ok(LogOutWish { session_id: hint.map(|hint| hint.sid), return_to, client })
    }
}
