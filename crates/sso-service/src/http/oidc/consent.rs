//! The page that asks a user whether to go on to a client, and its answer.

use actix_web::HttpResponse;
use askama::Template;
use service_runtime::http::{Problem, Query, Result};
use uuid::Uuid;

use super::error::wrong_decision;
use crate::{
    http::pages::page,
    oidc::Authorizing,
    site::{CONTINUED_REQUEST, Site},
    users::Account,
};

#[derive(Template)]
#[template(path = "consent.html")]
struct ConsentPage<'a> {
    service: &'a str,
    client: &'a str,
    client_host: &'a str,
    username: &'a str,
    /// Whether the client gets a session of the user.
    is_first_party: bool,
    user_id: Uuid,
    /// What the client will learn and get.
    items: Vec<&'static str>,
    id: &'a str,
}

/// What a user has decided about a stored request.
pub(super) struct Decision {
    pub(super) id: String,
    /// The user whom the page named.
    pub(super) user_id: Uuid,
    pub(super) is_approval: bool,
}

/// Asks the user of this account.
pub(super) fn show_consent(
    authorizing: &Authorizing,
    account: &Account,
    id: &str,
    site: &Site,
) -> Result<HttpResponse> {
    let scope = authorizing.request.scope();
    let items = [
        (true, "who you are: an id that never changes"),
        (scope.profile, "your user name"),
        (scope.email, "your e-mail address, if it is verified"),
        (scope.groups, "your roles"),
        (scope.offline_access, "all of this again for as long as you stay logged in"),
    ];
    page(&ConsentPage {
        service: site.title(),
        client: authorizing.client.settings.name.as_str(),
        client_host: authorizing.host(),
        username: &account.username,
        is_first_party: authorizing.client.id.is_first_party(),
        user_id: account.user_id,
        items: items.into_iter().filter_map(|(told, item)| told.then_some(item)).collect(),
        id,
    })
}

impl TryFrom<Query> for Decision {
    type Error = Problem;

    fn try_from(mut form: Query) -> Result<Self> {
        form.check()?;
        let id = form.take(CONTINUED_REQUEST).ok_or_else(wrong_decision)?;
        let user_id = form.take("user").and_then(|id| id.parse().ok());
        let is_approval = match form.take("decision").as_deref() {
            Some("approve") => true,
            Some("refuse") => false,
            _ => return Err(wrong_decision()),
        };
        Ok(Self { id, user_id: user_id.ok_or_else(wrong_decision)?, is_approval })
    }
}
