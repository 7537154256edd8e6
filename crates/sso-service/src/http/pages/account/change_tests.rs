use actix_web::test::TestRequest;

use crate::test_service::{Answer, PASSWORD, TestService};

const NEW: &str = "another horse battery";

async fn service() -> (TestService, String) {
    let service = TestService::start().await;
    service.add_user("alice", &[]).await;
    let token = service.log_in("alice").await;
    (service, token)
}

/// Sends a form of the page, as a browser does.
async fn post(service: &TestService, token: &str, form: &[(&str, &str)]) -> Answer {
    let request = TestRequest::post()
        .uri("/account")
        .insert_header(("accept", "text/html"))
        .insert_header(("sec-fetch-site", "same-origin"))
        .insert_header(("cookie", format!("session_id={token}")))
        .set_form(form);
    service.send(request).await
}

#[track_caller]
fn check_led_to(answer: &Answer, location: &str) {
    assert_eq!((answer.status.as_u16(), answer.header("location")), (303, location));
}

async fn page(service: &TestService, token: &str, path: &str) -> String {
    let cookie = ("cookie", format!("session_id={token}"));
    let answer = service.send(TestRequest::get().uri(path).insert_header(cookie)).await;
    assert_eq!(answer.status, 200);
    answer.text
}

async fn id_of(service: &TestService, token: &str) -> String {
    service.validate(token).await.body["session_id"].as_str().unwrap().to_owned()
}

#[actix_web::test]
async fn the_page_lists_the_sessions_with_this_one_first() {
    let (service, token) = service().await;
    service.clock.advance(std::time::Duration::from_secs(120));
    let other = service.log_in("alice").await;
    let text = page(&service, &token, "/account").await;
    let [own, others] = [&token, &other].map(|token| {
        let service = &service;
        async move { id_of(service, token).await }
    });
    let (own, others) = (own.await, others.await);
    assert!(text.find(&own).unwrap() < text.find(&others).unwrap(), "{text}");
    assert_eq!(text.matches("this one").count(), 1);
    assert!(text.contains("2 min ago") && text.contains("just now"), "{text}");
    assert!(text.contains("End all others"));
    post(&service, &token, &[("action", "end-others")]).await;
    let alone = page(&service, &token, "/account").await;
    assert!(!alone.contains("End all others") && !alone.contains(&others), "{alone}");
}

#[actix_web::test]
async fn another_session_ends_and_the_page_says_so() {
    let (service, token) = service().await;
    let (other, third) = (service.log_in("alice").await, service.log_in("alice").await);
    let id = id_of(&service, &other).await;
    for _ in 0..2 {
        let answer = post(&service, &token, &[("action", "end-session"), ("id", &id)]).await;
        check_led_to(&answer, "/account?done=session");
        assert_eq!(service.validate(&other).await.problem(), (401, "invalid_token"));
    }
    assert!(page(&service, &token, "/account?done=session").await.contains("has ended."));
    assert_eq!(service.validate(&third).await.status, 200);
    check_led_to(
        &post(&service, &token, &[("action", "end-others")]).await,
        "/account?done=others",
    );
    assert_eq!(service.validate(&third).await.problem(), (401, "invalid_token"));
    assert_eq!(service.validate(&token).await.status, 200);
}

#[actix_web::test]
async fn a_session_of_another_user_stays() {
    let (service, token) = service().await;
    service.add_user("bob", &[]).await;
    let bobs = service.log_in("bob").await;
    let id = id_of(&service, &bobs).await;
    let answer = post(&service, &token, &[("action", "end-session"), ("id", &id)]).await;
    check_led_to(&answer, "/account?done=session");
    assert_eq!(service.validate(&bobs).await.status, 200);
}

#[actix_web::test]
async fn the_end_of_this_session_logs_out() {
    let (service, token) = service().await;
    let id = id_of(&service, &token).await;
    let answer = post(&service, &token, &[("action", "end-session"), ("id", &id)]).await;
    check_led_to(&answer, "/login");
    assert_eq!(answer.cookie("session_id").as_deref(), Some(""));
    assert_eq!(service.validate(&token).await.problem(), (401, "invalid_token"));
}

#[actix_web::test]
async fn the_end_of_all_sessions_is_asked_about_first() {
    let (service, token) = service().await;
    let other = service.log_in("alice").await;
    let question = post(&service, &token, &[("action", "end-all")]).await;
    assert_eq!(question.status, 200);
    assert!(question.text.contains("End all sessions?"), "{}", question.text);
    assert_eq!(service.validate(&other).await.status, 200);
    let answer = post(&service, &token, &[("action", "end-all"), ("confirm", "yes")]).await;
    check_led_to(&answer, "/login");
    for token in [&token, &other] {
        assert_eq!(service.validate(token).await.problem(), (401, "invalid_token"));
    }
}

