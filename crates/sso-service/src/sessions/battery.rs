//! What holds of sessions, whatever happens to the service or its database.

use std::{sync::Arc, time::Duration};

use shared_types::BearerToken;
use sqlx::{SqliteConnection, query_scalar};
use tokio::time::timeout;

use super::{Client, Limits};
use crate::{
    audit::AuditRecord,
    authority::{LoggedIn, LoginError, RefreshError},
    login_guard::Typed,
    store::{Database, Location, Nobody, Unavailable},
    test_service::{HERE, LIFETIMES, LIMITS, PASSWORD, TOKEN_TTL, TestService, execute, noon},
    users::{PasswordHash, UserStore, end_all_sessions},
};

/// A database in a directory of its own, and services that run on it one after the other, or at
/// the same time.
struct Place {
    _directory: tempfile::TempDir,
    location: Location,
}

impl Place {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let location = Location::File(directory.path().join("sso.db"));
        Self { _directory: directory, location }
    }

    async fn start(&self) -> TestService {
        TestService::with(LIFETIMES, LIMITS, &self.location).await
    }

    /// Another process's access.
    async fn users(&self) -> UserStore {
        UserStore::new(Database::open(&self.location, Nobody).await.unwrap())
    }
}

fn client() -> Client {
    Client::new([127, 0, 0, 1].into(), Some(b"test"))
}

fn bearer(token: &str) -> BearerToken {
    BearerToken::parse(token.as_bytes()).unwrap()
}

async fn log_in(service: &TestService, name: &str) -> LoggedIn {
    service.authority.login(Typed { name, password: PASSWORD }, client(), "r").await.unwrap()
}

async fn refresh(service: &TestService, logged_in: &LoggedIn) -> Result<LoggedIn, RefreshError> {
    service.authority.refresh(&bearer(logged_in.refresh_token.expose()), HERE).await
}

fn is_valid(service: &TestService, logged_in: &LoggedIn) -> bool {
    service.authority.validate(&bearer(logged_in.token.expose()), None, HERE).is_ok()
}

async fn log_out(service: &TestService, logged_in: &LoggedIn) -> bool {
    service.authority.logout(&bearer(logged_in.token.expose()), HERE).await.is_ok()
}

async fn number(service: &TestService, sql: &'static str) -> i64 {
    query_scalar(sql).fetch_one(&mut *service.database.reader().await.unwrap()).await.unwrap()
}

