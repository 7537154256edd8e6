//! Mail that is owed, and the secrets in it.

use chrono::TimeDelta;

use super::*;
use crate::{
    audit::{Event, Kind},
    mail::{MailKind, VerificationCode},
    store::{OwedMail, PasswordReset, ResetError, VerifyEmailError},
    test_service::noon,
    tokens::TokenHash,
    users::{NewUser, PasswordHash, UserUpdate},
};

on_both_engines![
    one_mail_is_owed_however_often_it_is_asked_for,
    mail_is_taken_by_one_instance_and_due_again_if_that_ends,
    a_user_gets_ten_mails_of_a_kind_in_a_day,
    mail_that_cannot_be_sent_for_a_day_is_given_up,
    a_link_works_once_and_is_voided_by_every_change,
    a_code_can_be_mistyped_five_times_and_all_codes_ten_times_a_day,
    an_unverified_address_blocks_nobody,
    what_is_over_of_mail_is_swept,
];

fn minutes(minutes: i64) -> TimeDelta {
    TimeDelta::minutes(minutes)
}

fn event() -> Event {
    Event::new(Kind::MailRequested, noon())
}

/// Alice, whose address is verified.
async fn alice(database: &TestDatabase) -> Store {
    let store = database.store().await;
    let by = crate::store::Attribution::unrecorded(noon());
    store.create_user(user("alice"), noon(), by).await.unwrap();
    store
}

fn user(name: &str) -> NewUser {
    NewUser {
        username: name.parse().unwrap(),
        email: Some("a@example.org".parse().unwrap()),
        password_hash: PasswordHash::stored("x".to_owned()),
        roles: Vec::new(),
        permissions: Vec::new(),
    }
}

async fn ask(store: &Store, minute: i64) {
    let now = noon() + minutes(minute);
    store.owe_reset("a@example.org".parse().unwrap(), now, event()).await.unwrap();
}

async fn take(store: &Store, minute: i64) -> Vec<OwedMail> {
    store.take_due_mail(noon() + minutes(minute)).await.unwrap().0
}

async fn one_mail_is_owed_however_often_it_is_asked_for(engine: Engine) {
    let database = TestDatabase::of(engine);
    let store = alice(&database).await;
    ask(&store, 0).await;
    ask(&store, 0).await;
    store.owe_reset("b@example.org".parse().unwrap(), noon(), event()).await.unwrap();
    store.owe_code("alice".parse().unwrap(), noon(), event()).await.unwrap();
    let mails = take(&store, 0).await;
    assert_eq!(mails.len(), 1);
    let mail = &mails[0];
    assert_eq!((&*mail.username, &*mail.address), ("alice", "a@example.org"));
    assert_eq!((mail.kind, mail.attempts), (MailKind::PasswordReset, 0));
    store.note_sent(mail, noon()).await.unwrap();
    assert!(take(&store, 5).await.is_empty());
    // The next one waits for a minute after that.
    ask(&store, 0).await;
    assert!(take(&store, 0).await.is_empty());
    assert_eq!(take(&store, 1).await.len(), 1);
}

async fn mail_is_taken_by_one_instance_and_due_again_if_that_ends(engine: Engine) {
    let database = TestDatabase::of(engine);
    let store = alice(&database).await;
    ask(&store, 0).await;
    let other = database.open().await;
    let (mine, others) = tokio::join!(take(&store, 0), take(&other, 0));
    assert_eq!(mine.len() + others.len(), 1);
    assert!(take(&other, 2).await.is_empty());
    let again = take(&other, 3).await;
    assert_eq!((again.len(), again[0].attempts), (1, 1));
    other.try_again_at(&again[0], noon() + minutes(4)).await.unwrap();
    assert_eq!(take(&store, 4).await.len(), 1);
}

async fn a_user_gets_ten_mails_of_a_kind_in_a_day(engine: Engine) {
    let database = TestDatabase::of(engine);
    let store = alice(&database).await;
    let mut sent = 0;
    for minute in (0..30).map(|mail| mail * 5) {
        ask(&store, minute).await;
        for mail in take(&store, minute).await {
            store.note_sent(&mail, noon() + minutes(minute)).await.unwrap();
            sent += 1;
        }
    }
    assert_eq!(sent, 10);
    let tomorrow = 24 * 60;
    ask(&store, tomorrow).await;
    assert_eq!(take(&store, tomorrow).await.len(), 1);
}

async fn mail_that_cannot_be_sent_for_a_day_is_given_up(engine: Engine) {
    let database = TestDatabase::of(engine);
    let store = alice(&database).await;
    ask(&store, 0).await;
    let day = 24 * 60;
    assert_eq!(take(&store, day - 10).await.len(), 1);
    let (mails, given_up) = store.take_due_mail(noon() + minutes(day)).await.unwrap();
    assert_eq!((mails.len(), given_up), (0, 1));
    ask(&store, day + 1).await;
    assert_eq!(take(&store, day + 1).await.len(), 1);
}

