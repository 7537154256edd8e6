//! Two administrators, who are both removed at the same time.

use serde_json::json;

use super::Desk;

/// Whatever is done to both at once, one can still administer.
#[actix_web::test]
async fn one_administrator_always_stays() {
    let desk = Desk::open().await;
    desk.user("chief", &["admin"]).await;
    // Who asks may always ask: the permission is not by role.
    desk.service.add_user("auditor", &["sso:admin"]).await;
    let auditor = desk.service.log_in("auditor").await;
    let desk = Desk { root: auditor, ..desk };
    let ways = ["disable", "demote", "delete"];
    for one in ways {
        for other in ways {
            let (first, second) =
                tokio::join!(remove(&desk, "root", one), remove(&desk, "chief", other));
            let mut answers = [first, second];
            answers.sort_unstable();
            assert!(answers[0] < 300 && answers[1] == 409, "{one} {other}: {answers:?}");
            restore(&desk).await;
        }
    }
}

async fn remove(desk: &Desk, name: &str, way: &str) -> u16 {
    let path = format!("/admin/users/{name}");
    let answer = match way {
        "disable" => desk.patch(&path, json!({"disabled": true})).await,
        "demote" => desk.patch(&path, json!({"roles": ["user"]})).await,
        _ => desk.delete(&path).await,
    };
    answer.status.as_u16()
}

async fn restore(desk: &Desk) {
    for name in ["root", "chief"] {
        let path = format!("/admin/users/{name}");
        let again = json!({"roles": ["admin"], "disabled": false});
        if desk.patch(&path, again).await.status == 404 {
            desk.user(name, &["admin"]).await;
        }
    }
}
