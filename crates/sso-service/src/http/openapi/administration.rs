//! Operations for administrators.

use serde_json::{Value, json};
use service_runtime::http::openapi::{
    ApiOperation, Credential, integer, json_content, path_parameter, query_parameter, text,
    uncached, uuid,
};
use utoipa::{
    ToSchema,
    openapi::{
        ArrayBuilder, Object, ObjectBuilder, Ref, RefOr, Schema,
        path::Parameter,
        schema::{AdditionalProperties, SchemaType, Type},
    },
};

use super::examples::{ALICE, BEGIN, END, ID, KEY, PASSWORD, PERMISSION, joined};
use crate::http::admin::{
    grants::{CreateGrantRequest, GrantResponse},
    keys::{CreateKeyRequest, CreatedKeyResponse, KeyResponse},
    roles::{RoleResponse, SetRoleRequest},
    sessions::UserSessionResponse,
    users::{CreateUserRequest, UpdateUserRequest, UserResponse},
};

/// The group of these operations.
pub(super) const TAG: (&str, &str) = (
    "administration",
    "Administrators manage users, roles, grants, keys and clients. They need the permission `sso:admin`, \
     which is equal to root.",
);

pub(super) fn administer(id: &'static str, summary: &str) -> ApiOperation {
    ApiOperation::new(TAG.0, id, summary).needs([Credential::Bearer, Credential::SessionCookie])
}

fn of_user(operation: ApiOperation) -> ApiOperation {
    operation.parameter(path_parameter("username", "The user.", text(), ALICE)).problems([404])
}

fn of_id(operation: ApiOperation) -> ApiOperation {
    operation.parameter(path_parameter("id", "The id.", uuid(), ID)).problems([404])
}

/// The `after` of a list: the key of its items.
fn after(schema: Object, example: impl Into<Value>) -> Parameter {
    query_parameter("after", "The `next` of the page before.", schema, example)
}

pub(super) fn after_id() -> Parameter {
    after(uuid(), ID)
}

/// A page of a list: `{"<name>":[…],"next":…}`.
fn page_of(
    operation: ApiOperation,
    name: &str,
    after: Parameter,
    item: RefOr<Schema>,
    example: &Value,
) -> ApiOperation {
    let next = SchemaType::from_iter([Type::String, Type::Integer, Type::Null]);
    let schema = ObjectBuilder::new()
        .property(name, ArrayBuilder::new().items(item))
        .property("next", ObjectBuilder::new().schema_type(next))
        .required(name)
        .required("next");
    let answer = uncached("A page. `next` is the `after` of the next one, null on the last.")
        .content("application/json", json_content(schema, json!({name: [example], "next": null})));
    operation
        .parameter(query_parameter(
            "limit",
            "How many items, 100 if absent.",
            integer(1, 1000),
            100,
        ))
        .parameter(after)
        .problems([422])
        .answer(200, answer)
}

pub(super) fn list<T: ToSchema>(
    operation: ApiOperation,
    name: &str,
    after: Parameter,
    example: &Value,
) -> ApiOperation {
    let item = Ref::from_schema_name(T::name()).into();
    page_of(operation.with_schema::<T>(), name, after, item, example)
}

fn user() -> Value {
    json!({
        "id": ID,
        "username": ALICE,
        "email": "alice@example.org",
        "verified": true,
        "roles": ["reader"],
        "permissions": ["logs:read"],
        "disabled": false,
        "created_at": BEGIN,
    })
}

pub(super) fn list_users() -> ApiOperation {
    list::<UserResponse>(
        administer("list_users", "Lists users, by name"),
        "users",
        after(text(), ALICE),
        &user(),
    )
}

pub(super) fn create_user() -> ApiOperation {
    let body = json!({"username": ALICE, "password": PASSWORD, "roles": ["reader"]});
    administer("create_user", "Creates a user")
        .json_body::<CreateUserRequest>(body)
        .problems([409])
        .json::<UserResponse>(201, "The user.", user())
}

pub(super) fn show_user() -> ApiOperation {
    of_user(administer("show_user", "Shows a user")).json::<UserResponse>(200, "The user.", user())
}

pub(super) fn update_user() -> ApiOperation {
    of_user(administer("update_user", "Changes the given members of a user"))
        .description(
            "Disabling and a new password end the user's sessions. The last enabled administrator \
             by role is safe: 409 `last_admin`.",
        )
        .json_body::<UpdateUserRequest>(json!({"roles": ["reader"], "disabled": false}))
        .problems([409])
        .json::<UserResponse>(200, "The user.", user())
}

