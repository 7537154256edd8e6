//! The whole service behind its routes, in one process: a database in memory, a clock that stands
//! still, and no sockets.

mod answer;
mod fake_provider;
mod settings;
mod sites;
mod smtp_sink;

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
    time::Duration,
};

use actix_web::{
    http::{Method, StatusCode},
    test::{TestRequest, call_service, init_service, read_body},
};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use service_runtime::{
    clock::{Clock, ManualClock},
    http::{Edge, TrustedProxies},
    metrics::{HttpMetrics, Metrics},
    settings::networks,
    tls::Trust,
};
use shared_types::{BearerToken, NamePrefix, TokenKind};

use self::settings::{TestSettings, mail_settings, upstream_settings};
pub(crate) use self::{
    answer::Answer,
    fake_provider::FakeProvider,
    sites::{site, site_with_domain, site_with_origins, site_with_return_host},
    smtp_sink::SmtpSink,
};
use crate::{
    accounts::Registration,
    administration::Administration,
    audit::{Source, tests::Lines},
    authority::{Lifetimes, SessionAuthority},
    http,
    keys::NewKey,
    limiter::LoginLimits,
    oauth::{Audiences, OAuthSettings, SigningKeys},
    services::{ServiceSettings, Services},
    sessions::{LiveSessions, SessionLimits},
    signing_keys::TEST_RSA_KEY,
    site::Site,
    store::{Attribution, Location, Store},
    test_databases::sharing,
    tokens::{PlainToken, TokenHash},
    upkeep::Upkeep,
    users::{
        HashMemory, NewUser, Password, PasswordHash, PasswordRules, UserUpdate, hash_password,
    },
};

/// The password of every user.
pub(crate) const PASSWORD: &str = "correct horse battery";
/// Half an hour.
pub(crate) const TOKEN_TTL: Duration = Duration::from_secs(30 * 60);

/// A service to send requests to. It is the one that runs in production, with another clock and
/// configuration, and without its work in the background.
pub(crate) struct TestService {
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) store: Store,
    pub(crate) live: Arc<LiveSessions>,
    pub(crate) upkeep: Arc<Upkeep>,
    pub(crate) metrics: Metrics,
    pub(crate) authority: Arc<SessionAuthority>,
    pub(crate) administration: Arc<Administration>,
    pub(crate) signing_keys: Arc<SigningKeys>,
    /// The site, as browsers see it.
    pub(crate) site: Site,
    /// The prefix of names in clusters.
    pub(crate) kubernetes_prefix: NamePrefix,
    services: Services,
    edge: Edge,
    record: Lines,
}

impl TestService {
    /// A service without users.
    pub(crate) async fn start() -> Self {
        Self::with(LIFETIMES, LIMITS, &Location::Memory).await
    }

    /// A service with these settings.
    pub(crate) async fn with(
        lifetimes: Lifetimes,
        limits: SessionLimits,
        location: &Location,
    ) -> Self {
        Self::build(TestSettings { lifetimes, limits, location, ..TestSettings::default() }).await
    }

    /// A service with a key for RS256.
    pub(crate) async fn with_rsa_key() -> Self {
        let rsa_key = TEST_RSA_KEY.parse().ok();
        Self::build(TestSettings { rsa_key, ..TestSettings::default() }).await
    }

    /// A service with closed registration.
    pub(crate) async fn closed() -> Self {
        let registration = Registration::Closed;
        Self::build(TestSettings { registration, ..TestSettings::default() }).await
    }

    /// A service that hands its mail to a server at this port, and where users have to verify their
    /// address.
    pub(crate) async fn with_mail(mail_port: u16) -> Self {
        Self::build(TestSettings { mail_port, must_verify: true, ..TestSettings::default() }).await
    }

    /// The same, where they do not have to.
    pub(crate) async fn with_optional_mail(mail_port: u16) -> Self {
        Self::build(TestSettings { mail_port, ..TestSettings::default() }).await
    }

    /// A service whose users log in by this provider, which gives roles by a map if there is one.
    pub(crate) async fn with_upstream(issuer: &str, roles: Option<&str>) -> Self {
        Self::build(TestSettings { upstream: (issuer, roles), ..TestSettings::default() }).await
    }

