//! `GET /admin`.

use actix_web::{HttpRequest, HttpResponse, ResponseError, http::StatusCode, web::Data};
use askama::Template;
use service_runtime::http::{Authenticate, Problem, Query, Result};
use url::form_urlencoded;

use super::{
    content::{Content, ContentQuery},
    form::TypedFields,
    section::Section,
};
use crate::{
    administration::Administration,
    http::{
        caller::administrator::Administrator,
        pages::page::{page, redirect, with_return_to},
    },
    site::Site,
};

#[derive(Template)]
#[template(path = "admin.html")]
pub(super) struct AdminPage<'a> {
    service: &'a str,
    section: Section,
    query: ContentQuery,
    content: Content,
    /// The address of the next page of the list.
    next: Option<String>,
    /// How long a password must be.
    min_length: usize,
    pub(super) notice: Option<&'static str>,
    /// What is shown this once: its name, and the text itself.
    pub(super) secret: Option<(&'static str, String)>,
    pub(super) faults: Vec<String>,
    pub(super) typed: TypedFields,
}

/// Shows a section. A visitor without a session logs in first.
pub(in crate::http) async fn show(
    request: HttpRequest,
    administration: Data<Administration>,
    site: Data<Site>,
) -> Result<HttpResponse> {
    match Administrator::authenticate(&request).await {
        Ok(_) => {}
        Err(problem) if problem.status_code() == StatusCode::UNAUTHORIZED => {
            let own = format!("{}{}", site.origin().as_str(), request.uri());
            let target = site.redirect_target(Some(&own));
            return Ok(redirect(&with_return_to("/auth/refresh", &target)).finish());
        }
        Err(problem) => return Err(problem),
    }
    let mut query = Query::parse(request.query_string());
    let done = query.take("done");
    let mut shown = admin_page(ContentQuery::read(query), &administration, &site).await?;
    shown.notice = done.as_deref().and_then(notice);
    page(&shown)
}

/// The page with a section as it is now.
///
/// # Errors
/// As [`ContentQuery::load`].
pub(super) async fn admin_page<'a>(
    query: ContentQuery,
    administration: &Administration,
    site: &'a Site,
) -> Result<AdminPage<'a>, Problem> {
    let (content, next) = query.load(administration).await?;
    Ok(AdminPage {
        service: site.title(),
        section: query.section,
        next: next.map(|after| next_page(&query, &after)),
        query,
        content,
        min_length: administration.password_rules().min_length,
        notice: None,
        secret: None,
        faults: Vec::new(),
        typed: TypedFields::default(),
    })
}

fn next_page(query: &ContentQuery, after: &str) -> String {
    let mut parameters = form_urlencoded::Serializer::new(String::new());
    parameters.append_pair("section", query.section.name());
    for (name, value) in [("name", &*query.name), ("kind", &*query.kind), ("after", after)] {
        if !value.is_empty() {
            parameters.append_pair(name, value);
        }
    }
    format!("/admin?{}", parameters.finish())
}

/// What was done, by the name of the action.
fn notice(action: &str) -> Option<&'static str> {
    Some(match action {
        "create-user" => "The user is created.",
        "set-roles" => "The roles are set.",
        "set-email" => "The e-mail address is set, and counts as verified.",
        "set-password" => "The password is set. All sessions of the user have ended.",
        "disable" => "The user is disabled. All sessions have ended.",
        "enable" => "The user can log in again.",
        "end-sessions" => "All sessions of the user have ended.",
        "delete-user" => "The user is deleted.",
        "set-role" => "The role is set.",
        "delete-role" => "The role is deleted.",
        "create-grant" => "The permission is granted.",
        "delete-grant" => "The grant is deleted.",
        "delete-key" => "The key is deleted.",
        "delete-client" => "The client is deleted.",
        _ => return None,
    })
}
