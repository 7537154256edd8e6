//! The page for administrators.

use actix_web::test::TestRequest;

use crate::test_service::{Answer, PASSWORD, TestService};

const HTML: &str = "text/html,application/xhtml+xml,*/*;q=0.8";

/// A service with an administrator, and the cookie of a session.
async fn service() -> (TestService, String) {
    let service = TestService::start().await;
    let token = service.add_admin("root").await;
    (service, format!("session_id={token}"))
}

async fn get(service: &TestService, cookie: &str, uri: &str) -> Answer {
    let request = TestRequest::get().uri(uri).insert_header(("accept", HTML));
    service.send(request.insert_header(("cookie", cookie))).await
}

/// As a browser posts a form of the page.
async fn post(service: &TestService, cookie: &str, form: &str) -> Answer {
    let request = TestRequest::post()
        .uri("/admin")
        .insert_header(("accept", HTML))
        .insert_header(("content-type", "application/x-www-form-urlencoded"))
        .insert_header(("sec-fetch-site", "same-origin"))
        .insert_header(("cookie", cookie))
        .set_payload(form.to_owned());
    service.send(request).await
}

/// Sends a form that is accepted, and gives the page that says so.
async fn done(service: &TestService, cookie: &str, form: &str) -> Answer {
    let answer = post(service, cookie, form).await;
    assert_eq!(answer.status, 303, "{form}: {}", answer.text);
    let shown = get(service, cookie, answer.header("location")).await;
    check_shows(&shown, 200, &["class=\"done\""]);
    shown
}

#[track_caller]
fn check_shows(answer: &Answer, status: u16, words: &[&str]) {
    assert_eq!(answer.status, status, "{}", answer.text);
    for words in words {
        assert!(answer.text.contains(words), "{words}: {}", answer.text);
    }
}

#[actix_web::test]
async fn only_administrators_see_the_page() {
    let (service, cookie) = service().await;
    for section in ["", "?section=roles", "?section=audit", "?section=nonsense"] {
        let uri = format!("/admin{section}");
        check_shows(&get(&service, &cookie, &uri).await, 200, &["aria-current=\"page\""]);
        let stranger = get(&service, "", &uri).await;
        assert_eq!(stranger.status, 303);
        let location = stranger.header("location").to_owned();
        assert!(
            location.starts_with("/auth/refresh?return_to=http%3A%2F%2F127.0.0.1%3A8001%2Fadmin")
        );
    }
    service.add_user("alice", &[]).await;
    let alice = format!("session_id={}", service.log_in("alice").await);
    check_shows(&get(&service, &alice, "/admin").await, 403, &["That did not work"]);
    assert_eq!(post(&service, &alice, "action=create-user").await.status, 403);
    let admin = get(&service, &cookie, "/account").await;
    assert!(admin.text.contains("href=\"/admin\""));
    assert!(!get(&service, &alice, "/account").await.text.contains("href=\"/admin\""));
}

#[actix_web::test]
async fn users_are_created_changed_and_deleted() {
    let (service, cookie) = service().await;
    let create = "action=create-user&username=Alice&email=a%40example.org&roles=reader,+user\
                  &password=correct+horse+battery";
    check_shows(
        &done(&service, &cookie, create).await,
        200,
        &["The user is created", "name=alice"],
    );
    let token = service.log_in("alice").await;
    let shown = get(&service, &cookie, "/admin?section=user&name=alice").await;
    check_shows(&shown, 200, &["value=\"reader, user\"", "a@example.org", "logs:read"]);
    check_shows(&shown, 200, &["At least 15 characters"]);
    let act =
        async |action: &str| done(&service, &cookie, &format!("name=alice&action={action}")).await;
    act("set-roles&roles=").await;
    assert_eq!(service.validate(&token).await.body["roles"].as_array().unwrap().len(), 0);
    let changed = act("set-email&email=b%40example.org").await;
    check_shows(&changed, 200, &["b@example.org"]);
    act("end-sessions").await;
    assert_eq!(service.validate(&token).await.status, 401);
    act("disable").await;
    check_shows(&act("enable").await, 200, &["Enabled"]);
    act("set-password&password=another+horse+battery").await;
    act("set-password&password=correct+horse+battery").await;
    service.log_in("alice").await;
    let gone = act("delete-user").await;
    assert!(!gone.text.contains("name=alice"), "{}", gone.text);
    let unknown = get(&service, &cookie, "/admin?section=user&name=alice").await;
    assert_eq!(unknown.status, 404);
}