/// Until what another process wrote is in force here: a second at most.
async fn until(what: &str, mut check: impl FnMut() -> bool) {
    let heard = async {
        while !check() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(Duration::from_secs(1), heard).await.unwrap_or_else(|_| panic!("{what}: not heard of"));
}

#[tokio::test]
async fn sessions_outlive_the_service() {
    let place = Place::new();
    let first = place.start().await;
    first.add_user("alice", &["logs:read"]).await;
    let [kept, ended] = [log_in(&first, "alice").await, log_in(&first, "alice").await];
    assert!(log_out(&first, &ended).await);
    let renewed = refresh(&first, &kept).await.unwrap();
    drop(first);

    let second = place.start().await;
    assert!(is_valid(&second, &kept) && is_valid(&second, &renewed));
    assert!(!is_valid(&second, &ended));
    assert_eq!(second.live.counts(), (2, 1));
    let again = refresh(&second, &kept).await.unwrap();
    assert_eq!(again.refresh_token.expose(), renewed.refresh_token.expose());
}

#[tokio::test]
async fn tokens_of_a_session_are_of_one_session_also_after_a_restart() {
    let place = Place::new();
    let first = place.start().await;
    first.add_user("alice", &[]).await;
    let old = log_in(&first, "alice").await;
    let new = refresh(&first, &old).await.unwrap();
    drop(first);
    let second = place.start().await;
    second.database.close().await;
    // It cannot be written, so it is memory alone that knows.
    assert!(!log_out(&second, &new).await);
    assert!(!is_valid(&second, &old) && !is_valid(&second, &new));
}

#[tokio::test]
async fn what_another_process_does_is_heard_of() {
    let place = Place::new();
    let service = place.start().await;
    service.add_user("alice", &[]).await;
    let other = place.start().await;
    let logged_in = log_in(&other, "alice").await;
    until("a log-in", || is_valid(&service, &logged_in)).await;
    let renewed = refresh(&other, &logged_in).await.unwrap();
    until("a refresh", || is_valid(&service, &renewed)).await;
    assert!(log_out(&other, &renewed).await);
    until("a log-out", || !is_valid(&service, &logged_in)).await;
    assert!(!is_valid(&service, &renewed));

    let logged_in = log_in(&service, "alice").await;
    place.users().await.end_sessions("alice".parse().unwrap()).await.unwrap();
    until("an end of all", || !is_valid(&service, &logged_in)).await;
    assert!(is_valid(&service, &log_in(&service, "alice").await));
}

#[tokio::test]
async fn a_user_who_changes_while_logging_in_is_not_logged_in() {
    let service = TestService::start().await;
    service.add_user("alice", &[]).await;
    let alice = async || service.users.find(&"alice".parse().unwrap()).await.unwrap().unwrap();
    let before = alice().await;
    let hash = PasswordHash::stored("another".to_owned());
    service.users.reset_password("alice".parse().unwrap(), hash).await.unwrap();
    let refused = service.authority.begin_session(before, client(), HERE).await;
    assert!(matches!(refused, Err(LoginError::InvalidCredentials)), "{refused:?}");
    service.authority.begin_session(alice().await, client(), HERE).await.unwrap();
}

#[tokio::test]
async fn a_right_password_is_right_also_while_sessions_are_ended() {
    let service = TestService::start().await;
    service.add_user("alice", &[]).await;
    let alice = service.users.find(&"alice".parse().unwrap()).await.unwrap().unwrap();
    let earlier = log_in(&service, "alice").await;
    service.users.end_sessions("alice".parse().unwrap()).await.unwrap();
    let logged_in = service.authority.begin_session(alice, client(), HERE).await.unwrap();
    assert!(is_valid(&service, &logged_in) && !is_valid(&service, &earlier));
}

#[tokio::test]
async fn beyond_the_limit_nobody_gets_in_and_nobody_loses_a_session() {
    let limits = Limits { per_user: 1, total: 2 };
    let service = TestService::with(LIFETIMES, limits, &Location::Memory).await;
    for name in ["alice", "bob", "carol"] {
        service.add_user(name, &[]).await;
    }
    let [alice, bob] = [log_in(&service, "alice").await, log_in(&service, "bob").await];
    let carol = Typed { name: "carol", password: PASSWORD };
    let refused = service.authority.login(carol, client(), "r").await;
    assert!(matches!(refused, Err(LoginError::TooManySessions(_))), "{refused:?}");
    // Whoever is at both limits gets in at the cost of an own session.
    let again = log_in(&service, "alice").await;
    assert!(!is_valid(&service, &alice) && is_valid(&service, &again) && is_valid(&service, &bob));
    assert_eq!(service.live.counts(), (2, 2));
}

#[tokio::test]
async fn log_ins_at_the_same_time_stay_within_the_limits() {
    let limits = Limits { per_user: 3, total: 5 };
    let service = Arc::new(TestService::with(LIFETIMES, limits, &Location::Memory).await);
    for name in ["alice", "bob"] {
        service.add_user(name, &[]).await;
    }
    let tasks = (0..24).map(|task| {
        let (service, name) = (service.clone(), if task % 2 == 0 { "alice" } else { "bob" });
        let user = async move {
            let user = service.users.find(&name.parse().unwrap()).await.unwrap().unwrap();
            service.authority.begin_session(user, client(), HERE).await
        };
        tokio::task::spawn_local(user)
    });
    let outcomes = tokio::task::LocalSet::new();
    let ended = outcomes.run_until(async { futures_util::future::join_all(tasks).await }).await;
    assert!(ended.iter().filter(|ended| ended.as_ref().unwrap().is_ok()).count() >= 5);
    let (tokens, sessions) = service.live.counts();
    assert_eq!((tokens, sessions), (5, 5));
}

#[tokio::test]
async fn a_sweep_removes_what_is_over_and_nothing_else() {
    let service = TestService::start().await;
    for name in ["alice", "bob"] {
        service.add_user(name, &[]).await;
    }
    let early = log_in(&service, "alice").await;
    service.clock.advance(TOKEN_TTL / 2);
    let late = log_in(&service, "bob").await;
    service.clock.advance(TOKEN_TTL / 2);
    service.keeper.sweep().await.unwrap();
    assert_eq!(service.live.counts(), (1, 2), "a token has expired, no session has");
    assert!(is_valid(&service, &late));
    let early = refresh(&service, &early).await.unwrap();

    service.users.delete("bob".parse().unwrap()).await.unwrap();
    assert!(!is_valid(&service, &late));
    service.keeper.sweep().await.unwrap();
    assert_eq!(service.live.counts(), (1, 1), "whose user is gone has gone");
    assert_eq!(number(&service, "SELECT count(*) FROM ended_sessions").await, 0);
    assert_eq!(number(&service, "SELECT count(*) FROM changes").await, 0);
    assert!(is_valid(&service, &early));

    service.clock.advance(LIFETIMES.refresh);
    service.keeper.sweep().await.unwrap();
    assert_eq!(service.live.counts(), (0, 0));
    for table in [
        "SELECT count(*) FROM sessions",
        "SELECT count(*) FROM session_tokens",
        "SELECT count(*) FROM refresh_tokens",
        "SELECT count(*) FROM changes",
    ] {
        assert_eq!(number(&service, table).await, 0, "{table}");
    }
}

/// How often, of which session and whose.
fn told(service: TestService, kind: &str) -> Vec<(Option<u64>, Option<String>, Option<String>)> {
    let lines = service.audited().into_iter().filter(|line| line["audit"] == kind);
    let text = |line: &serde_json::Value, name: &str| line[name].as_str().map(str::to_owned);
    lines
        .map(|line| (line["count"].as_u64(), text(&line, "session_id"), text(&line, "username")))
        .collect()
}

#[tokio::test]
async fn sessions_that_come_to_their_end_are_written_down_and_no_others() {
    let service = TestService::start().await;
    for name in ["alice", "bob"] {
        service.add_user(name, &[]).await;
    }
    let [expired, ended] = [log_in(&service, "alice").await, log_in(&service, "alice").await];
    assert!(log_out(&service, &ended).await);
    log_in(&service, "bob").await;
    service.users.end_sessions("bob".parse().unwrap()).await.unwrap();
    service.clock.advance(LIFETIMES.refresh);
    service.keeper.sweep().await.unwrap();
    let expected = (None, Some(expired.session_id.to_string()), Some("alice".to_owned()));
    assert_eq!(told(service, "session_expired"), [expected]);
}

#[tokio::test]
async fn of_many_sessions_that_end_at_once_their_number_is_written_down() {
    let service = TestService::start().await;
    service.add_user("alice", &[]).await;
    let many = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 700)
        INSERT INTO sessions (id, user, epoch, created_at, last_seen_at, expires_at, ends_at)
        SELECT randomblob(16), number, 0, 0, 0, 1, 1 FROM n, users";
    service.execute(many).await;
    service.keeper.sweep().await.unwrap();
    let metrics = service.metrics.render();
    assert!(metrics.contains("\nsessions_swept_total 700\n"), "{metrics}");
    let now = format!("\nsessions_last_sweep_timestamp_seconds {}\n", noon().timestamp());
    assert!(metrics.contains(&now), "{metrics}");
    assert_eq!(
        told(service, "session_expired"),
        [(Some(500), None, None), (Some(200), None, None)]
    );
}

