//! What can be configured, and the faults.

use std::time::Duration;

use service_runtime::service::ListenAddress;

use super::Config;
use crate::{
    accounts::Registration, limiter::LoginLimits, signing_keys::TEST_RSA_KEY, store::Location,
};

fn read(variables: &[(&str, &str)]) -> Result<Config, String> {
    let owned = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Config::read(owned.collect::<Vec<_>>()).map_err(|faults| faults.to_string())
}

/// One variable is at fault, and named.
#[track_caller]
fn check_fault(variables: &[(&str, &str)], name: &str, fault: &str) {
    let faults = read(variables).unwrap_err();
    assert_eq!(faults.lines().count(), 1, "{faults}");
    assert!(faults.starts_with(&format!("{name}: ")) && faults.contains(fault), "{faults}");
}

#[test]
fn every_setting_has_a_default() {
    let config = read(&[]).unwrap();
    let address = |listen: &ListenAddress| listen.address.to_string();
    assert_eq!(address(&config.runtime.listen), "127.0.0.1:8001");
    assert_eq!(address(&config.runtime.ops_listen), "127.0.0.1:9001");
    assert_eq!(config.database, Location::File("sso.db".into()));
    assert_eq!(config.lifetimes.token, Duration::from_secs(30 * 60));
    assert_eq!(config.lifetimes.refresh, Duration::from_secs(8 * 60 * 60));
    assert_eq!(config.lifetimes.session, Duration::from_secs(24 * 60 * 60));
    assert_eq!((config.limits.per_user, config.limits.total), (20, 10_000_000));
    assert_eq!((config.login_limits.per_network, config.login_limits.per_account), (30, 10));
    assert_eq!(config.audit_file, None);
    assert_eq!(config.password_rules.min_length, 15);
    assert!(config.first_admin.is_none() && config.site.public_url.is_none());
    assert!(config.warnings.to_string().is_empty());
}

#[test]
fn databases() {
    let database = |url| read(&[("SSO_DATABASE_URL", url)]).map(|config| config.database);
    let file = |path: &str| Ok(Location::File(path.into()));
    assert_eq!(database("sqlite://data/sso.db"), file("data/sso.db"));
    assert_eq!(database("sqlite:///data/sso.db"), file("/data/sso.db"));
    assert_eq!(database("sqlite::memory:"), Ok(Location::Memory));
    for url in ["postgres://x/y", "postgresql://sso:pw@x:5433/y?sslmode=verify-full"] {
        assert!(matches!(database(url), Ok(Location::Postgres(_))), "{url}");
    }
    check_fault(
        &[("SSO_DATABASE_URL", "postgres://x")],
        "SSO_DATABASE_URL",
        "must name a database",
    );
    for url in ["sqlite://", "sqlite://:memory:", "sqlite://a?mode=ro", "mysql://x", "x"] {
        check_fault(&[("SSO_DATABASE_URL", url)], "SSO_DATABASE_URL", "");
    }
}

#[test]
fn mail_needs_a_server_and_a_sender() {
    let [server, from, must_verify] =
        ["SSO_SMTP_URL", "SSO_SMTP_FROM", "SSO_REQUIRE_VERIFIED_EMAIL"];
    let (url, sender) = ((server, "smtp://u:s3cret@mail.example"), (from, "Logs <logs@a.example>"));
    let config = read(&[url, sender, (must_verify, "true")]).unwrap();
    assert!(config.must_verify);
    assert!(!format!("{:?}", config.mail.unwrap()).contains("s3cret"));
    assert!(read(&[]).unwrap().mail.is_none());
    check_fault(&[url], from, "is not set");
    check_fault(&[sender], server, "is not set");
    check_fault(&[(server, "mail.example"), sender], server, "must be a URL");
    check_fault(&[url, (from, "nobody")], from, "must be an address");
    check_fault(&[(must_verify, "true")], must_verify, "needs SSO_SMTP_URL");
    check_fault(&[(must_verify, "maybe")], must_verify, "must be true or false");
}

