//! What an administrator revokes while the database cannot be written.

use actix_web::http::Method;
use serde_json::{Value, json};

use crate::{
    store::Location,
    test_service::{Answer, LIFETIMES, LIMITS, PASSWORD, TestService},
};

/// Each refuses a kind of write, as a full disk refuses all.
const FULL: [&str; 4] = [
    "CREATE TRIGGER full_update BEFORE UPDATE ON users BEGIN SELECT RAISE(FAIL, 'full'); END",
    "CREATE TRIGGER full_delete BEFORE DELETE ON users BEGIN SELECT RAISE(FAIL, 'full'); END",
    "CREATE TRIGGER full_end BEFORE DELETE ON sessions BEGIN SELECT RAISE(FAIL, 'full'); END",
    "CREATE TRIGGER full_key BEFORE DELETE ON api_keys BEGIN SELECT RAISE(FAIL, 'full'); END",
];
const NO_LONGER_FULL: [&str; 4] = [
    "DROP TRIGGER full_update",
    "DROP TRIGGER full_delete",
    "DROP TRIGGER full_end",
    "DROP TRIGGER full_key",
];

/// A service on a disk that can be full, with an administrator.
struct Disk {
    _directory: tempfile::TempDir,
    location: Location,
    service: TestService,
    root: String,
}

impl Disk {
    async fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let location = Location::File(directory.path().join("sso.db"));
        let service = TestService::with(LIFETIMES, LIMITS, &location).await;
        let root = service.add_admin("root").await;
        Self { _directory: directory, location, service, root }
    }

    async fn is_full(&self, full: bool) {
        for sql in if full { FULL } else { NO_LONGER_FULL } {
            self.service.execute(sql).await;
        }
    }

    async fn restart(&mut self) {
        self.service.store.close().await;
        self.service = TestService::with(LIFETIMES, LIMITS, &self.location).await;
    }

    async fn ask(&self, method: Method, path: &str, body: Value) -> Answer {
        self.service.call(method, path, &self.root, body).await
    }

    async fn status(&self, token: &str) -> u16 {
        self.service.validate(token).await.status.as_u16()
    }

    async fn log_in(&self, name: &str) -> Answer {
        let credentials = json!({"username": name, "password": PASSWORD});
        let log_in = actix_web::test::TestRequest::post().uri("/auth/login");
        self.service.send(log_in.set_json(credentials)).await
    }
}

#[actix_web::test]
async fn a_revocation_is_in_force_at_once_and_written_once_the_disk_allows() {
    let mut disk = Disk::new().await;
    for (at, (method, path, body)) in [
        (Method::DELETE, "/sessions", Value::Null),
        (Method::PATCH, "", json!({"disabled": true})),
        (Method::DELETE, "", Value::Null),
    ]
    .into_iter()
    .enumerate()
    {
        for restarted in [false, true] {
            let name = format!("alice{at}{restarted}");
            disk.service.add_user(&name, &[]).await;
            let tokens = [disk.service.log_in(&name).await, disk.service.log_in(&name).await];
            disk.is_full(true).await;
            let path = format!("/admin/users/{name}{path}");
            let answer = disk.ask(method.clone(), &path, body.clone()).await;
            assert_eq!(answer.problem(), (503, "store_unavailable"), "{method} {path}");
            assert_eq!(answer.header("retry-after"), "1");
            if restarted {
                disk.restart().await;
            }
            for token in &tokens {
                assert_eq!(disk.status(token).await, 401, "{method} {path} {restarted}");
            }
            assert_eq!(disk.status(&disk.root).await, 200);
            assert_eq!(disk.log_in(&name).await.problem(), (503, "store_unavailable"));
            disk.service.store.write_revocations().await.unwrap_err();

            disk.is_full(false).await;
            disk.service.store.write_revocations().await.unwrap();
            let expected = if at == 0 { 200 } else { 401 };
            assert_eq!(disk.log_in(&name).await.status, expected, "{method} {path}");
            for token in &tokens {
                assert_eq!(disk.status(token).await, 401);
            }
            // And there is nothing left to be done again.
            disk.restart().await;
            let status = disk.log_in(&name).await.status;
            assert_eq!(status, expected);
        }
    }
}

#[actix_web::test]
async fn a_user_who_is_enabled_is_not_disabled_by_an_earlier_attempt() {
    let disk = Disk::new().await;
    disk.service.add_user("alice", &[]).await;
    disk.is_full(true).await;
    let disabled =
        |disabled| disk.ask(Method::PATCH, "/admin/users/alice", json!({"disabled": disabled}));
    assert_eq!(disabled(true).await.problem(), (503, "store_unavailable"));
    disk.is_full(false).await;
    assert_eq!(disabled(false).await.status, 200);
    disk.service.store.write_revocations().await.unwrap();
    assert_eq!(disk.log_in("alice").await.status, 200);
}

#[actix_web::test]
async fn an_undeletable_key_is_invalid() {
    let mut disk = Disk::new().await;
    let wish = json!({"name": "deploy", "permissions": ["logs:read"]});
    let created = disk.ask(Method::POST, "/admin/keys", wish).await.body;
    let [key, id] = ["key", "id"].map(|field| created[field].as_str().unwrap().to_owned());
    disk.is_full(true).await;
    let path = format!("/admin/keys/{id}");
    let answer = disk.ask(Method::DELETE, &path, Value::Null).await;
    assert_eq!(answer.problem(), (503, "store_unavailable"));
    assert_eq!(disk.status(&key).await, 401);
    disk.restart().await;
    assert_eq!(disk.status(&key).await, 401);
    disk.is_full(false).await;
    disk.service.store.write_revocations().await.unwrap();
    let listed = disk.ask(Method::GET, "/admin/keys", Value::Null).await;
    assert_eq!(listed.body["keys"], json!([]));
}

#[actix_web::test]
async fn the_last_administrator_stays_on_a_full_disk() {
    let disk = Disk::new().await;
    disk.is_full(true).await;
    let answer = disk.ask(Method::DELETE, "/admin/users/root", Value::Null).await;
    assert_eq!(answer.problem(), (503, "store_unavailable"));
    assert_eq!(disk.status(&disk.root).await, 200);
}

#[actix_web::test]
async fn a_user_enabled_after_a_failed_disable_stays_enabled() {
    let disk = Disk::new().await;
    disk.service.add_user("alice", &[]).await;
    disk.is_full(true).await;
    let set = async |disabled: bool| {
        disk.ask(Method::PATCH, "/admin/users/alice", json!({"disabled": disabled})).await
    };
    assert_eq!(set(true).await.status, 503);
    assert_eq!(set(false).await.status, 503);
    disk.is_full(false).await;
    assert_eq!(set(false).await.status, 200);
    disk.service.store.write_revocations().await.unwrap();
    assert_eq!(disk.log_in("alice").await.status, 200);
}