#[tokio::test]
async fn a_session_that_makes_room_is_written_down() {
    let one = Limits { per_user: 1, ..LIMITS };
    let service = TestService::with(LIFETIMES, one, &Location::Memory).await;
    service.add_user("alice", &[]).await;
    let first = log_in(&service, "alice").await;
    log_in(&service, "alice").await;
    let lines = service.audited();
    let mut lines = lines.iter().filter(|line| line["audit"] == "session_evicted");
    let line = lines.next().unwrap();
    for (field, expected) in [
        ("session_id", first.session_id.to_string().as_str()),
        ("username", "alice"),
        ("request_id", "r"),
    ] {
        assert_eq!(line[field], expected);
    }
    assert!(lines.next().is_none());
}

#[tokio::test]
async fn what_a_token_was_renewed_with_is_wiped_after_a_while() {
    let service = TestService::start().await;
    service.add_user("alice", &[]).await;
    let logged_in = log_in(&service, "alice").await;
    service.clock.advance(Duration::from_secs(1));
    let renewed = refresh(&service, &logged_in).await.unwrap();
    assert!(is_valid(&service, &renewed));
    let kept = "SELECT count(*) FROM refresh_tokens WHERE nonce IS NOT NULL";
    for (seconds, expected) in [(9, 1), (1, 0)] {
        service.clock.advance(Duration::from_secs(seconds));
        service.keeper.sweep().await.unwrap();
        assert_eq!(number(&service, kept).await, expected);
    }
    let reused = refresh(&service, &logged_in).await;
    assert!(matches!(reused, Err(RefreshError::Reused(_))), "{reused:?}");
}