#[test]
fn session_store_is_memory_or_redis() {
    let store = |value| read(&[("SSO_SESSION_STORE", value)]).unwrap().session_store;
    assert!(store("memory").is_none());
    let shown = format!("{:?}", store("redis://:s3cret@redis.example").unwrap());
    assert_eq!(shown, "redis://redis.example:6379");
    for (url, fault) in [("x", "must be memory"), ("redis-cluster://x", "must not be a Redis")] {
        check_fault(&[("SSO_SESSION_STORE", url)], "SSO_SESSION_STORE", fault);
    }
}

#[test]
fn kubernetes_prefix_is_never_reserved() {
    let prefix = |config: Config| config.kubernetes_prefix.to_string();
    assert_eq!(prefix(read(&[("SSO_K8S_PREFIX", "corp:")]).unwrap()), "corp:");
    // An empty variable is one that is not set.
    assert_eq!(prefix(read(&[("SSO_K8S_PREFIX", "")]).unwrap()), "sso:");
    check_fault(&[("SSO_K8S_PREFIX", "system:x")], "SSO_K8S_PREFIX", "system:");
}

#[test]
fn the_first_administrator_has_a_name_and_a_good_password() {
    const NAME: &str = "SSO_ADMIN_USERNAME";
    const PASSWORD: &str = "SSO_ADMIN_PASSWORD";
    let good = "correct horse battery";
    let config = read(&[(NAME, "Root"), (PASSWORD, good)]).unwrap();
    assert_eq!(config.first_admin.unwrap().username.as_str(), "root");
    check_fault(&[(NAME, "root")], PASSWORD, "is not set");
    check_fault(&[(PASSWORD, good)], NAME, "is not set");
    check_fault(&[(NAME, "root"), (PASSWORD, "two\nlines")], PASSWORD, "more than one line");
    check_fault(&[(NAME, "Ünk"), (PASSWORD, good)], NAME, "must be a user name");
    check_fault(&[(NAME, "root"), (PASSWORD, "short")], PASSWORD, "shorter than 15");
    check_fault(&[(NAME, "root"), (PASSWORD, "passwordpassword")], PASSWORD, "the most common");
    let name = "administrator-1";
    check_fault(&[(NAME, name), (PASSWORD, name)], PASSWORD, "is the user name");
    let shorter = ("SSO_PASSWORD_MIN_LENGTH", "5");
    read(&[(NAME, "root"), (PASSWORD, "trohs"), shorter]).unwrap();
}

#[test]
fn registration_is_closed_unless_configured() {
    let registration = |text| read(&[("SSO_REGISTRATION", text)]).unwrap().registration;
    assert_eq!(read(&[]).unwrap().registration, Registration::Closed);
    assert_eq!(registration("closed"), Registration::Closed);
    assert_eq!(registration("open"), Registration::Open);
    check_fault(&[("SSO_REGISTRATION", "ajar")], "SSO_REGISTRATION", "must be closed or open");
}

#[test]
fn risky_settings_are_warned_of() {
    let open = ("SSO_LISTEN", "0.0.0.0:0");
    let public = ("SSO_PUBLIC_URL", "https://x.example");
    let proxies = |networks| ("SSO_TRUSTED_PROXIES", networks);
    for (variables, warning) in [
        (&[open][..], "warning: SSO_PUBLIC_URL: is not set"),
        (&[open, public], ""),
        (&[("SSO_LISTEN", "[::1]:0")], ""),
        (&[proxies("0.0.0.0/0")], "warning: SSO_TRUSTED_PROXIES: trusts every address"),
        (&[proxies("10.0.0.0/8,::/0")], "warning: SSO_TRUSTED_PROXIES: trusts every address"),
        (&[proxies("10.0.0.0/8")], ""),
    ] {
        let warnings = read(variables).unwrap().warnings.to_string();
        assert_eq!(warnings.lines().count(), usize::from(!warning.is_empty()), "{warnings}");
        assert!(warnings.starts_with(warning), "{warnings}");
    }
}

