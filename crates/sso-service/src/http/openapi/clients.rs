//! Operations for administrators of clients of OpenID Connect.

use serde_json::{Value, json};
use service_runtime::http::openapi::{ApiOperation, path_parameter, uuid};

use super::{
    administration::{administer, after_id, list},
    examples::{BEGIN, ID, joined},
};
use crate::http::admin::clients::{ClientRequest, ClientResponse, CreatedClientResponse};

fn request() -> Value {
    json!({
        "name": "Grafana",
        "redirect_uris": ["https://grafana.example.org/login/generic_oauth"],
        "post_logout_redirect_uris": ["https://grafana.example.org/login"],
        "backchannel_logout_uri": null,
        "public": false,
        "roles": ["reader"],
        "id_token_alg": "ES256",
    })
}

fn client() -> Value {
    let created = json!({"client_id": ID, "created_by": "root", "created_at": BEGIN});
    joined(created, request())
}

fn of_client(operation: ApiOperation) -> ApiOperation {
    operation.parameter(path_parameter("client_id", "The client.", uuid(), ID)).problems([404])
}

pub(super) fn list_clients() -> ApiOperation {
    let operation = administer("list_clients", "Lists clients of OpenID Connect, the oldest first");
    list::<ClientResponse>(operation, "clients", after_id(), &client())
}

pub(super) fn create_client() -> ApiOperation {
    let secret = json!({"client_secret": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"});
    administer("create_client", "Creates a client of OpenID Connect")
        .description(
            "`name` and `redirect_uris` are required. The answer is the only one that contains the \
             secret; a public client has none.",
        )
        .json_body::<ClientRequest>(request())
        .problems([409])
        .json::<CreatedClientResponse<'_>>(201, "The client.", joined(secret, client()))
}

pub(super) fn update_client() -> ApiOperation {
    of_client(administer("update_client", "Changes the given members of a client"))
        .description("A client stays public or confidential.")
        .json_body::<ClientRequest>(json!({"roles": ["reader"]}))
        .problems([409])
        .json::<ClientResponse>(200, "The client.", client())
}

pub(super) fn delete_client() -> ApiOperation {
    of_client(administer("delete_client", "Deletes a client, and ends what it was given"))
        .no_content("The client is deleted.")
}