#[tokio::test]
async fn that_a_token_was_used_outlives_the_service() {
    let place = Place::new();
    let first = place.start().await;
    first.add_user("alice", &[]).await;
    let logged_in = log_in(&first, "alice").await;
    first.clock.advance(Duration::from_secs(1));
    let renewed = refresh(&first, &logged_in).await.unwrap();
    assert!(is_valid(&first, &renewed));
    first.keeper.write_first_uses().await.unwrap();
    drop(first);

    let second = place.start().await;
    second.clock.advance(Duration::from_secs(11));
    let reused = refresh(&second, &logged_in).await;
    assert!(matches!(reused, Err(RefreshError::Reused(_))), "{reused:?}");
}

#[tokio::test]
async fn when_a_session_was_used_last_outlives_the_service() {
    let place = Place::new();
    let first = place.start().await;
    first.add_user("alice", &[]).await;
    let logged_in = log_in(&first, "alice").await;
    first.clock.advance(Duration::from_secs(90));
    assert!(is_valid(&first, &logged_in));
    let used = first.authority.principal(&bearer(logged_in.token.expose())).unwrap();
    first.keeper.finish().await;
    first.database.close().await;
    let second = place.start().await;
    let principal = second.authority.principal(&bearer(logged_in.token.expose())).unwrap();
    assert_eq!(principal.session.last_seen(), used.session.last_seen());
}

/// Logs in without the work of looking at a password.
async fn begin(service: &TestService, name: &str) -> Result<LoggedIn, LoginError> {
    let user = service.users.find(&name.parse().unwrap()).await.unwrap().unwrap();
    service.authority.begin_session(user, client(), HERE).await
}

#[tokio::test]
async fn a_full_disk_refuses_and_memory_agrees_with_it() {
    let place = Place::new();
    let many = Limits { per_user: 10_000, ..LIMITS };
    let service = TestService::with(LIFETIMES, many, &place.location).await;
    service.add_user("alice", &[]).await;
    // No room for another page. What fits into those there are is written still.
    execute(&service.database, "PRAGMA max_page_count = 1").await;
    let mut begun = vec![];
    let refused = loop {
        match begin(&service, "alice").await {
            Ok(logged_in) => begun.push(logged_in),
            Err(error) => break error,
        }
        assert!(begun.len() < 1000, "the disk does not get full");
    };
    assert!(matches!(refused, LoginError::Store(_)), "{refused}");
    let last = begun.last().unwrap();
    assert!(is_valid(&service, last));
    let counted = number(&service, "SELECT count(*) FROM sessions").await;
    assert_eq!(service.live.counts(), (begun.len(), counted));
    // Whatever else is asked for does not get stuck on it.
    let renewed = refresh(&service, last).await;
    assert!(matches!(renewed, Ok(_) | Err(RefreshError::Store(_))), "{renewed:?}");

    execute(&service.database, "PRAGMA max_page_count = 1000000").await;
    begun.push(begin(&service, "alice").await.unwrap());
    begun.push(refresh(&service, &begun[0]).await.unwrap());
    drop(service);
    let again = place.start().await;
    assert!(begun.iter().all(|logged_in| is_valid(&again, logged_in)));
}