    async fn build(settings: TestSettings<'_>) -> Self {
        let TestSettings {
            lifetimes,
            limits,
            location,
            registration,
            rsa_key,
            mail_port,
            must_verify,
            upstream,
        } = settings;
        let metrics = Metrics::default();
        let clock = Arc::new(ManualClock::at(noon()));
        let sharing = sharing(clock.clone()).await;
        let store = Store::open(location, limits, sharing, &metrics).await.unwrap();
        let record = Lines::default();
        let settings = ServiceSettings {
            lifetimes,
            login_limits: LOGIN_LIMITS,
            password_rules: RULES,
            registration,
            oauth: OAuthSettings { audiences: audiences(), secret_key: None, rsa_key },
            mail: Some(mail_settings(mail_port)),
            must_verify,
            upstream: Some((upstream_settings(upstream), Trust::none())),
            reserved: Some("first".parse().unwrap()),
        };
        let site = site("http://127.0.0.1:8001");
        let services = Services::assemble(
            store.clone(),
            clock.clone(),
            Box::new(record.clone()),
            settings,
            &site,
            None,
            &metrics,
        );
        let services = services.await.unwrap();
        let edge = Edge::new(clock.clone(), HttpMetrics::new(&metrics), proxies());
        Self {
            clock,
            live: store.live_sessions().clone(),
            store,
            upkeep: services.upkeep.clone(),
            metrics,
            authority: services.authority.clone(),
            administration: services.administration.clone(),
            signing_keys: services.signing_keys.clone(),
            site,
            kubernetes_prefix: NamePrefix::default(),
            services,
            edge,
            record,
        }
    }

    /// Sends the mail that is due.
    pub(crate) async fn send_mail(&self) {
        let delivery = self.services.mail_delivery.as_ref().unwrap();
        while delivery.send_due().await.unwrap() > 0 {}
    }

    /// Adds a user with role `user`, these permissions and [`PASSWORD`].
    pub(crate) async fn add_user(&self, name: &str, permissions: &[&str]) {
        let password = Password::normalise(PASSWORD).unwrap();
        let hash = hash_password(&password, &mut HashMemory::default()).unwrap();
        self.add_user_with_hash(name, hash, permissions).await;
    }

    /// Adds an administrator of this name, and gives a session token.
    pub(crate) async fn add_admin(&self, name: &str) -> String {
        self.add_user(name, &[]).await;
        let admin = UserUpdate { roles: Some(vec!["admin".to_owned()]), ..UserUpdate::default() };
        self.store.change_user(name.parse().unwrap(), admin).await.unwrap();
        self.log_in(name).await
    }

    /// Adds a key with this name and permission, and gives it.
    pub(crate) async fn add_key(&self, name: &str, permission: &str) -> String {
        let token = PlainToken::generate(TokenKind::ApiKey).unwrap();
        let key = NewKey {
            name: name.parse().unwrap(),
            hash: token.hash(),
            permissions: vec![permission.parse().unwrap()],
            expires_at: None,
            created_by: "root".to_owned(),
        };
        let now = self.clock.now();
        let by = Attribution::unrecorded(now);
        self.store.create_key(key, now, by).await.unwrap();
        token.expose().to_owned()
    }

    /// Adds a user with this password hash.
    pub(crate) async fn add_user_with_hash(
        &self,
        name: &str,
        password_hash: PasswordHash,
        permissions: &[&str],
    ) {
        let user = NewUser {
            username: name.parse().unwrap(),
            email: None,
            password_hash,
            roles: vec!["user".to_owned()],
            permissions: permissions.iter().map(|p| p.parse().unwrap()).collect(),
        };
        self.store.add_user(user, self.clock.now()).await.unwrap();
    }

    /// Changes rows for which there is no command.
    pub(crate) async fn execute(&self, sql: &'static str) {
        self.store.execute(sql).await;
    }

    /// Sends a request.
    pub(crate) async fn send(&self, request: TestRequest) -> Answer {
        let services =
            http::AppState::new(&self.services, self.site.clone(), self.kubernetes_prefix.clone());
        let app = http::app(services, self.edge.clone());
        let response = call_service(&init_service(app).await, request.to_request()).await;
        let (status, headers) = (response.status(), response.headers().clone());
        let text = String::from_utf8(read_body(response).await.into()).unwrap();
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        Answer { status, headers, body, text }
    }