async fn a_link_works_once_and_is_voided_by_every_change(engine: Engine) {
    let database = TestDatabase::of(engine);
    let store = alice(&database).await;
    let alice = store.find_user(&"alice".parse().unwrap()).await.unwrap().unwrap();
    let use_link = async |link: &str, minute: i64| {
        let (link, password_hash) = (TokenHash::of(link), PasswordHash::stored("y".to_owned()));
        let reset = PasswordReset { link, password_hash, now: noon() + minutes(minute) };
        store.reset_password_by_link(reset, HERE).await.map(|_| ())
    };
    let refused = |result: Result<(), ResetError>| matches!(result, Err(ResetError::InvalidLink));
    let put = async |link: &str| {
        store.put_reset_link(alice.number, TokenHash::of(link), noon()).await.unwrap()
    };
    assert_eq!(put("one").await, noon() + minutes(30));
    assert!(refused(use_link("one", 30).await));
    put("two").await;
    assert!(refused(use_link("one", 0).await), "a newer link voids it");
    use_link("two", 29).await.unwrap();
    assert!(refused(use_link("two", 29).await), "a link works once");
    let changed = store.find_user(&"alice".parse().unwrap()).await.unwrap().unwrap();
    assert_eq!(changed.epoch, alice.epoch + 1, "all sessions end");

    let another = Some("b@example.org".parse().unwrap());
    for (link, update) in [
        ("email", UserUpdate { email: Some(another), ..UserUpdate::default() }),
        (
            "password",
            UserUpdate {
                password_hash: Some(PasswordHash::stored("z".into())),
                ..UserUpdate::default()
            },
        ),
        ("disabled", UserUpdate { disabled: Some(true), ..UserUpdate::default() }),
    ] {
        put(link).await;
        store.change_user("alice".parse().unwrap(), update).await.unwrap();
        assert!(refused(use_link(link, 0).await), "{link}");
    }
}

async fn a_code_can_be_mistyped_five_times_and_all_codes_ten_times_a_day(engine: Engine) {
    let database = TestDatabase::of(engine);
    let store = database.store().await;
    let id = store.register_user(user("alice"), noon(), event(), true).await.unwrap().done;
    assert_eq!(take(&store, 0).await.len(), 1, "registration owes a code");
    let number = store.number("SELECT number FROM users").await;
    let code = || "123456".parse::<VerificationCode>().unwrap();
    let put = async |day: i64| {
        let now = noon() + TimeDelta::days(day);
        store.put_code(number, code().hash_of(id), now).await.unwrap();
    };
    let try_code = async |text: &str, day: i64| {
        let now = noon() + TimeDelta::days(day);
        let (name, code) = ("alice".parse().unwrap(), text.parse().unwrap());
        store.verify_email(name, code, now, event()).await.map(|_| ())
    };
    let is_wrong = |result| matches!(result, Err(VerifyEmailError::WrongCode));
    for _ in 0..2 {
        put(0).await;
        for _ in 0..5 {
            assert!(is_wrong(try_code("654321", 0).await));
        }
        assert!(is_wrong(try_code("123456", 0).await), "tried too often");
    }
    put(0).await;
    assert!(is_wrong(try_code("123456", 0).await), "tried too often today");
    put(1).await;
    assert!(is_wrong(try_code("654321", 1).await));
    try_code("123456", 1).await.unwrap();
    assert!(is_wrong(try_code("123456", 1).await), "it is spent");
    let alice = store.find_user(&"alice".parse().unwrap()).await.unwrap().unwrap();
    assert!(alice.account.email_verified && !alice.must_verify);
}

async fn an_unverified_address_blocks_nobody(engine: Engine) {
    let database = TestDatabase::of(engine);
    let store = database.store().await;
    let mut ids = Vec::new();
    for name in ["alice", "bob"] {
        let registered = store.register_user(user(name), noon(), event(), true).await.unwrap();
        ids.push((name, registered.done));
    }
    let code: VerificationCode = "123456".parse().unwrap();
    for (at, (_, id)) in ids.iter().enumerate() {
        let numbers = ["SELECT min(number) FROM users", "SELECT max(number) FROM users"];
        let number = store.number(numbers[at]).await;
        store.put_code(number, code.hash_of(*id), noon()).await.unwrap();
    }
    let verify = async |name: &str| {
        let (name, code) = (name.parse().unwrap(), "123456".parse().unwrap());
        store.verify_email(name, code, noon(), event()).await.map(|_| ())
    };
    verify("bob").await.unwrap();
    assert!(matches!(verify("alice").await, Err(VerifyEmailError::EmailTaken)));
    let third = store.register_user(user("carol"), noon(), event(), true).await;
    assert!(third.is_err(), "a verified address blocks others");
}

async fn what_is_over_of_mail_is_swept(engine: Engine) {
    let database = TestDatabase::of(engine);
    let service = database.start().await;
    let store = &service.store;
    let by = crate::store::Attribution::unrecorded(noon());
    store.create_user(user("alice"), noon(), by).await.unwrap();
    let number = store.number("SELECT number FROM users").await;
    store.put_reset_link(number, TokenHash::of("link"), noon()).await.unwrap();
    store.put_code(number, TokenHash::of("code"), noon()).await.unwrap();
    ask(store, 0).await;
    for mail in take(store, 0).await {
        store.note_sent(&mail, noon()).await.unwrap();
    }
    let rows = async || {
        store
            .number(
                "SELECT (SELECT count(*) FROM outbox) + (SELECT count(*) FROM password_resets)
                     + (SELECT count(*) FROM email_verifications)",
            )
            .await
    };
    service.upkeep.sweep().await.unwrap();
    assert_eq!(rows().await, 3);
    service.clock.advance(Duration::from_secs(24 * 3600 + 600));
    service.upkeep.sweep().await.unwrap();
    assert_eq!(rows().await, 0);
}