pub(super) fn delete_user() -> ApiOperation {
    of_user(administer("delete_user", "Deletes a user, and ends the user's sessions"))
        .problems([409])
        .no_content("The user is deleted.")
}

pub(super) fn list_user_sessions() -> ApiOperation {
    let example = json!({
        "id": ID,
        "created_at": BEGIN,
        "last_seen_at": BEGIN,
        "expires_at": END,
        "ip": "192.0.2.7",
        "user_agent": "curl/8.14.1",
    });
    let operation = administer("list_user_sessions", "Lists sessions of a user, the newest first");
    list::<UserSessionResponse>(of_user(operation), "sessions", after_id(), &example)
}

pub(super) fn end_user_sessions() -> ApiOperation {
    of_user(administer("end_user_sessions", "Ends all sessions of a user"))
        .no_content("They have ended.")
}

fn role() -> Value {
    json!({"name": "shop-reader", "permissions": [PERMISSION], "builtin": false})
}

fn of_role(operation: ApiOperation) -> ApiOperation {
    operation.parameter(path_parameter("role", "The role.", text(), "shop-reader"))
}

pub(super) fn list_roles() -> ApiOperation {
    list::<RoleResponse>(
        administer("list_roles", "Lists roles, by name"),
        "roles",
        after(text(), "reader"),
        &role(),
    )
}

pub(super) fn set_role() -> ApiOperation {
    of_role(administer("set_role", "Creates a role, or replaces its permissions"))
        .description("The built-in roles `admin`, `reader` and `user` are immutable.")
        .json_body::<SetRoleRequest>(json!({"permissions": [PERMISSION]}))
        .problems([409])
        .json::<RoleResponse>(200, "The role, changed.", role())
        .json::<RoleResponse>(201, "The role, created.", role())
}

pub(super) fn delete_role() -> ApiOperation {
    of_role(administer("delete_role", "Deletes a role that no user has"))
        .problems([404, 409])
        .no_content("The role is deleted.")
}

fn grant() -> Value {
    let granted = json!({"id": ID, "granted_by": "root", "created_at": BEGIN});
    joined(granted, grant_request())
}

fn grant_request() -> Value {
    json!({
        "username": ALICE,
        "permission": PERMISSION,
        "expires_at": "2099-01-15T20:00:00Z",
        "reason": "INC-4711",
    })
}

pub(super) fn list_grants() -> ApiOperation {
    let operation = administer("list_grants", "Lists grants, the oldest first");
    list::<GrantResponse>(operation, "grants", after_id(), &grant())
}

pub(super) fn create_grant() -> ApiOperation {
    administer("create_grant", "Grants a user a permission until a time")
        .json_body::<CreateGrantRequest>(grant_request())
        .json::<GrantResponse>(201, "The grant.", grant())
}

pub(super) fn delete_grant() -> ApiOperation {
    of_id(administer("delete_grant", "Deletes a grant")).no_content("The grant is deleted.")
}

fn key() -> Value {
    let created = json!({"id": ID, "created_by": "root", "created_at": BEGIN});
    joined(created, key_request())
}

fn key_request() -> Value {
    json!({"name": "ci", "permissions": [PERMISSION], "expires_at": "2099-01-15T20:00:00Z"})
}

pub(super) fn list_keys() -> ApiOperation {
    list::<KeyResponse>(
        administer("list_keys", "Lists API keys, the oldest first"),
        "keys",
        after_id(),
        &key(),
    )
}

pub(super) fn create_key() -> ApiOperation {
    let answer = joined(json!({"key": KEY}), key());
    administer("create_key", "Creates an API key")
        .description("The answer is the only one that contains the key.")
        .json_body::<CreateKeyRequest>(key_request())
        .problems([409])
        .json::<CreatedKeyResponse<'_>>(201, "The key.", answer)
}

pub(super) fn delete_key() -> ApiOperation {
    of_id(administer("delete_key", "Deletes an API key")).no_content("The key is deleted.")
}

pub(super) fn list_events() -> ApiOperation {
    let mut event = Object::with_type(Type::Object);
    event.additional_properties = Some(Box::new(AdditionalProperties::FreeForm(true)));
    let example = json!({"audit": "login", "time": BEGIN, "username": ALICE, "ip": "192.0.2.7"});
    let operation = administer("list_events", "Lists security events, the newest first");
    page_of(operation, "events", after(integer(i64::MIN, i64::MAX), 100), event.into(), &example)
}
