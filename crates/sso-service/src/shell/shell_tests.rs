//! The commands, as the running service sees them.

use std::{fs, time::Duration};

use actix_web::http::Method;
use serde_json::{Value, json};

use super::error::AdminError;
use crate::{
    administration::AdministrationError,
    cli::tests::parse_admin,
    config::Config,
    page::Part,
    store::{InstanceLock, Store},
    test_databases::{Engine, TestDatabase, on_both_engines},
    test_service::{LIFETIMES, LIMITS, PASSWORD, TestService},
};

/// A new database, and a password file.
struct Shell {
    _database: TestDatabase,
    directory: tempfile::TempDir,
    config: Config,
}

impl Shell {
    fn open(engine: Engine) -> Self {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("password"), format!("{PASSWORD}\n")).unwrap();
        let database = TestDatabase::of(engine);
        let url = ("SSO_DATABASE_URL".to_owned(), database.url.clone());
        let config = Config::read([url]).unwrap();
        Self { _database: database, directory, config }
    }

    async fn run(&self, arguments: &[&str]) -> Result<(), AdminError> {
        parse_admin(&[&["admin"], arguments].concat()).run(&self.config).await
    }

    /// The same, with the password in its file.
    async fn run_with_password(&self, arguments: &[&str]) -> Result<(), AdminError> {
        let file = self.directory.path().join("password");
        let file = ["--password-file", file.to_str().unwrap()];
        self.run(&[arguments, &file].concat()).await
    }

    async fn create(&self, arguments: &[&str]) -> Result<(), AdminError> {
        self.run_with_password(&[&["user", "create"], arguments].concat()).await
    }

    async fn store(&self) -> Store {
        Store::open_for_command(&self.config.database).await.unwrap()
    }

    async fn service(&self) -> TestService {
        TestService::with(LIFETIMES, LIMITS, &self.config.database).await
    }

    async fn names(&self) -> Vec<String> {
        let users = self.store().await.all_users().await;
        users.into_iter().map(|user| user.account.username).collect()
    }
}

on_both_engines![
    a_new_user_can_log_in_at_the_running_service_at_once,
    without_a_role_a_user_has_the_role_user,
    an_invalid_command_prints_one_line_and_writes_nothing,
    ended_sessions_are_invalid_within_a_second,
    a_changed_role_is_in_force_within_a_second,
    keys_are_created_listed_and_deleted,
    a_reset_of_the_clock_ends_all_sessions,
    deleted_signing_keys_are_replaced_by_the_running_service,
    changes_are_recorded_and_failed_commands_are_not,
];

async fn a_new_user_can_log_in_at_the_running_service_at_once(engine: Engine) {
    let shell = Shell::open(engine);
    let service = shell.service().await;
    let permission = ["--permission", "logs:read:shop/*", "--permission", "deploy:write"];
    let arguments = [&["Bob", "--role", "reader", "--role", "user"][..], &permission].concat();
    shell.create(&arguments).await.unwrap();
    let token = service.log_in("bob").await;
    let answer = service.validate(&token).await;
    assert_eq!(answer.body["roles"], serde_json::json!(["reader", "user"]));
    let permissions = ["deploy:write", "logs:read", "logs:read:shop/*"];
    assert_eq!(answer.body["permissions"], serde_json::json!(permissions));
}

async fn without_a_role_a_user_has_the_role_user(engine: Engine) {
    let shell = Shell::open(engine);
    shell.create(&["bob"]).await.unwrap();
    let store = shell.store().await;
    assert_eq!(store.all_users().await[0].account.roles, ["user"]);
}

async fn an_invalid_command_prints_one_line_and_writes_nothing(engine: Engine) {
    let shell = Shell::open(engine);
    shell.create(&["bob"]).await.unwrap();
    for (arguments, fault) in [
        (&["bob"][..], "already exists"),
        (&["BOB"], "already exists"),
        (&["a b"], "must be a user name"),
        (&["eve", "--role", "user", "--role", "nope"], "role \"nope\" not found"),
        (&["eve", "--permission", "logs"], "\"logs\" is not a permission"),
        (&["eve", "--permission", "logs:read:a\nb"], "is not a permission"),
    ] {
        let error = shell.create(arguments).await.unwrap_err().to_string();
        assert!(error.contains(fault), "{error}");
        assert_eq!(error.lines().count(), 1, "{error}");
    }
    fs::write(shell.directory.path().join("password"), "too short").unwrap();
    let error = shell.create(&["eve"]).await.unwrap_err();
    assert!(
        matches!(error, AdminError::Administration(AdministrationError::Password(_))),
        "{error}"
    );
    fs::remove_file(shell.directory.path().join("password")).unwrap();
    let error = shell.create(&["eve"]).await.unwrap_err();
    assert!(matches!(error, AdminError::PasswordFile { .. }), "{error}");
    assert_eq!(shell.names().await, ["bob"]);
}

/// Longer than the service may take to hear of what another process wrote.
const HEARD: Duration = Duration::from_secs(1);