#[actix_web::test]
async fn all_faults_of_a_form_are_shown_at_once_and_never_a_password() {
    let (service, cookie) = service().await;
    let form = "action=create-user&username=a+b&email=nobody&roles=Not%21&password=tooshort1";
    let shown = post(&service, &cookie, form).await;
    let faults = ["Username: ", "Email: ", "Roles 1: ", "Password: ", "value=\"a b\""];
    check_shows(&shown, 422, &faults);
    check_shows(&shown, 422, &["value=\"nobody\""]);
    assert!(!shown.text.contains("tooshort1"), "{}", shown.text);
    let short = "action=create-user&username=bob&password=tooshort1";
    let shown = post(&service, &cookie, short).await;
    check_shows(&shown, 422, &["Password: ", "value=\"bob\""]);
    assert!(!shown.text.contains("tooshort1"), "{}", shown.text);
    let last = post(&service, &cookie, "action=disable&name=root").await;
    check_shows(&last, 409, &["last enabled administrator"]);
    let shown = post(&service, &cookie, "action=set-password&name=root&password=x").await;
    check_shows(&shown, 422, &["Password: "]);
    for form in ["", "action=nonsense"] {
        assert_eq!(post(&service, &cookie, form).await.status, 400, "{form}");
    }
}

#[actix_web::test]
async fn a_refused_form_keeps_what_was_typed_but_for_passwords() {
    let (service, cookie) = service().await;
    let user = "create-user&username=a+b&email=e%40x&roles=one+two&password=hush+hush";
    let roles = "set-roles&name=root&roles=reader,+Not%21";
    let grant = "create-grant&username=nobody&permission=x&expires_at=2020-01-15T09:00&reason=why";
    let client = "create-client&client_name=Other&redirect_uris=http%3A%2F%2Fx.example%2F&roles=r1\
                  &post_logout_redirect_uris=bad1&backchannel_logout_uri=bad2&public=yes";
    let client_fields =
        ["\"Other\"", ">http://x.example/<", "\"r1\"", ">bad1<", "\"bad2\"", "\"yes\" checked"];
    for (form, status, fields) in [
        (user, 422, &["\"a b\"", "\"e@x\"", "\"one two\""][..]),
        (roles, 422, &["id=\"roles\" name=\"roles\" value=\"reader, Not!\""]),
        ("set-roles&name=root&roles=", 409, &["id=\"roles\" name=\"roles\" value=\"\""]),
        ("set-roles&name=root&roles=nowhere", 422, &["\"nowhere\""]),
        ("set-email&name=root&email=nobody", 422, &["value=\"nobody\"", "value=\"admin\""]),
        ("set-role&name=admin&permissions=a%3Ab", 409, &["\"admin\"", ">a:b</textarea>"]),
        (grant, 422, &["\"nobody\"", "\"x\"", "\"2020-01-15T09:00\"", "\"why\""]),
        ("create-key&key_name=ci&permissions=nonsense", 422, &["\"ci\"", ">nonsense<"]),
        (client, 422, &client_fields),
        ("set-password&name=root&password=hush+hush", 422, &["value=\"admin\""]),
    ] {
        let shown = post(&service, &cookie, &format!("action={form}")).await;
        check_shows(&shown, status, fields);
        assert!(!shown.text.contains("hush hush"), "{form}: {}", shown.text);
    }
    let unset = get(&service, &cookie, "/admin?section=clients").await;
    assert!(!unset.text.contains("checked"), "{}", unset.text);
}