fn passwords<'a>(current: &'a str, new: &'a str) -> [(&'a str, &'a str); 3] {
    [("action", "change-password"), ("current_password", current), ("new_password", new)]
}

#[actix_web::test]
async fn the_password_changes_and_other_sessions_end() {
    let (service, token) = service().await;
    let other = service.log_in("alice").await;
    let answer = post(&service, &token, &passwords(PASSWORD, NEW)).await;
    check_led_to(&answer, "/account?done=password");
    assert_eq!(service.validate(&token).await.status, 200);
    assert_eq!(service.validate(&other).await.problem(), (401, "invalid_token"));
    assert!(page(&service, &token, "/account?done=password").await.contains("is changed."));
}

#[actix_web::test]
async fn everything_that_is_wrong_is_told_at_once_without_the_passwords() {
    let (service, token) = service().await;
    for (current, new, status, faults) in [
        ("not the password", NEW, 403, &["current password is wrong"][..]),
        (PASSWORD, "short", 422, &["too short"]),
        (PASSWORD, "passwordpassword", 422, &["too common"]),
        ("not the password", "short", 403, &["current password is wrong", "too short"]),
        ("", "short", 403, &["current password is wrong", "too short"]),
        ("", "", 403, &["current password is wrong", "too short"]),
    ] {
        let answer = post(&service, &token, &passwords(current, new)).await;
        assert_eq!(answer.status, status, "{current} {new}");
        for fault in faults {
            assert!(answer.text.contains(fault), "{fault}: {}", answer.text);
        }
        for password in [current, new].iter().filter(|password| !password.is_empty()) {
            assert!(!answer.text.contains(&format!("\"{password}\"")), "{}", answer.text);
        }
        assert!(answer.text.contains("Not changed: "));
    }
    assert_eq!(service.validate(&token).await.status, 200);
}

#[actix_web::test]
async fn a_right_password_beside_a_bad_new_one_is_verified_once_and_stays() {
    let (service, token) = service().await;
    let before = service.comparisons();
    let answer = post(&service, &token, &passwords(PASSWORD, "short")).await;
    assert_eq!(answer.status, 422);
    assert!(!answer.text.contains("current password is wrong"), "{}", answer.text);
    assert_eq!(service.comparisons(), before + 1);
    service.log_in("alice").await;
}

#[actix_web::test]
async fn attempts_beside_a_bad_new_password_are_limited_as_well() {
    let (service, token) = service().await;
    for _ in 0..10 {
        post(&service, &token, &passwords("a wrong password", "short")).await;
    }
    let before = service.comparisons();
    let answer = post(&service, &token, &passwords(PASSWORD, "short")).await;
    assert_eq!((answer.status.as_u16(), service.comparisons()), (429, before));
    for fault in ["too many attempts. Try again in", "too short"] {
        assert!(answer.text.contains(fault), "{fault}: {}", answer.text);
    }
}

#[actix_web::test]
async fn too_many_attempts_are_told_with_the_time_to_wait() {
    let (service, token) = service().await;
    for _ in 0..10 {
        post(&service, &token, &passwords("a wrong password", NEW)).await;
    }
    let answer = post(&service, &token, &passwords(PASSWORD, NEW)).await;
    assert_eq!(answer.status, 429);
    assert!(answer.text.contains("too many attempts. Try again in"), "{}", answer.text);
}

#[actix_web::test]
async fn a_form_of_a_foreign_page_changes_nothing() {
    let (service, token) = service().await;
    let other = service.log_in("alice").await;
    let foreign = TestRequest::post()
        .uri("/account")
        .insert_header(("sec-fetch-site", "cross-site"))
        .insert_header(("cookie", format!("session_id={token}")))
        .set_form([("action", "end-others")]);
    assert_eq!(service.send(foreign).await.problem(), (403, "csrf"));
    assert_eq!(service.validate(&other).await.status, 200);
}

#[actix_web::test]
async fn a_form_that_is_none_of_the_page_changes_nothing() {
    let (service, token) = service().await;
    for form in [
        &[("x", "y")][..],
        &[("action", "end")],
        &[("action", "end-session")],
        &[("action", "end-session"), ("id", "x")],
        &[("action", "end-others"), ("action", "end-others")],
    ] {
        assert_eq!(post(&service, &token, form).await.status, 400, "{form:?}");
    }
}

#[actix_web::test]
async fn what_a_client_calls_itself_is_text_on_the_page() {
    let (service, _) = service().await;
    let log_in = TestRequest::post()
        .uri("/auth/login")
        .insert_header(("user-agent", "<script>Linux</script>"))
        .set_json(serde_json::json!({"username": "alice", "password": PASSWORD}));
    let token = service.send(log_in).await.body["token"].as_str().unwrap().to_owned();
    let text = page(&service, &token, "/account").await;
    assert!(text.contains("Unknown program on Linux") && !text.contains("<script"), "{text}");
}
