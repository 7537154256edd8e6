//! Everything that administrators are answered.

use actix_web::web::ServiceConfig;
use service_runtime::http::endpoint;

use super::{audit, grants, keys, roles, sessions, users};

/// Each handler takes an administrator before anything else.
pub(in crate::http) fn routes(app: &mut ServiceConfig) {
    let user = endpoint("/admin/users/{username}");
    let user_sessions = endpoint("/admin/users/{username}/sessions");
    app.service(endpoint("/admin/users").get(users::list).post(users::create))
        .service(user.get(users::show).patch(users::update).delete(users::delete))
        .service(user_sessions.get(sessions::list).delete(sessions::end))
        .service(endpoint("/admin/roles").get(roles::list))
        .service(endpoint("/admin/roles/{role}").put(roles::set).delete(roles::delete))
        .service(endpoint("/admin/grants").get(grants::list).post(grants::create))
        .service(endpoint("/admin/grants/{id}").delete(grants::delete))
        .service(endpoint("/admin/keys").get(keys::list).post(keys::create))
        .service(endpoint("/admin/keys/{id}").delete(keys::delete))
        .service(endpoint("/admin/audit").get(audit::list));
}