#[test]
fn login_provider_needs_issuer_client_and_secret() {
    let [issuer, id, secret] = ["SSO_OIDC_ISSUER", "SSO_OIDC_CLIENT_ID", "SSO_OIDC_CLIENT_SECRET"];
    let all = [(issuer, "https://login.example.org/a"), (id, "logs"), (secret, "s3cret")];
    let (provider, _) = read(&all).unwrap().upstream.unwrap();
    assert_eq!((&*provider.name, &*provider.roles_claim), ("login.example.org", "groups"));
    assert_eq!(provider.username_claim, "preferred_username");
    assert!(provider.roles.is_none() && !format!("{provider:?}").contains("s3cret"));
    assert!(read(&[]).unwrap().upstream.is_none());
    check_fault(&all[..2], secret, "is not set");
    check_fault(&[all[0], all[2]], id, "is not set");
    check_fault(&all[1..], issuer, "is not set");
    check_fault(&[("SSO_OIDC_NAME", "Login")], issuer, "is not set");
    let with = |name, value| [all[0], all[1], all[2], (name, value)];
    let named = read(&with("SSO_OIDC_NAME", "Example login")).unwrap().upstream.unwrap().0;
    assert_eq!(named.name, "Example login");
    let [roles, claim] = ["SSO_OIDC_ROLES", "SSO_OIDC_ROLES_CLAIM"];
    check_fault(&with(roles, "ops=admin"), roles, "must be a JSON object");
    check_fault(&with(claim, &"x".repeat(61)), claim, "at most 60");
    check_fault(&[(issuer, "http://login.example.org"), all[1], all[2]], issuer, "https://");
}

#[test]
fn failure_limits_are_configurable() {
    let [network, account] = ["SSO_LOGIN_FAILURES_PER_IP", "SSO_LOGIN_FAILURES_PER_USER"];
    let limits = read(&[(network, "0"), (account, "7")]).unwrap().login_limits;
    assert_eq!(limits, LoginLimits { per_network: 0, per_account: 7 });
    for name in [network, account] {
        check_fault(&[(name, "few")], name, "must be an integer");
        check_fault(&[(name, "-1")], name, "must be an integer");
    }
}

#[test]
fn jwt_settings_are_checked() {
    let (audiences, secret) = ("SSO_JWT_AUDIENCES", "SSO_SECRET_KEY");
    let key = "c2l4dGVlbiBieXRlcyB0d2ljZSwgYXMgYSBrZXk=";
    let oauth = read(&[(audiences, "billing, https://api.example"), (secret, key)]).unwrap().oauth;
    assert!(oauth.secret_key.is_some());
    assert!(oauth.audiences.find("billing").is_some());
    assert!(oauth.audiences.find("https://api.example").is_some());
    let none = read(&[]).unwrap().oauth;
    assert!(none.secret_key.is_none() && none.audiences.find("billing").is_none());
    check_fault(&[(audiences, "billing,,shop")], audiences, "entry 2: is empty");
    check_fault(&[(audiences, "two words")], audiences, "visible ASCII");
    check_fault(&[(secret, "short")], secret, "at least 32 characters");
}

#[test]
fn lifetimes_and_lengths_have_bounds() {
    for name in ["SSO_TOKEN_TTL", "SSO_REFRESH_TTL", "SSO_SESSION_MAX_AGE"] {
        check_fault(&[(name, "0s")], name, "");
        check_fault(&[(name, "300years")], name, "366 days");
    }
    check_fault(&[("SSO_PASSWORD_MIN_LENGTH", "1025")], "SSO_PASSWORD_MIN_LENGTH", "1024");
    check_fault(&[("SSO_MAX_SESSIONS", "0")], "SSO_MAX_SESSIONS", "must be an integer");
    check_fault(&[("SSO_WORKERS", "1000000")], "SSO_WORKERS", "from 1 to 1024");
}

#[test]
fn key_for_rs256_is_in_pem_or_in_a_file() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), TEST_RSA_KEY).unwrap();
    let path = file.path().to_str().unwrap();
    for variable in [("SSO_SIGNING_RSA_KEY", TEST_RSA_KEY), ("SSO_SIGNING_RSA_KEY_FILE", path)] {
        assert!(read(&[variable]).unwrap().oauth.rsa_key.is_some(), "{}", variable.0);
    }
    check_fault(&[("SSO_SIGNING_RSA_KEY", "x")], "SSO_SIGNING_RSA_KEY", "private key in PEM");
}
