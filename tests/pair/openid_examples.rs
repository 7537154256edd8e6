//! The configurations in `examples/openid-connect` name what the authority offers.

use std::{fs, path::PathBuf};

use reqwest::Method;
use serde_json::Value;

use crate::harness::{Ask, Pair, Setup};

const ISSUER: &str = "https://sso.example.org";

fn example(name: &str) -> String {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/openid-connect");
    let path = PathBuf::from(directory).join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Keys and values of a file of lines, with either separator. Sections and comments are left out.
fn settings(text: &str) -> Vec<(String, String)> {
    let lines = text.lines().map(|line| line.trim().trim_start_matches("- "));
    let lines = lines.filter(|line| !line.starts_with(['#', '[']) && !line.is_empty());
    let split = |line: &str| {
        let (key, value) = line.split_once(" = ").or_else(|| line.split_once(": "))?;
        Some((key.trim().to_owned(), value.trim().trim_matches('"').to_owned()))
    };
    lines.filter_map(split).collect()
}

#[track_caller]
fn value<'a>(settings: &'a [(String, String)], key: &str) -> &'a str {
    let found = settings.iter().find(|(name, _)| name == key);
    &found.unwrap_or_else(|| panic!("no {key}: {settings:?}")).1
}

#[track_caller]
fn check_words(words: &str, offered: &Value) {
    for word in words.split([' ', ',']) {
        let is_offered = offered.as_array().unwrap().iter().any(|one| one == word);
        assert!(is_offered, "{word} of {words}: {offered}");
    }
}

async fn metadata() -> (Pair, Value) {
    let pair = Setup::new().sso("SSO_PUBLIC_URL", ISSUER).start();
    let path = "/.well-known/openid-configuration";
    let metadata = pair.anonymous().sso(Method::GET, path).ask().await.json();
    assert_eq!(metadata["issuer"], ISSUER);
    (pair, metadata)
}

#[tokio::test]
async fn grafana_asks_at_the_endpoints_for_claims_that_are_offered() {
    let (_pair, metadata) = metadata().await;
    let settings = settings(&example("grafana.ini"));
    for (key, endpoint) in [
        ("auth_url", "authorization_endpoint"),
        ("token_url", "token_endpoint"),
        ("api_url", "userinfo_endpoint"),
    ] {
        assert_eq!(metadata[endpoint], value(&settings, key), "{key}");
    }
    let log_out = value(&settings, "signout_redirect_url").split('?').next().unwrap();
    assert_eq!(metadata["end_session_endpoint"], log_out);
    check_words(value(&settings, "scopes"), &metadata["scopes_supported"]);
    for key in ["email_attribute_path", "login_attribute_path", "groups_attribute_path"] {
        check_words(value(&settings, key), &metadata["claims_supported"]);
    }
    assert_eq!(value(&settings, "use_pkce"), "true");
}

#[tokio::test]
async fn oauth2_proxy_asks_the_issuer_for_claims_that_are_offered() {
    let (_pair, metadata) = metadata().await;
    let settings = settings(&example("oauth2-proxy.cfg"));
    assert_eq!(metadata["issuer"], value(&settings, "oidc_issuer_url"));
    check_words(value(&settings, "scope"), &metadata["scopes_supported"]);
    let method = value(&settings, "code_challenge_method");
    check_words(method, &metadata["code_challenge_methods_supported"]);
    for key in ["oidc_email_claim", "oidc_groups_claim"] {
        check_words(value(&settings, key), &metadata["claims_supported"]);
    }
    let log_out = value(&settings, "backend_logout_url").split('?').next().unwrap();
    assert_eq!(metadata["end_session_endpoint"], log_out);
}

#[tokio::test]
async fn headlamp_and_kube_apiserver_ask_the_issuer_for_claims_that_are_offered() {
    let (_pair, metadata) = metadata().await;
    let headlamp = settings(&example("headlamp.yaml"));
    assert_eq!(metadata["issuer"], value(&headlamp, "issuerURL"));
    check_words(value(&headlamp, "scopes"), &metadata["scopes_supported"]);
    let server = settings(&example("kube-apiserver.yaml"));
    assert_eq!(metadata["issuer"], value(&server, "url"));
    assert_eq!(value(&server, "kind"), "AuthenticationConfiguration");
    let claims: Vec<_> = server.iter().filter(|(key, _)| key == "claim").collect();
    assert_eq!(claims.len(), 3);
    for (_, claim) in claims {
        check_words(claim, &metadata["claims_supported"]);
    }
    // As in answers of /k8s/tokenreview.
    let prefixes = server.iter().filter(|(key, _)| key == "prefix");
    assert_eq!(prefixes.map(|(_, prefix)| prefix.as_str()).collect::<Vec<_>>(), ["sso:"; 2]);
    check_words("ES256", &metadata["id_token_signing_alg_values_supported"]);
}

/// The commands of the page register the clients whose addresses the configurations name.
#[tokio::test]
async fn commands_create_the_clients_of_the_configurations() {
    let (pair, _) = metadata().await;
    let page = example("README.md");
    let commands = page.split('`').filter_map(|code| code.strip_prefix("sso-service admin "));
    let commands: Vec<Vec<_>> = commands.map(|line| line.split(' ').collect()).collect();
    assert_eq!(commands.len(), 3);
    for command in &commands {
        let ended = pair.administer(command);
        assert_eq!((ended.code, ended.stdout.lines().count()), (0, 2), "{ended:?}");
    }
    let all: String = ["grafana.ini", "oauth2-proxy.cfg", "headlamp.yaml"].map(example).concat();
    let uris = commands.iter().flatten().filter(|word| word.starts_with("https://"));
    for uri in uris.filter(|uri| !uri.contains("grafana")) {
        assert!(all.contains(*uri), "{uri}");
    }
}
