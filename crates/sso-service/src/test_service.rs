//! The whole service behind its routes, in one process: a database in memory, a clock that stands
//! still, and no sockets.

use std::{sync::Arc, time::Duration};

use actix_web::{
    http::{StatusCode, header::HeaderMap},
    test::{TestRequest, call_service, init_service, read_body},
    web::Data,
};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use service_runtime::{
    clock::{Clock, ManualClock},
    http::{Edge, TrustedProxies},
    metrics::{HttpMetrics, Metrics},
};

use crate::{
    authority::{Lifetimes, SessionAuthority},
    database::{Database, Location, Unavailable},
    http::{self, SessionCookie},
    sessions::{Follower, Keeper, Limits, LiveSessions, SessionStore},
    users::{HashMemory, Hasher, NewUser, Password, PasswordHash, UserStore, hash_password},
};

/// Everybody's password.
pub(crate) const PASSWORD: &str = "correct horse battery";
/// Half an hour.
pub(crate) const TOKEN_TTL: Duration = Duration::from_secs(30 * 60);

/// A service to send requests to.
pub(crate) struct TestService {
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) users: UserStore,
    pub(crate) database: Database,
    pub(crate) live: Arc<LiveSessions>,
    pub(crate) keeper: Keeper,
    pub(crate) authority: Data<SessionAuthority>,
    /// Whether the session cookie is `__Host-session_id`.
    pub(crate) host_cookie: bool,
    edge: Edge,
}

impl TestService {
    /// A service without users.
    pub(crate) async fn start() -> Self {
        Self::with(LIFETIMES, LIMITS, &Location::Memory).await
    }

    /// A service of which something differs from the default.
    pub(crate) async fn with(lifetimes: Lifetimes, limits: Limits, location: &Location) -> Self {
        let metrics = Metrics::default();
        let clock = Arc::new(ManualClock::at(noon()));
        let live = Arc::new(LiveSessions::new(&metrics));
        let database = Database::open(location, Follower::new(live.clone())).await.unwrap();
        let users = UserStore::new(database.clone());
        let sessions = Arc::new(SessionStore::new(limits, database.clone(), live.clone()));
        let keeper = Keeper::new(sessions.clone(), clock.clone());
        let authority = SessionAuthority::new(
            clock.clone(),
            lifetimes,
            users.clone(),
            Hasher::start(&metrics).unwrap(),
            sessions,
            &metrics,
        );
        let edge = Edge::new(clock.clone(), HttpMetrics::new(&metrics), TrustedProxies::default());
        Self {
            clock,
            users,
            database,
            live,
            keeper,
            authority: Data::new(authority),
            host_cookie: false,
            edge,
        }
    }

    /// Adds a user with role `user`, these permissions and [`PASSWORD`].
    pub(crate) async fn add_user(&self, name: &str, permissions: &[&str]) {
        let password = Password::normalise(PASSWORD).unwrap();
        let hash = hash_password(&password, &mut HashMemory::default()).unwrap();
        self.add_user_with_hash(name, hash, permissions).await;
    }

    /// Adds a user whose password hash is this one.
    pub(crate) async fn add_user_with_hash(
        &self,
        name: &str,
        password_hash: PasswordHash,
        permissions: &[&str],
    ) {
        let user = NewUser {
            username: name.parse().unwrap(),
            password_hash,
            roles: vec!["user".to_owned()],
            permissions: permissions.iter().map(|p| p.parse().unwrap()).collect(),
        };
        self.users.create(user, self.clock.now()).await.unwrap();
    }

    /// Changes what nothing changes yet.
    pub(crate) async fn execute(&self, sql: &'static str) {
        execute(&self.database, sql).await;
    }

    /// Sends a request.
    pub(crate) async fn send(&self, request: TestRequest) -> Answer {
        let cookie = SessionCookie::new(self.host_cookie);
        let app = http::app(self.authority.clone(), cookie, self.edge.clone());
        let response = call_service(&init_service(app).await, request.to_request()).await;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = read_body(response).await;
        Answer { status, headers, body: serde_json::from_slice(&body).unwrap_or(Value::Null) }
    }

    /// Logs in and gives the session token.
    pub(crate) async fn log_in(&self, name: &str) -> String {
        let credentials = json!({"username": name, "password": PASSWORD});
        let request = TestRequest::post().uri("/auth/login").set_json(credentials);
        let answer = self.send(request).await;
        assert_eq!(answer.status, StatusCode::OK, "{:?}", answer.body);
        answer.body["token"].as_str().unwrap().to_owned()
    }

    /// Asks about a token in the `Authorization` header.
    pub(crate) async fn validate(&self, token: &str) -> Answer {
        self.send(bearer(TestRequest::post().uri("/auth/validate"), token)).await
    }
}

/// Changes a database in a way that nothing else does.
pub(crate) async fn execute(database: &Database, sql: &'static str) {
    let work = async move |connection: &mut sqlx::SqliteConnection| {
        sqlx::query(sql).execute(connection).await?;
        Ok::<_, Unavailable>(())
    };
    database.write(work).await.unwrap();
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    headers: HeaderMap,
    /// `Null` when there is none.
    pub(crate) body: Value,
}

impl Answer {
    /// Status and problem code.
    pub(crate) fn problem(&self) -> (u16, &str) {
        let code = self.body["code"].as_str().unwrap_or_default();
        (self.status.as_u16(), code)
    }

    /// A header, or nothing.
    pub(crate) fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name).map(|value| value.to_str().unwrap());
        value.unwrap_or_default()
    }
}

/// Adds `Authorization: Bearer`.
pub(crate) fn bearer(request: TestRequest, token: &str) -> TestRequest {
    request.insert_header(("authorization", format!("Bearer {token}")))
}

/// When tests happen.
pub(crate) fn noon() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

/// The defaults of the service.
pub(crate) const LIFETIMES: Lifetimes = Lifetimes {
    token: TOKEN_TTL,
    refresh: Duration::from_secs(8 * 60 * 60),
    session: Duration::from_secs(24 * 60 * 60),
};

/// The defaults of the service.
pub(crate) const LIMITS: Limits = Limits { per_user: 20, total: 10_000_000 };