#[actix_web::test]
async fn a_link_to_a_new_password_is_shown_once() {
    let (service, cookie) = service().await;
    service.add_user("alice", &[]).await;
    let shown = post(&service, &cookie, "action=reset-link&name=alice").await;
    check_shows(&shown, 200, &["http://127.0.0.1:8001/reset?token="]);
    let link = shown.text.split("<code>").nth(1).unwrap().split("</code>").next().unwrap();
    let path = link.strip_prefix("http://127.0.0.1:8001").unwrap();
    check_shows(&get(&service, "", path).await, 200, &["<strong>alice</strong>"]);
}

#[actix_web::test]
async fn roles_and_grants_are_set_and_deleted() {
    let (service, cookie) = service().await;
    service.add_user("alice", &[]).await;
    let set = "action=set-role&name=shop&permissions=logs:read:shop/*%0D%0Adeploy:write";
    check_shows(&done(&service, &cookie, set).await, 200, &["<code>logs:read:shop/*</code>"]);
    let bad = post(&service, &cookie, "action=set-role&name=shop&permissions=nonsense").await;
    check_shows(&bad, 422, &["Permissions 1: ", ">nonsense</textarea>"]);
    let builtin = post(&service, &cookie, "action=set-role&name=admin&permissions=").await;
    check_shows(&builtin, 409, &["built in"]);
    let deleted = done(&service, &cookie, "action=delete-role&name=shop").await;
    assert!(!deleted.text.contains("deploy:write"), "{}", deleted.text);

    let grant = "action=create-grant&username=alice&permission=logs:read:bank/*\
                 &expires_at=2027-01-15T09:00&reason=incident+7";
    let shown = done(&service, &cookie, grant).await;
    check_shows(&shown, 200, &["2027-01-15T09:00:00Z", "incident 7", "<td data-name=\"By\">root"]);
    check_shows(&shown, 200, &["<span class=\"mark\">ends in "]);
    let token = service.log_in("alice").await;
    assert_eq!(service.validate(&token).await.body["permissions"][0], "logs:read:bank/*");
    let id = shown.text.split("name=\"id\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    done(&service, &cookie, &format!("action=delete-grant&id={id}")).await;
    let past = grant.replace("2027", "2020");
    check_shows(&post(&service, &cookie, &past).await, 422, &["must be in the future"]);
}

#[actix_web::test]
async fn keys_and_clients_are_shown_once_and_deleted() {
    let (service, cookie) = service().await;
    let key = "action=create-key&key_name=ci&permissions=logs:read&expires_at=";
    let shown = post(&service, &cookie, key).await;
    check_shows(&shown, 200, &["shown this once", "<code>ssok_", "no end"]);
    let secret = shown.text.split("<code>").nth(1).unwrap().split("</code>").next().unwrap();
    assert_eq!(service.validate(secret).await.status, 200);
    assert!(!get(&service, &cookie, "/admin?section=keys").await.text.contains("ssok_"));
    check_shows(&post(&service, &cookie, key).await, 409, &["already exists", "value=\"ci\""]);
    let id = shown.text.split("name=\"id\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    done(&service, &cookie, &format!("action=delete-key&id={id}")).await;
    assert_eq!(service.validate(secret).await.status, 401);

    let client = "action=create-client&client_name=Grafana&roles=reader\
                  &redirect_uris=https://grafana.example.org/callback";
    let shown = post(&service, &cookie, client).await;
    check_shows(&shown, 200, &["shown this once", "https://grafana.example.org/callback"]);
    let bad = "action=create-client&client_name=Other&redirect_uris=http://x.example/";
    check_shows(&post(&service, &cookie, bad).await, 422, &["Redirect uris 1: "]);
    let id = shown.text.split("name=\"id\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    done(&service, &cookie, &format!("action=delete-client&id={id}")).await;
}

#[actix_web::test]
async fn users_are_found_by_how_their_names_begin() {
    let (service, cookie) = service().await;
    for name in ["bn", "bo", "bob", "bozo", "bp", "b-1", "zoe"] {
        service.add_user(name, &[]).await;
    }
    let found = async |name: &str| -> Vec<String> {
        let shown = get(&service, &cookie, &format!("/admin?section=users&name={name}")).await;
        let rows = shown.text.split("section=user&amp;name=").skip(1);
        rows.map(|row| row.split('"').next().unwrap().to_owned()).collect()
    };
    assert_eq!(found("bo").await, ["bo", "bob", "bozo"]);
    assert_eq!(found("BOB").await, ["bob"]);
    assert_eq!(found("z").await, ["zoe"]);
    assert_eq!(found("b-").await, ["b-1"]);
    assert_eq!(found("").await.len(), 8);
    for none in ["box", "%C3%A9", "zz", "%20x"] {
        assert!(found(none).await.is_empty(), "{none}");
    }
}

#[actix_web::test]
async fn sessions_are_searched_for_by_user_and_ended() {
    let (service, cookie) = service().await;
    let search = async |name: &str| {
        get(&service, &cookie, &format!("/admin?section=sessions&name={name}")).await
    };
    check_shows(&search("").await, 200, &["Show the sessions", "aria-current=\"page\">Sessions"]);
    for unknown in ["bob", "no%20name"] {
        check_shows(&search(unknown).await, 200, &["No user has this name."]);
    }
    service.add_user("alice", &[]).await;
    check_shows(&search("alice").await, 200, &["<p>None.</p>"]);
    let token = service.log_in("alice").await;
    let shown = search("alice").await;
    check_shows(&shown, 200, &["Sessions of", "name=\"name\" value=\"alice\"", "just now"]);
    done(&service, &cookie, "action=end-sessions&name=alice").await;
    assert_eq!(service.validate(&token).await.status, 401);
    check_shows(&search("alice").await, 200, &["<p>None.</p>"]);
}

#[actix_web::test]
async fn events_are_filtered_by_kind_and_user() {
    let (service, cookie) = service().await;
    for name in ["alice", "bob"] {
        let form = format!("action=create-user&username={name}&password=correct+horse+battery");
        done(&service, &cookie, &form).await;
    }
    done(&service, &cookie, "action=set-role&name=shop&permissions=").await;
    let rows = async |filter: &str| {
        let uri = format!("/admin?section=audit{filter}");
        let shown = get(&service, &cookie, &uri).await;
        shown.text.matches("<th scope=\"row\"").count()
    };
    assert_eq!(rows("&kind=user_changed").await, 2);
    assert_eq!(rows("&name=bob").await, 1);
    assert_eq!(rows("&kind=role_changed&name=bob").await, 0);
    assert!(rows("").await >= 3);
    let shown = get(&service, &cookie, "/admin?section=audit&kind=role_changed").await;
    check_shows(&shown, 200, &["<option selected>role_changed</option>", "shop", "root"]);
    assert!(!shown.text.contains(PASSWORD));
}

#[actix_web::test]
async fn an_empty_list_says_so() {
    let (service, cookie) = service().await;
    for section in ["grants", "keys", "clients"] {
        let shown = get(&service, &cookie, &format!("/admin?section={section}")).await;
        check_shows(&shown, 200, &["<p>None.</p>"]);
        assert!(!shown.text.contains("<table"), "{section}");
    }
    let none = get(&service, &cookie, "/admin?section=audit&name=nobody").await;
    check_shows(&none, 200, &["No such event."]);
}

#[actix_web::test]
async fn long_lists_have_pages() {
    let (service, cookie) = service().await;
    for number in 0..60 {
        let name = format!("role-{number:02}");
        done(&service, &cookie, &format!("action=set-role&name={name}&permissions=")).await;
    }
    let first = get(&service, &cookie, "/admin?section=roles").await;
    let next = first.text.split("<a href=\"/admin?section=roles&#38;after=").nth(1);
    let next = next.unwrap_or_else(|| panic!("{}", first.text)).split('"').next().unwrap();
    let second = get(&service, &cookie, &format!("/admin?section=roles&after={next}")).await;
    check_shows(&second, 200, &["role-59"]);
    assert!(!second.text.contains("Next page") && !second.text.contains("role-00"));
    assert_eq!(get(&service, &cookie, "/admin?section=keys&after=x").await.status, 404);
}
