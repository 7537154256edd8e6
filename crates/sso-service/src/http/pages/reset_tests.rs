//! `/reset`, and codes on the form to log in and on the account page.

use std::time::Duration;

use actix_web::test::TestRequest;

use crate::{
    administration::Actor,
    test_service::{Answer, PASSWORD, SmtpSink, TestService},
};

const HTML: &str = "text/html,application/xhtml+xml,*/*;q=0.8";

fn get(uri: &str) -> TestRequest {
    TestRequest::get().uri(uri).insert_header(("accept", HTML))
}

/// As a browser posts a form.
fn post(uri: &str, body: &str) -> TestRequest {
    TestRequest::post()
        .uri(uri)
        .insert_header(("accept", HTML))
        .insert_header(("content-type", "application/x-www-form-urlencoded"))
        .insert_header(("sec-fetch-site", "same-origin"))
        .set_payload(body.to_owned())
}

/// A service where Alice has registered, and the server of mail.
async fn registered() -> (TestService, SmtpSink) {
    let sink = SmtpSink::start().await;
    let service = TestService::with_mail(sink.port).await;
    let form = "username=alice&email=a%40example.org&password=correct+horse+battery";
    let answer = service.send(post("/register", form)).await;
    assert_eq!(answer.header("location"), "/login", "{}", answer.text);
    service.send_mail().await;
    (service, sink)
}

#[track_caller]
fn check_shows(answer: &Answer, status: u16, words: &[&str]) {
    assert_eq!(answer.status, status, "{}", answer.text);
    for words in words {
        assert!(answer.text.contains(words), "{words}: {}", answer.text);
    }
}

#[actix_web::test]
async fn the_form_to_log_in_asks_for_the_code() {
    let (service, sink) = registered().await;
    let credentials = "username=alice&password=correct+horse+battery";
    let asked = service.send(post("/login", credentials)).await;
    check_shows(&asked, 403, &["not verified yet", "name=\"code\"", "name=\"send_code\""]);
    assert!(!asked.text.contains(PASSWORD) && asked.header("set-cookie").is_empty());
    let code = sink.take_one().code();
    let wrong = if code == "000000" { "000001" } else { "000000" };
    for wrong in [wrong, "", "no code"] {
        let answer = service.send(post("/login", &format!("{credentials}&code={wrong}"))).await;
        check_shows(&answer, 422, &["The code is wrong", "name=\"code\""]);
    }
    service.clock.advance(Duration::from_secs(120));
    let resent = service.send(post("/login", &format!("{credentials}&send_code=yes"))).await;
    check_shows(&resent, 200, &["Another code is on its way", "name=\"code\""]);
    service.send_mail().await;
    let code = sink.take_one().code();
    let done = service.send(post("/login", &format!("{credentials}&code={code}"))).await;
    assert_eq!((done.status.as_u16(), done.header("location")), (303, "/account"));
}

#[actix_web::test]
async fn a_link_is_asked_for_and_used_on_the_page() {
    let (service, sink) = registered().await;
    let code = sink.take_one().code();
    let log_in = format!("username=alice&password=correct+horse+battery&code={code}");
    assert_eq!(service.send(post("/login", &log_in)).await.status, 303);
    check_shows(&service.send(get("/login")).await, 200, &["href=\"/reset\""]);
    let form = service.send(get("/reset")).await;
    check_shows(&form, 200, &["name=\"email\""]);
    assert_eq!(form.header("referrer-policy"), "no-referrer");
    check_shows(&service.send(post("/reset", "email=nobody")).await, 422, &["not valid"]);
    for email in ["a%40example.org", "nobody%40example.org"] {
        let answer = service.send(post("/reset", &format!("email={email}"))).await;
        assert_eq!((answer.status.as_u16(), answer.header("location")), (303, "/reset?done=sent"));
    }
    check_shows(&service.send(get("/reset?done=sent")).await, 200, &["on its way"]);
    service.send_mail().await;
    let secret = sink.take_one().link_secret();
    for _ in 0..2 {
        let opened = service.send(get(&format!("/reset?token={secret}"))).await;
        check_shows(&opened, 200, &["<strong>alice</strong>", "name=\"new_password\"", &secret]);
        assert_eq!(opened.header("referrer-policy"), "no-referrer");
        assert_eq!(opened.header("cache-control"), "no-store");
    }
    let short = service.send(post("/reset", &format!("token={secret}&new_password=short"))).await;
    check_shows(&short, 422, &["too short", "name=\"new_password\""]);
    assert!(!short.text.contains("value=\"short\""));
    let new = format!("token={secret}&new_password=another+horse+battery");
    let done = service.send(post("/reset", &new)).await;
    assert_eq!((done.status.as_u16(), done.header("location")), (303, "/reset?done=set"));
    check_shows(&service.send(get("/reset?done=set")).await, 200, &["Your password is set"]);
    check_shows(&service.send(post("/reset", &new)).await, 422, &["not valid any more"]);
    let opened = service.send(get(&format!("/reset?token={secret}"))).await;
    check_shows(&opened, 200, &["not valid any more", "Ask for another link"]);
    let log_in =
        service.send(post("/login", "username=alice&password=another+horse+battery")).await;
    assert_eq!(log_in.status, 303);
}

#[actix_web::test]
async fn the_link_of_an_administrator_works_like_one_in_a_mail() {
    let service = TestService::start().await;
    service.add_user("alice", &[]).await;
    let token = service.log_in("alice").await;
    let make = || service.administration.create_reset_link(Actor::Shell, "alice".parse().unwrap());
    let (first, second) = (make().await.unwrap().0, make().await.unwrap().0);
    let use_link = async |secret: &str| {
        let form = format!("token={secret}&new_password=another+horse+battery");
        service.send(post("/reset", &form)).await.status.as_u16()
    };
    assert_eq!(use_link(first.expose()).await, 422, "the second one has voided it");
    assert_eq!(use_link(second.expose()).await, 303);
    assert_eq!(service.validate(&token).await.status, 401);
}

#[actix_web::test]
async fn the_account_page_verifies_an_address() {
    let sink = SmtpSink::start().await;
    let service = TestService::with_optional_mail(sink.port).await;
    let form = "username=alice&email=a%40example.org&password=correct+horse+battery";
    let session = service.send(post("/register", form)).await.cookie("session_id").unwrap();
    let with_cookie =
        |request: TestRequest| request.insert_header(("cookie", format!("session_id={session}")));
    let shown = service.send(with_cookie(get("/account"))).await;
    check_shows(&shown, 200, &["not verified", "name=\"code\"", "a@example.org"]);
    let act = async |form: &str| service.send(with_cookie(post("/account", form))).await;
    service.send_mail().await;
    let code = sink.take_one().code();
    check_shows(&act("action=verify-email&code=1").await, 422, &["The code is wrong"]);
    service.clock.advance(Duration::from_secs(120));
    assert_eq!(act("action=send-code").await.header("location"), "/account?done=code");
    service.send_mail().await;
    let newer = sink.take_one().code();
    if newer != code {
        check_shows(&act(&format!("action=verify-email&code={code}")).await, 422, &[]);
    }
    let done = act(&format!("action=verify-email&code={newer}")).await;
    assert_eq!(done.header("location"), "/account?done=email");
    let shown = service.send(with_cookie(get("/account?done=email"))).await;
    check_shows(&shown, 200, &["Your e-mail address is verified"]);
    assert!(!shown.text.contains("not verified") && !shown.text.contains("name=\"code\""));
}
