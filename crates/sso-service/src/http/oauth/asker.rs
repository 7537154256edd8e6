//! Callers that ask about tokens: services with the permission for it, and clients of OpenID Connect
//! about what they were given.

use actix_web::{HttpRequest, http::header::AUTHORIZATION, web::Data};
use service_runtime::http::{Authenticate, Problem, Result};

use super::client_credentials::client_in_header;
use crate::{
    http::caller::{
        basic::{basic_credentials, key_in_password},
        introspector::Introspector,
    },
    oidc::{OidcClient, OidcProvider},
};

/// A caller that asks about a token.
pub(in crate::http) enum TokenAsker {
    /// It may ask about session tokens and API keys.
    Service(Introspector),
    /// It may ask about its own access tokens.
    Client(Box<OidcClient>),
}

impl Authenticate for TokenAsker {
    type Refusal = Problem;

    fn authenticate(request: &HttpRequest) -> impl Future<Output = Result<Self>> + 'static {
        let request = request.clone();
        async move {
            if !names_client(&request) {
                return Introspector::authenticate(&request).await.map(Self::Service);
            }
            let provider = request.app_data::<Data<OidcProvider>>();
            let provider =
                provider.ok_or_else(|| Problem::internal("the app lacks the provider"))?;
            let client = client_in_header(request.headers(), provider).await?;
            Ok(Self::Client(Box::new(client)))
        }
    }
}

/// Whether the header is Basic with a password that is no API key.
fn names_client(request: &HttpRequest) -> bool {
    let value = request.headers().get(AUTHORIZATION);
    let basic = value.and_then(|value| basic_credentials(value.as_bytes()));
    basic.is_some_and(|basic| key_in_password(basic).is_none())
}
