//! Users, created, changed and looked up.

use crate::{
    store::{ChangeError, CreateUserError, Store, StoreError},
    test_databases::{Engine, TestDatabase, on_both_engines},
    test_service::noon,
    users::{NewUser, PasswordHash, User, Username},
};

fn user(name: &str, roles: &[&str], permissions: &[&str]) -> NewUser {
    NewUser {
        username: name.parse().unwrap(),
        email: None,
        password_hash: PasswordHash::dummy(),
        roles: roles.iter().map(|role| (*role).to_owned()).collect(),
        permissions: permissions.iter().map(|text| text.parse().unwrap()).collect(),
    }
}

async fn find(store: &Store, name: &str) -> Option<User> {
    store.find_user(&name.parse().unwrap()).await.unwrap()
}

on_both_engines![
    a_created_user_is_found,
    built_in_roles_have_their_permissions,
    a_taken_name_or_an_unknown_role_writes_nothing,
    a_new_hash_replaces_only_the_hash_that_it_was_made_for,
    a_corrupt_row_is_an_error_and_not_a_missing_user,
    a_changed_user_is_found_changed,
    a_number_is_never_reused,
    the_last_enabled_administrator_stays,
];

async fn a_created_user_is_found(engine: Engine) {
    let database = TestDatabase::of(engine);
    let store = database.store().await;
    let new = user("alice", &["user", "reader", "user"], &["logs:read:b/*", "deploy:write"]);
    let id = store.add_user(new, noon()).await.unwrap();

    let found = find(&store, "alice").await.unwrap();
    assert_eq!(found.account.user_id, id);
    assert_eq!(found.account.username, "alice");
    assert_eq!(found.account.email, None);
    assert_eq!(found.account.created_at, noon());
    assert_eq!(found.account.roles, ["reader", "user"]);
    let permissions = found.account.permissions.spelled();
    assert_eq!(permissions, ["deploy:write", "logs:read", "logs:read:b/*"]);
    assert!(found.password_hash == PasswordHash::dummy());
    assert!(!found.disabled);
    assert!(find(&store, "bob").await.is_none());
}

async fn built_in_roles_have_their_permissions(engine: Engine) {
    let database = TestDatabase::of(engine);
    let store = database.store().await;
    for (role, expected) in [("admin", &["*"][..]), ("reader", &["logs:read"]), ("user", &[])] {
        store.add_user(user(role, &[role], &[]), noon()).await.unwrap();
        let account = find(&store, role).await.unwrap().account;
        assert_eq!(account.permissions.spelled(), expected, "{role}");
    }
}

async fn a_taken_name_or_an_unknown_role_writes_nothing(engine: Engine) {
    let database = TestDatabase::of(engine);
    let store = database.store().await;
    store.add_user(user("alice", &["reader"], &[]), noon()).await.unwrap();

    let taken = store.add_user(user("alice", &["admin"], &["a:b"]), noon()).await;
    assert!(matches!(taken, Err(CreateUserError::NameTaken(_))), "{taken:?}");
    let unknown = store.add_user(user("bob", &["user", "nope"], &["a:b"]), noon()).await;
    assert!(matches!(unknown, Err(CreateUserError::UnknownRole(_))), "{unknown:?}");

    let users = store.all_users().await;
    assert_eq!(users.len(), 1);
    assert_eq!(users[0].account.roles, ["reader"]);
    assert_eq!(users[0].account.permissions.spelled(), ["logs:read"]);
}

async fn a_new_hash_replaces_only_the_hash_that_it_was_made_for(engine: Engine) {
    let database = TestDatabase::of(engine);
    let store = database.store().await;
    store.add_user(user("alice", &[], &[]), noon()).await.unwrap();
    let id = find(&store, "alice").await.unwrap().number;
    let [one, two] = ["one", "two"].map(|phc| PasswordHash::stored(phc.to_owned()));
    store.renew_password_hash(id, PasswordHash::dummy(), one.clone()).await.unwrap();
    store.renew_password_hash(id, PasswordHash::dummy(), two).await.unwrap();
    assert!(find(&store, "alice").await.unwrap().password_hash == one);
}

async fn a_corrupt_row_is_an_error_and_not_a_missing_user(engine: Engine) {
    let database = TestDatabase::of(engine);
    let store = database.store().await;
    store.add_user(user("alice", &[], &["a:b"]), noon()).await.unwrap();
    store.execute("UPDATE user_permissions SET permission = 'nonsense'").await;
    let result = store.find_user(&"alice".parse().unwrap()).await;
    assert!(matches!(result, Err(StoreError::Corrupt { .. })), "{result:?}");
}

async fn a_changed_user_is_found_changed(engine: Engine) {
    let database = TestDatabase::of(engine);
    let store = database.store().await;
    store.add_user(user("root", &["admin"], &[]), noon()).await.unwrap();
    store.add_user(user("alice", &["user"], &[]), noon()).await.unwrap();
    let alice = || "alice".parse::<Username>().unwrap();
    store.disable_user(alice()).await.unwrap();
    assert!(find(&store, "alice").await.unwrap().disabled);
    store.enable_user(alice()).await.unwrap();
    assert!(!find(&store, "alice").await.unwrap().disabled);
    let hash = PasswordHash::stored("new".to_owned());
    store.reset_password(alice(), hash.clone()).await.unwrap();
    store.end_all_of(alice()).await.unwrap();
    let changed = find(&store, "alice").await.unwrap();
    assert!(changed.password_hash == hash);
    assert_eq!(changed.epoch, 3);
    store.remove_user(alice()).await.unwrap();
    assert!(find(&store, "alice").await.is_none());
    for refused in [
        store.disable_user(alice()).await,
        store.remove_user(alice()).await,
        store.end_all_of(alice()).await,
        store.reset_password(alice(), hash).await,
    ] {
        assert!(matches!(refused, Err(ChangeError::NoSuchUser(_))), "{refused:?}");
    }
}

async fn a_number_is_never_reused(engine: Engine) {
    let database = TestDatabase::of(engine);
    let store = database.store().await;
    store.add_user(user("alice", &[], &[]), noon()).await.unwrap();
    let before = find(&store, "alice").await.unwrap().number;
    store.remove_user("alice".parse().unwrap()).await.unwrap();
    store.add_user(user("alice", &[], &[]), noon()).await.unwrap();
    assert_ne!(find(&store, "alice").await.unwrap().number, before);
}

async fn the_last_enabled_administrator_stays(engine: Engine) {
    let database = TestDatabase::of(engine);
    let store = database.store().await;
    let names = ["root", "chief"].map(|name| name.parse::<Username>().unwrap());
    for name in ["root", "chief"] {
        store.add_user(user(name, &["admin"], &[]), noon()).await.unwrap();
    }
    store.disable_user(names[0].clone()).await.unwrap();
    for refused in
        [store.disable_user(names[1].clone()).await, store.remove_user(names[1].clone()).await]
    {
        assert!(matches!(refused, Err(ChangeError::LastAdmin)), "{refused:?}");
    }
    assert!(!find(&store, "chief").await.unwrap().disabled);
    store.enable_user(names[0].clone()).await.unwrap();
    store.remove_user(names[1].clone()).await.unwrap();
}
