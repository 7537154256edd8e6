//! Everything that administrators are answered.

use actix_web::web::ServiceConfig;
use service_runtime::http::{
    delete_resource, form_resource, get_delete_resource, get_patch_delete_resource, get_resource,
    put_delete_resource,
};

use super::{audit, grants, keys, roles, sessions, users};

/// Each handler takes an administrator before anything else.
pub(in crate::http) fn routes(app: &mut ServiceConfig) {
    app.service(form_resource("/admin/users", users::list, users::create))
        .service(get_patch_delete_resource(
            "/admin/users/{username}",
            users::show,
            users::update,
            users::delete,
        ))
        .service(get_delete_resource(
            "/admin/users/{username}/sessions",
            sessions::list,
            sessions::end,
        ))
        .service(get_resource("/admin/roles", roles::list))
        .service(put_delete_resource("/admin/roles/{role}", roles::set, roles::delete))
        .service(form_resource("/admin/grants", grants::list, grants::create))
        .service(delete_resource("/admin/grants/{id}", grants::delete))
        .service(form_resource("/admin/keys", keys::list, keys::create))
        .service(delete_resource("/admin/keys/{id}", keys::delete))
        .service(get_resource("/admin/audit", audit::list));
}
