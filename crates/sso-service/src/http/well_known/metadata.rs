//! `GET /.well-known/oauth-authorization-server` (RFC 8414) and `GET
//! /.well-known/openid-configuration` (OpenID Connect Discovery): one document.

use actix_web::{HttpResponse, web::Data};
use serde::Serialize;
use utoipa::ToSchema;

use super::{document::public, jwks};
use crate::{
    http::oauth::token::{AUTHORIZATION_CODE, DEVICE_CODE, REFRESH_TOKEN, TOKEN_EXCHANGE},
    oauth::SigningKeys,
    oidc::OidcScope,
    site::{AUTHORIZATION_PATH, Origin, Site},
};

/// The metadata of the service: what it does today, and no more.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct Metadata<'a> {
    issuer: &'a str,
    authorization_endpoint: String,
    token_endpoint: String,
    device_authorization_endpoint: String,
    userinfo_endpoint: String,
    end_session_endpoint: String,
    introspection_endpoint: String,
    revocation_endpoint: String,
    jwks_uri: String,
    scopes_supported: [&'static str; 5],
    claims_supported: &'static [&'static str],
    grant_types_supported: [&'static str; 4],
    response_types_supported: [&'static str; 1],
    response_modes_supported: [&'static str; 1],
    prompt_values_supported: [&'static str; 4],
    code_challenge_methods_supported: [&'static str; 1],
    /// A public client has no secret; in a token exchange, the subject token is the credential.
    token_endpoint_auth_methods_supported: [&'static str; 3],
    /// A client's secret or an API key as a password, or any token as a bearer token (RFC 8414,
    /// section 2).
    introspection_endpoint_auth_methods_supported: [&'static str; 2],
    revocation_endpoint_auth_methods_supported: [&'static str; 1],
    subject_types_supported: [&'static str; 1],
    /// The algorithms of ID tokens; ES256 is that of every other JWT. Kubernetes reads it here.
    id_token_signing_alg_values_supported: &'static [&'static str],
    backchannel_logout_supported: bool,
    backchannel_logout_session_supported: bool,
    authorization_response_iss_parameter_supported: bool,
    claims_parameter_supported: bool,
    request_parameter_supported: bool,
    /// True if it were absent.
    request_uri_parameter_supported: bool,
}

/// The claims of ID tokens and of userinfo.
const CLAIMS: [&str; 13] = [
    "iss",
    "sub",
    "aud",
    "exp",
    "iat",
    "auth_time",
    "sid",
    "nonce",
    "at_hash",
    "preferred_username",
    "email",
    "email_verified",
    "groups",
];

/// Shows the metadata.
pub(in crate::http) async fn metadata(site: Data<Site>, keys: Data<SigningKeys>) -> HttpResponse {
    public(&Metadata::of(site.origin(), keys.rsa_public_key().is_some()))
}

impl<'a> Metadata<'a> {
    /// The metadata of a service at this address, which may have a key for RS256.
    pub(in crate::http) fn of(origin: &'a Origin, has_rsa_key: bool) -> Self {
        let at = |path: &str| format!("{}{path}", origin.as_str());
        Self {
            issuer: origin.as_str(),
            authorization_endpoint: at(AUTHORIZATION_PATH),
            token_endpoint: at("/oauth/token"),
            device_authorization_endpoint: at("/oauth/device"),
            userinfo_endpoint: at("/oauth/userinfo"),
            end_session_endpoint: at("/oauth/logout"),
            introspection_endpoint: at("/oauth/introspect"),
            revocation_endpoint: at("/oauth/revoke"),
            jwks_uri: at(jwks::PATH),
            scopes_supported: OidcScope::ALL,
            claims_supported: &CLAIMS,
            grant_types_supported: [AUTHORIZATION_CODE, REFRESH_TOKEN, DEVICE_CODE, TOKEN_EXCHANGE],
            response_types_supported: ["code"],
            response_modes_supported: ["query"],
            prompt_values_supported: ["none", "login", "consent", "select_account"],
            code_challenge_methods_supported: ["S256"],
            token_endpoint_auth_methods_supported: [
                "client_secret_basic",
                "client_secret_post",
                "none",
            ],
            introspection_endpoint_auth_methods_supported: ["client_secret_basic", "Bearer"],
            revocation_endpoint_auth_methods_supported: ["none"],
            subject_types_supported: ["public"],
            id_token_signing_alg_values_supported: match has_rsa_key {
                true => &["ES256", "RS256"],
                false => &["ES256"],
            },
            backchannel_logout_supported: true,
            backchannel_logout_session_supported: true,
            authorization_response_iss_parameter_supported: true,
            claims_parameter_supported: false,
            request_parameter_supported: false,
            request_uri_parameter_supported: false,
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
        let at = |path: &str| format!("https://sso.example.org{path}");
        let expected = json!({
            "issuer": "https://sso.example.org",
            "authorization_endpoint": at("/oauth/authorize"),
            "token_endpoint": at("/oauth/token"),
            "device_authorization_endpoint": at("/oauth/device"),
            "userinfo_endpoint": at("/oauth/userinfo"),
            "end_session_endpoint": at("/oauth/logout"),
            "introspection_endpoint": at("/oauth/introspect"),
            "revocation_endpoint": at("/oauth/revoke"),
            "jwks_uri": at("/.well-known/jwks.json"),
            "scopes_supported": ["openid", "profile", "email", "groups", "offline_access"],
            "claims_supported": super::CLAIMS,
            "grant_types_supported": [
                "authorization_code",
                "refresh_token",
                "urn:ietf:params:oauth:grant-type:device_code",
                "urn:ietf:params:oauth:grant-type:token-exchange",
            ],
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "prompt_values_supported": ["none", "login", "consent", "select_account"],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": [
                "client_secret_basic",
                "client_secret_post",
                "none",
            ],
            "introspection_endpoint_auth_methods_supported": ["client_secret_basic", "Bearer"],
            "revocation_endpoint_auth_methods_supported": ["none"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["ES256"],
            "backchannel_logout_supported": true,
            "backchannel_logout_session_supported": true,
            "authorization_response_iss_parameter_supported": true,
            "claims_parameter_supported": false,
            "request_parameter_supported": false,
            "request_uri_parameter_supported": false,
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
