//! `GET /.well-known/oauth-authorization-server` (RFC 8414) and `GET
//! /.well-known/openid-configuration` (OpenID Connect Discovery): one document.

use actix_web::{HttpResponse, web::Data};
use serde::Serialize;
use utoipa::ToSchema;

use super::{document::public, jwks};
use crate::{
    http::oauth::token::TOKEN_EXCHANGE,
    site::{Origin, Site},
};

/// The metadata of the service: what it does today, and no more.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct Metadata<'a> {
    issuer: &'a str,
    token_endpoint: String,
    introspection_endpoint: String,
    revocation_endpoint: String,
    jwks_uri: String,
    grant_types_supported: [&'static str; 1],
    /// No endpoint answers authorization requests.
    response_types_supported: [&'static str; 0],
    /// The subject token is the credential.
    token_endpoint_auth_methods_supported: [&'static str; 1],
    /// An API key as a password, or any token as a bearer token (RFC 8414, section 2).
    introspection_endpoint_auth_methods_supported: [&'static str; 2],
    revocation_endpoint_auth_methods_supported: [&'static str; 1],
    subject_types_supported: [&'static str; 1],
    /// The algorithm of every JWT. Kubernetes reads it here.
    id_token_signing_alg_values_supported: [&'static str; 1],
}

/// Shows the metadata.
pub(in crate::http) async fn metadata(site: Data<Site>) -> HttpResponse {
    public(&Metadata::of(site.origin()))
}

impl<'a> Metadata<'a> {
    /// The metadata of a service at this address.
    pub(in crate::http) fn of(origin: &'a Origin) -> Self {
        let at = |path: &str| format!("{}{path}", origin.as_str());
        Self {
            issuer: origin.as_str(),
            token_endpoint: at("/oauth/token"),
            introspection_endpoint: at("/oauth/introspect"),
            revocation_endpoint: at("/oauth/revoke"),
            jwks_uri: at(jwks::PATH),
            grant_types_supported: [TOKEN_EXCHANGE],
            response_types_supported: [],
            token_endpoint_auth_methods_supported: ["none"],
            introspection_endpoint_auth_methods_supported: ["client_secret_basic", "Bearer"],
            revocation_endpoint_auth_methods_supported: ["none"],
            subject_types_supported: ["public"],
            id_token_signing_alg_values_supported: ["ES256"],
        }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use serde_json::json;

    use crate::test_service::{TestService, site};

    #[actix_web::test]
    async fn both_documents_name_the_endpoints_at_the_public_url() {
        let mut service = TestService::start().await;
        service.site = site("https://sso.example.org");
        let expected = json!({
            "issuer": "https://sso.example.org",
            "token_endpoint": "https://sso.example.org/oauth/token",
            "introspection_endpoint": "https://sso.example.org/oauth/introspect",
            "revocation_endpoint": "https://sso.example.org/oauth/revoke",
            "jwks_uri": "https://sso.example.org/.well-known/jwks.json",
            "grant_types_supported": ["urn:ietf:params:oauth:grant-type:token-exchange"],
            "response_types_supported": [],
            "token_endpoint_auth_methods_supported": ["none"],
            "introspection_endpoint_auth_methods_supported": ["client_secret_basic", "Bearer"],
            "revocation_endpoint_auth_methods_supported": ["none"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["ES256"],
        });
        for name in ["oauth-authorization-server", "openid-configuration"] {
            let get = TestRequest::get().uri(&format!("/.well-known/{name}"));
            // A foreign host changes nothing.
            let answer = service.send(get.insert_header(("host", "evil.example"))).await;
            assert_eq!((answer.status.as_u16(), &answer.body), (200, &expected));
            assert_eq!(answer.header("cache-control"), "public, max-age=3600");
            assert_eq!(answer.header("content-type"), "application/json");
        }
    }
}
