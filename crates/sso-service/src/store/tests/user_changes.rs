//! Users who change while they log in or renew their sessions.

use super::*;
use crate::users::PasswordHash;

on_both_engines![
    a_user_changed_while_logging_in_is_not_logged_in,
    a_right_password_is_accepted_while_sessions_are_ended,
    a_disabled_user_cannot_refresh,
    fifty_simultaneous_refreshes_renew_once_and_get_the_same_answer,
];

async fn a_user_changed_while_logging_in_is_not_logged_in(engine: Engine) {
    let database = TestDatabase::of(engine);
    let service = database.start().await;
    service.add_user("alice", &[]).await;
    let alice = async || service.store.find_user(&"alice".parse().unwrap()).await.unwrap().unwrap();
    let before = alice().await;
    let hash = PasswordHash::stored("another".to_owned());
    service.store.reset_password("alice".parse().unwrap(), hash).await.unwrap();
    let refused = service.authority.begin_session(before, client(), HERE).await;
    assert!(matches!(refused, Err(LoginError::InvalidCredentials)), "{refused:?}");
    service.authority.begin_session(alice().await, client(), HERE).await.unwrap();
}

async fn a_right_password_is_accepted_while_sessions_are_ended(engine: Engine) {
    let database = TestDatabase::of(engine);
    let service = database.start().await;
    service.add_user("alice", &[]).await;
    let alice = service.store.find_user(&"alice".parse().unwrap()).await.unwrap().unwrap();
    let earlier = log_in(&service, "alice").await;
    service.store.end_all_of("alice".parse().unwrap()).await.unwrap();
    let logged_in = service.authority.begin_session(alice, client(), HERE).await.unwrap();
    assert!(is_valid(&service, &logged_in).await && !is_valid(&service, &earlier).await);
}

async fn a_disabled_user_cannot_refresh(engine: Engine) {
    let database = TestDatabase::of(engine);
    let service = database.start().await;
    service.add_user("alice", &[]).await;
    let logged_in = log_in(&service, "alice").await;
    service.store.disable_user("alice".parse().unwrap()).await.unwrap();
    let refused = refresh(&service, &logged_in).await;
    assert!(matches!(refused, Err(RefreshError::InvalidToken)), "{refused:?}");
    service.store.enable_user("alice".parse().unwrap()).await.unwrap();
    let refused = refresh(&service, &logged_in).await;
    assert!(matches!(refused, Err(RefreshError::InvalidToken)), "the session has ended for good");
}

async fn fifty_simultaneous_refreshes_renew_once_and_get_the_same_answer(engine: Engine) {
    let database = TestDatabase::of(engine);
    let service = database.start().await;
    service.add_user("alice", &[]).await;
    let logged_in = log_in(&service, "alice").await;
    let renewed = futures_util::future::join_all((0..50).map(|_| refresh(&service, &logged_in)));
    let renewed = renewed.await;
    let tokens = |renewed: &Result<LoggedIn, RefreshError>| {
        let renewed = renewed.as_ref().unwrap();
        (renewed.token.expose().to_owned(), renewed.refresh_token.expose().to_owned())
    };
    assert!(renewed.iter().all(|other| tokens(other) == tokens(&renewed[0])));
    assert_eq!(service.store.number("SELECT count(*) FROM refresh_tokens").await, 2);
    assert_eq!(service.counts().await, (2, 1));
}
