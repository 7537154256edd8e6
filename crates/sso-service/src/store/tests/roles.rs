//! Roles.

use crate::{
    page::Part,
    store::{Attribution, AuthorizedError, ChangeError, Store},
    test_databases::{Engine, TestDatabase, on_both_engines},
    test_service::noon,
    users::{NewUser, PasswordHash, Role},
};

async fn set(
    store: &Store,
    role: &str,
    permissions: &[&str],
) -> Result<bool, AuthorizedError<ChangeError>> {
    let permissions = permissions.iter().map(|text| text.parse().unwrap()).collect();
    let by = Attribution::unrecorded(noon());
    let set = store.set_role(role.parse().unwrap(), permissions, by).await;
    set.map(|recorded| recorded.done)
}

async fn roles(store: &Store) -> Vec<Role> {
    store.roles(&Part { after: None, limit: 100 }).await.unwrap().items
}

on_both_engines![
    a_role_has_the_permissions_set_last,
    built_in_roles_are_immutable,
    the_role_of_the_last_administrator_keeps_its_admin_permission,
];

async fn a_role_has_the_permissions_set_last(engine: Engine) {
    let database = TestDatabase::of(engine);
    let store = database.store().await;
    set(&store, "ops", &["logs:read", "deploy:write"]).await.unwrap();
    set(&store, "ops", &["logs:read:shop/*", "a:b", "a:b"]).await.unwrap();
    let roles = roles(&store).await;
    let names: Vec<_> = roles.iter().map(|role| (role.name.as_str(), role.builtin)).collect();
    let expected = [("admin", true), ("ops", false), ("reader", true), ("user", true)];
    assert_eq!(names, expected);
    assert_eq!(roles[1].permissions, ["a:b", "logs:read:shop/*"]);
}

async fn built_in_roles_are_immutable(engine: Engine) {
    let database = TestDatabase::of(engine);
    let store = database.store().await;
    for role in ["admin", "reader", "user"] {
        let refusal = set(&store, role, &[]).await;
        assert!(
            matches!(refusal, Err(AuthorizedError::Change(ChangeError::BuiltinRole(_)))),
            "{refusal:?}"
        );
    }
    assert_eq!(roles(&store).await[0].permissions, ["*"]);
}

async fn the_role_of_the_last_administrator_keeps_its_admin_permission(engine: Engine) {
    let database = TestDatabase::of(engine);
    let store = database.store().await;
    set(&store, "chief", &["sso:admin"]).await.unwrap();
    let user = NewUser {
        username: "alice".parse().unwrap(),
        email: None,
        password_hash: PasswordHash::dummy(),
        roles: vec!["chief".to_owned()],
        permissions: vec![],
    };
    store.add_user(user, noon()).await.unwrap();
    let refusal = set(&store, "chief", &["logs:read"]).await;
    assert!(matches!(refusal, Err(AuthorizedError::Change(ChangeError::LastAdmin))), "{refusal:?}");
    assert_eq!(roles(&store).await[1].permissions, ["sso:admin"]);
    set(&store, "chief", &["*"]).await.unwrap();
}