#[tokio::test]
async fn a_log_out_that_cannot_be_written_is_in_force_and_is_tried_again() {
    let place = Place::new();
    let service = place.start().await;
    service.add_user("alice", &[]).await;
    let logged_in = log_in(&service, "alice").await;
    let sessions = "SELECT count(*) FROM sessions";
    let stuck = "CREATE TRIGGER stuck BEFORE DELETE ON sessions
                 BEGIN SELECT RAISE(FAIL, 'stuck'); END";
    execute(&service.database, stuck).await;
    assert!(!log_out(&service, &logged_in).await);
    assert!(!is_valid(&service, &logged_in));
    service.sessions.write_revocations().await.unwrap_err();
    assert_eq!(number(&service, sessions).await, 1);

    execute(&service.database, "DROP TRIGGER stuck").await;
    service.sessions.write_revocations().await.unwrap();
    assert_eq!(number(&service, sessions).await, 0);
    service.sessions.write_revocations().await.unwrap();
    assert!(log_out(&service, &logged_in).await);
}

#[tokio::test]
async fn a_reuse_that_cannot_be_written_ends_the_session_all_the_same() {
    let place = Place::new();
    let service = place.start().await;
    service.add_user("alice", &[]).await;
    let logged_in = log_in(&service, "alice").await;
    service.clock.advance(Duration::from_secs(1));
    let renewed = refresh(&service, &logged_in).await.unwrap();
    assert!(is_valid(&service, &renewed));
    service.clock.advance(Duration::from_secs(10));
    let stuck = "CREATE TRIGGER stuck BEFORE DELETE ON sessions
                 BEGIN SELECT RAISE(FAIL, 'stuck'); END";
    execute(&service.database, stuck).await;
    let reused = refresh(&service, &logged_in).await;
    assert!(matches!(reused, Err(RefreshError::Store(_))), "{reused:?}");
    assert!(!is_valid(&service, &logged_in) && !is_valid(&service, &renewed));
    let refused = refresh(&service, &renewed).await;
    assert!(matches!(refused, Err(RefreshError::InvalidToken)), "{refused:?}");
    drop(service);

    let again = place.start().await;
    again.clock.advance(Duration::from_secs(11));
    assert!(!is_valid(&again, &logged_in) && !is_valid(&again, &renewed));
    execute(&again.database, "DROP TRIGGER stuck").await;
    again.sessions.write_revocations().await.unwrap();
    assert_eq!(number(&again, "SELECT count(*) FROM sessions").await, 0);
}

#[tokio::test]
async fn one_of_fifty_refreshes_at_the_same_time_renews_and_all_get_the_same() {
    let place = Place::new();
    let service = place.start().await;
    service.add_user("alice", &[]).await;
    let logged_in = log_in(&service, "alice").await;
    let renewed = futures_util::future::join_all((0..50).map(|_| refresh(&service, &logged_in)));
    let renewed = renewed.await;
    let tokens = |renewed: &Result<LoggedIn, RefreshError>| {
        let renewed = renewed.as_ref().unwrap();
        (renewed.token.expose().to_owned(), renewed.refresh_token.expose().to_owned())
    };
    assert!(renewed.iter().all(|other| tokens(other) == tokens(&renewed[0])));
    assert_eq!(number(&service, "SELECT count(*) FROM refresh_tokens").await, 2);
    assert_eq!(service.live.counts(), (2, 1));
}

#[tokio::test]
async fn who_is_disabled_renews_nothing() {
    let service = TestService::start().await;
    service.add_user("alice", &[]).await;
    let logged_in = log_in(&service, "alice").await;
    service.users.disable("alice".parse().unwrap()).await.unwrap();
    let refused = refresh(&service, &logged_in).await;
    assert!(matches!(refused, Err(RefreshError::InvalidToken)), "{refused:?}");
    service.users.enable("alice".parse().unwrap()).await.unwrap();
    let refused = refresh(&service, &logged_in).await;
    assert!(matches!(refused, Err(RefreshError::InvalidToken)), "the session has ended for good");
}

