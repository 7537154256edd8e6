//! `GET /kubeconfig`: how kubectl finds the gateway and logs in at the authority.

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse, http::header, web};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;
use service_runtime::{
    http::{Query, Result},
    tls::LivePair,
};
use url::{Position, Url};

use crate::http::GatewayState;

/// The addresses at which clients reach both services.
#[derive(Debug)]
pub(crate) struct PublicAddresses {
    pub(crate) gateway: Url,
    pub(crate) sso: Url,
    /// The certificate of the gateway.
    pub(crate) tls: Option<Arc<LivePair>>,
}

impl PublicAddresses {
    /// The address of the authority.
    pub(super) fn sso_without_slash(&self) -> &str {
        without_slash(&self.sso)
    }
}

pub(super) async fn get(
    request: HttpRequest,
    state: web::Data<GatewayState>,
) -> Result<HttpResponse> {
    Query::parse(request.query_string()).finish()?;
    let PublicAddresses { gateway, sso, tls } = &*state.public;
    let anchor = tls.as_ref().and_then(|pair| pair.anchor());
    Ok(HttpResponse::Ok()
        .content_type("application/yaml")
        .insert_header((header::CONTENT_DISPOSITION, "attachment; filename=\"kubeconfig.yaml\""))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(kubeconfig(gateway, sso, anchor.as_deref())))
}

/// A kubeconfig without a token: its user is the one who is logged in with `kubectl sso`. Without
/// `anchor` kubectl trusts the certificate authorities of its system.
fn kubeconfig(gateway: &Url, sso: &Url, anchor: Option<&str>) -> String {
    let name = quoted(&gateway[Position::BeforeHost..Position::AfterPort]);
    let server = quoted(without_slash(gateway));
    let authority = anchor.map_or_else(String::new, |pem| {
        format!("    certificate-authority-data: {}\n", quoted(&STANDARD.encode(pem)))
    });
    let sso = without_slash(sso);
    let hint = quoted(&format!(
        "kubectl-sso gives kubectl its token. Put it on your PATH, then run: \
         kubectl sso login --sso {sso}"
    ));
    let sso = quoted(sso);
    format!(
        "\
apiVersion: v1
kind: Config
clusters:
- name: {name}
  cluster:
    server: {server}
{authority}\
users:
- name: {name}
  user:
    exec:
      apiVersion: client.authentication.k8s.io/v1
      command: kubectl-sso
      args: [token, --sso, {sso}]
      interactiveMode: Never
      installHint: {hint}
contexts:
- name: {name}
  context:
    cluster: {name}
    user: {name}
current-context: {name}
"
    )
}

/// A string in JSON is one in YAML.
fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

fn without_slash(url: &Url) -> &str {
    url.as_str().trim_end_matches('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kubeconfig_is_spelled_as_kubectl_reads_it() {
        let urls = ["https://gw.example:8443/", "https://sso.example/id"];
        let [gateway, sso] = urls.map(|url| Url::parse(url).unwrap());
        let expected = r#"apiVersion: v1
kind: Config
clusters:
- name: "gw.example:8443"
  cluster:
    server: "https://gw.example:8443"
    certificate-authority-data: "UEVN"
users:
- name: "gw.example:8443"
  user:
    exec:
      apiVersion: client.authentication.k8s.io/v1
      command: kubectl-sso
      args: [token, --sso, "https://sso.example/id"]
      interactiveMode: Never
      installHint: "kubectl-sso gives kubectl its token. Put it on your PATH, then run: kubectl sso login --sso https://sso.example/id"
contexts:
- name: "gw.example:8443"
  context:
    cluster: "gw.example:8443"
    user: "gw.example:8443"
current-context: "gw.example:8443"
"#;
        assert_eq!(kubeconfig(&gateway, &sso, Some("PEM")), expected);
        let without = expected.replace("    certificate-authority-data: \"UEVN\"\n", "");
        assert_eq!(kubeconfig(&gateway, &sso, None), without);
    }

    #[test]
    fn an_address_is_quoted_safely() {
        let url = Url::parse("https://gw.example/a'b,]:#&*!|>%22x\\").unwrap();
        let spelled = kubeconfig(&url, &url, None);
        let server = spelled.lines().find_map(|line| line.strip_prefix("    server: ")).unwrap();
        assert_eq!(serde_json::from_str::<String>(server).unwrap(), without_slash(&url));
    }
}
