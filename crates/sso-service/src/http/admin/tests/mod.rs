mod admission;
mod clients;
mod concurrent;
mod full_disk;
mod grants;
mod input;
mod keys;
mod listing;
mod recorded;
mod roles;
mod users;

use actix_web::http::Method;
use serde_json::{Value, json};

use crate::test_service::{Answer, PASSWORD, TestService};

/// A service with an administrator, who is logged in.
struct AdminClient {
    service: TestService,
    root: String,
}

impl AdminClient {
    async fn open() -> Self {
        let service = TestService::start().await;
        let root = service.add_admin("root").await;
        Self { service, root }
    }

    async fn get(&self, path: &str) -> Answer {
        self.service.call(Method::GET, path, &self.root, Value::Null).await
    }

    async fn post(&self, path: &str, body: Value) -> Answer {
        self.service.call(Method::POST, path, &self.root, body).await
    }

    async fn patch(&self, path: &str, body: Value) -> Answer {
        self.service.call(Method::PATCH, path, &self.root, body).await
    }

    async fn put(&self, path: &str, body: Value) -> Answer {
        self.service.call(Method::PUT, path, &self.root, body).await
    }

    async fn delete(&self, path: &str) -> Answer {
        self.service.call(Method::DELETE, path, &self.root, Value::Null).await
    }

    /// Creates a user with these roles, who logs in.
    async fn user(&self, name: &str, roles: &[&str]) -> String {
        let body = json!({"username": name, "password": PASSWORD, "roles": roles});
        let answer = self.post("/admin/users", body).await;
        assert_eq!(answer.status, 201, "{:?}", answer.body);
        self.service.log_in(name).await
    }

    /// What validation says is permitted.
    async fn permissions(&self, token: &str) -> Value {
        self.service.validate(token).await.body["permissions"].clone()
    }
}