#[tokio::test]
async fn a_user_who_cannot_be_read_lets_nobody_in_and_keeps_nobody_out() {
    let place = Place::new();
    let service = place.start().await;
    service.add_user("alice", &[]).await;
    service.add_user("mallory", &["a:b"]).await;
    let [alice, mallory] = [log_in(&service, "alice").await, log_in(&service, "mallory").await];
    execute(&service.database, "UPDATE user_permissions SET permission = 'nonsense'").await;
    drop(service);
    let again = place.start().await;
    assert!(is_valid(&again, &alice) && !is_valid(&again, &mallory));
}

#[tokio::test]
async fn minted_sessions_are_beyond_the_limit_and_cannot_be_renewed() {
    let place = Place::new();
    let limits = Limits { per_user: 1, total: 1 };
    let service = TestService::with(LIFETIMES, limits, &place.location).await;
    service.add_user("alice", &[]).await;
    let logged_in = log_in(&service, "alice").await;
    let now = noon();
    let minting = super::Minting {
        user: "alice".parse().unwrap(),
        count: 4500,
        ends_at: now + Duration::from_secs(60),
    };
    let mut tokens = Vec::new();
    let shell = Database::open(&place.location, Nobody).await.unwrap();
    let mut record = AuditRecord::open(None, shell, service.clock.clone()).unwrap();
    let mint = super::mint(&mut record, &minting, |lot| {
        tokens.extend(lot.iter().map(|token| bearer(token.expose())));
        Ok(())
    });
    mint.await.unwrap();
    assert_eq!(tokens.len(), 4500);
    let all_valid =
        || tokens.iter().all(|token| service.authority.validate(token, None, HERE).is_ok());
    until("the minted sessions", all_valid).await;
    assert!(is_valid(&service, &logged_in));
    assert_eq!(service.live.counts(), (4501, 4501));
    service.clock.advance(Duration::from_secs(60));
    service.keeper.sweep().await.unwrap();
    assert_eq!(service.live.counts(), (1, 1));
}

/// As in `… sessions mint … | head -1`.
#[tokio::test]
async fn what_was_minted_is_recorded_though_the_reader_of_the_tokens_went_away() {
    let place = Place::new();
    let service = place.start().await;
    service.add_user("alice", &[]).await;
    let ends_at = noon() + Duration::from_secs(60);
    let minting = super::Minting { user: "alice".parse().unwrap(), count: 9000, ends_at };
    let shell = Database::open(&place.location, Nobody).await.unwrap();
    let mut record = AuditRecord::open(None, shell, service.clock.clone()).unwrap();
    let mut lots = 0;
    let mint = super::mint(&mut record, &minting, |_| {
        lots += 1;
        if lots < 2 { Ok(()) } else { Err(std::io::ErrorKind::BrokenPipe.into()) }
    });
    mint.await.unwrap_err();
    let mut reader = service.database.reader().await.unwrap();
    let events: Vec<String> =
        query_scalar("SELECT event FROM audit").fetch_all(&mut *reader).await.unwrap();
    assert_eq!(events.len(), 1);
    assert!(
        events[0].contains("\"target\":\"alice\",\"via\":\"shell\",\"count\":4000"),
        "{events:?}"
    );
}

#[tokio::test]
async fn all_sessions_end_at_once_and_for_good() {
    let place = Place::new();
    let service = place.start().await;
    let mut ended = Vec::new();
    for name in ["alice", "bob"] {
        service.add_user(name, &[]).await;
        ended.push(log_in(&service, name).await);
    }
    let shell = Database::open(&place.location, Nobody).await.unwrap();
    let end = async |connection: &mut SqliteConnection| {
        Ok::<_, Unavailable>(end_all_sessions(connection).await?)
    };
    shell.write(end).await.unwrap();
    until("the end of all", || ended.iter().all(|token| !is_valid(&service, token))).await;
    let alice = log_in(&service, "alice").await;
    let check = async |service: &TestService| {
        assert!(ended.iter().all(|token| !is_valid(service, token)));
        for token in &ended {
            let refreshed = refresh(service, token).await;
            assert!(matches!(refreshed, Err(RefreshError::InvalidToken)), "{refreshed:?}");
        }
        assert!(is_valid(service, &alice));
    };
    check(&service).await;
    drop(service);
    let service = place.start().await;
    check(&service).await;
    service.keeper.sweep().await.unwrap();
    assert_eq!(service.live.counts(), (1, 1));
    check(&service).await;
}
