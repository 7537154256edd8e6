//! Two administrators, who are both removed at the same time.

use serde_json::json;

use super::AdminClient;

/// Whatever is done to both at once, one can still administer.
#[actix_web::test]
async fn one_administrator_always_stays() {
    let client = AdminClient::open().await;
    client.user("chief", &["admin"]).await;
    // Who asks may always ask: the permission is not by role.
    client.service.add_user("auditor", &["sso:admin"]).await;
    let auditor = client.service.log_in("auditor").await;
    let client = AdminClient { root: auditor, ..client };
    let ways = ["disable", "demote", "delete"];
    for one in ways {
        for other in ways {
            let (first, second) =
                tokio::join!(remove(&client, "root", one), remove(&client, "chief", other));
            let mut answers = [first, second];
            answers.sort_unstable();
            assert!(answers[0] < 300 && answers[1] == 409, "{one} {other}: {answers:?}");
            restore(&client).await;
        }
    }
}

async fn remove(client: &AdminClient, name: &str, way: &str) -> u16 {
    let path = format!("/admin/users/{name}");
    let answer = match way {
        "disable" => client.patch(&path, json!({"disabled": true})).await,
        "demote" => client.patch(&path, json!({"roles": ["user"]})).await,
        _ => client.delete(&path).await,
    };
    answer.status.as_u16()
}

async fn restore(client: &AdminClient) {
    for name in ["root", "chief"] {
        let path = format!("/admin/users/{name}");
        let again = json!({"roles": ["admin"], "disabled": false});
        if client.patch(&path, again).await.status == 404 {
            client.user(name, &["admin"]).await;
        }
    }
}