/// Until the service hears of it.
async fn until(what: &str, mut check: impl AsyncFnMut() -> bool) {
    let heard = async {
        while !check().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(HEARD, heard).await.unwrap_or_else(|_| panic!("not heard of: {what}"));
}

async fn ended_sessions_are_invalid_within_a_second(engine: Engine) {
    let shell = Shell::open(engine);
    shell.create(&["root", "--role", "admin"]).await.unwrap();
    shell.create(&["alice"]).await.unwrap();
    let service = shell.service().await;
    let commands = [
        &["sessions", "end", "--user", "alice"][..],
        &["sessions", "end", "--all"],
        &["user", "reset-password", "alice"],
        &["user", "disable", "alice"],
        &["user", "delete", "alice"],
    ];
    for command in commands {
        let token = service.log_in("alice").await;
        match command[1] {
            "reset-password" => shell.run_with_password(command).await.unwrap(),
            _ => shell.run(command).await.unwrap(),
        }
        until(&command.join(" "), async || service.validate(&token).await.status == 401).await;
        if command[1] == "disable" {
            shell.run(&["user", "enable", "alice"]).await.unwrap();
            assert_eq!(service.validate(&token).await.status, 401);
        }
    }
    let refused = shell.run(&["user", "delete", "root"]).await.unwrap_err();
    assert!(refused.to_string().contains("last enabled administrator"), "{refused}");
}

async fn a_changed_role_is_in_force_within_a_second(engine: Engine) {
    let shell = Shell::open(engine);
    shell.create(&["root", "--role", "admin"]).await.unwrap();
    shell.run(&["role", "set", "ops", "--permission", "logs:read"]).await.unwrap();
    shell.create(&["alice", "--role", "ops"]).await.unwrap();
    let service = shell.service().await;
    let token = service.log_in("alice").await;
    let permissions = async || service.validate(&token).await.body["permissions"].clone();
    assert_eq!(permissions().await, json!(["logs:read"]));
    shell.run(&["role", "set", "ops", "--permission", "deploy:write"]).await.unwrap();
    until("the role", async || permissions().await == json!(["deploy:write"])).await;
    let refused = shell.run(&["role", "set", "admin"]).await.unwrap_err();
    assert!(refused.to_string().contains("built in"), "{refused}");
}

/// Names of keys, and who created them.
async fn keys(service: &TestService) -> Vec<(String, String)> {
    let all = service.store.keys(&Part { after: None, limit: 100 }).await.unwrap();
    all.items.into_iter().map(|key| (key.name, key.created_by)).collect()
}

async fn keys_are_created_listed_and_deleted(engine: Engine) {
    let shell = Shell::open(engine);
    let service = shell.service().await;
    let create = ["key", "create", "Deploy", "--permission", "logs:read", "--ttl", "90days"];
    shell.run(&create).await.unwrap();
    assert_eq!(keys(&service).await, [("deploy".to_owned(), "(shell)".to_owned())]);
    let taken = shell.run(&create).await.unwrap_err();
    assert!(taken.to_string().contains("already exists"), "{taken}");
    shell.run(&["key", "list"]).await.unwrap();
    shell.run(&["key", "delete", "deploy"]).await.unwrap();
    assert!(keys(&service).await.is_empty());
    let gone = shell.run(&["key", "delete", "deploy"]).await.unwrap_err();
    assert_eq!(gone.to_string(), "key deploy not found");
}

async fn a_reset_of_the_clock_ends_all_sessions(engine: Engine) {
    let shell = Shell::open(engine);
    let service = shell.service().await;
    shell.create(&["root", "--role", "admin"]).await.unwrap();
    let token = service.log_in("root").await;
    shell.run(&["clock", "reset"]).await.unwrap();
    until("the reset", async || service.validate(&token).await.status == 401).await;
}

#[actix_web::test]
async fn the_clock_is_not_reset_while_the_service_runs() {
    let shell = Shell::open(Engine::Sqlite);
    shell.create(&["root", "--role", "admin"]).await.unwrap();
    let _service = shell.service().await;
    let _lock = InstanceLock::take(&shell.config.database).unwrap();
    let refused = shell.run(&["clock", "reset"]).await.unwrap_err();
    assert!(refused.to_string().contains("stop the service first"), "{refused}");
}

async fn deleted_signing_keys_are_replaced_by_the_running_service(engine: Engine) {
    let shell = Shell::open(engine);
    let service = shell.service().await;
    let before = service.signing_keys.published().await.unwrap();
    shell.run(&["signing-keys", "delete"]).await.unwrap();
    service.signing_keys.rotate().await.unwrap();
    let after = service.signing_keys.published().await.unwrap();
    assert_eq!((before.len(), after.len()), (1, 1));
    assert_ne!(before[0].id, after[0].id);
    service.signing_keys.sign(&json!({})).await.unwrap();
}

async fn changes_are_recorded_and_failed_commands_are_not(engine: Engine) {
    let shell = Shell::open(engine);
    shell.create(&["Root", "--role", "admin"]).await.unwrap();
    shell.run(&["role", "set", "ops"]).await.unwrap();
    shell.run(&["key", "create", "deploy"]).await.unwrap();
    shell
        .run(&["sessions", "mint", "--user", "root", "--count", "3", "--ttl", "1m"])
        .await
        .unwrap();
    shell.run(&["user", "list"]).await.unwrap();
    shell.run(&["user", "disable", "root"]).await.unwrap_err();
    let service = shell.service().await;
    let token = service.log_in("root").await;
    let events = service.call(Method::GET, "/admin/audit", &token, Value::Null).await.body;
    let events = events["events"].as_array().unwrap();
    let told = events.iter().map(|event| {
        assert_eq!(event["via"], "shell");
        ["audit", "target"].map(|name| event[name].as_str().unwrap())
    });
    let expected = [
        ["sessions_minted", "root"],
        ["key_changed", "deploy"],
        ["role_changed", "ops"],
        ["user_changed", "root"],
    ];
    assert_eq!(told.collect::<Vec<_>>(), expected);
    assert_eq!(events[0]["count"], 3);
}