    /// Sends a request with a token, and a body if it is not null.
    pub(crate) async fn call(
        &self,
        method: Method,
        path: &str,
        token: &str,
        body: Value,
    ) -> Answer {
        let request = bearer(TestRequest::default().method(method).uri(path), token);
        let request = if body.is_null() { request } else { request.set_json(body) };
        self.send(request).await
    }

    /// Logs in and gives the session token.
    pub(crate) async fn log_in(&self, name: &str) -> String {
        let credentials = json!({"username": name, "password": PASSWORD});
        let request = TestRequest::post().uri("/auth/login").set_json(credentials);
        let answer = self.send(request).await;
        assert_eq!(answer.status, StatusCode::OK, "{:?}", answer.body);
        answer.body["token"].as_str().unwrap().to_owned()
    }

    /// The number of compared passwords.
    pub(crate) fn comparisons(&self) -> u64 {
        self.authority.comparisons()
    }

    /// How many tokens are found, and how many sessions there are said to be.
    pub(crate) async fn counts(&self) -> (usize, i64) {
        let (in_memory, sessions) = self.live.counts();
        if self.live.shared().is_none() {
            return (in_memory, sessions);
        }
        let found = self.store.number("SELECT count(*) FROM session_tokens").await;
        (usize::try_from(found).unwrap(), sessions)
    }

    /// Whether a token is valid. Unlike validation, this is no use of it.
    pub(crate) async fn is_valid(&self, hash: &TokenHash) -> bool {
        let now = self.clock.now();
        if self.live.shared().is_none() {
            return self.live.is_valid(hash, now);
        }
        let found = self.store.find_token(*hash).await.unwrap();
        found.is_some_and(|record| self.live.is_acceptable(hash, &record, now))
    }

    /// Ends the service and gives its whole audit log.
    pub(crate) fn audited(self) -> Vec<Value> {
        self.services.finish_audit();
        self.record.parse()
    }

    /// Validates a token in the `Authorization` header.
    pub(crate) async fn validate(&self, token: &str) -> Answer {
        self.send(bearer(TestRequest::post().uri("/auth/validate"), token)).await
    }
}

/// A token as in a request.
pub(crate) fn bearer_token(token: &str) -> BearerToken {
    BearerToken::parse(token.as_bytes()).unwrap()
}

/// Adds `Authorization: Bearer`.
pub(crate) fn bearer(request: TestRequest, token: &str) -> TestRequest {
    request.insert_header(("authorization", format!("Bearer {token}")))
}

/// The proxy whose headers count, as the peer of a request.
pub(crate) fn through_proxy(request: TestRequest) -> TestRequest {
    request.peer_addr(([10, 0, 0, 1], 40_000).into())
}

fn proxies() -> TrustedProxies {
    TrustedProxies::new(networks("10.0.0.0/8").unwrap())
}

/// The time of tests.
pub(crate) fn noon() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

/// The services that JWTs are issued for.
fn audiences() -> Audiences {
    let names = ["billing", "https://api.example.org"];
    Audiences::new(names.map(|name| name.parse().unwrap()).into())
}

/// The client of tests.
pub(crate) const HERE: Source<'static> =
    Source { ip: IpAddr::V4(Ipv4Addr::LOCALHOST), request_id: "r-1" };

/// The defaults of the service.
pub(crate) const LIFETIMES: Lifetimes = Lifetimes {
    token: TOKEN_TTL,
    refresh: Duration::from_secs(8 * 60 * 60),
    session: Duration::from_secs(24 * 60 * 60),
};

/// The defaults of the service.
const RULES: PasswordRules = PasswordRules { min_length: 15 };

/// The defaults of the service.
pub(crate) const LIMITS: SessionLimits = SessionLimits { per_user: 20, total: 10_000_000 };

/// The defaults of the service.
pub(crate) const LOGIN_LIMITS: LoginLimits = LoginLimits { per_network: 30, per_account: 10 };
