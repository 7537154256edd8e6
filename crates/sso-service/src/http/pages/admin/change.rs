//! `POST /admin`: what the forms of the page ask for.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Payload},
};
use service_runtime::http::{Authenticated, Problem, Result};
use url::form_urlencoded;
use utoipa::ToSchema;

use super::{
    content::ContentQuery,
    faults::{can_be_sent_again, faults, with_password_fault},
    form::{FormBody, SentForm, TypedFields},
    section::Section,
    show::admin_page,
};
use crate::{
    administration::{
        Actor, Administration, AdministrationError, RequestedChange, RequestedClient, RequestedKey,
        RequestedUser,
    },
    http::{
        admin::{
            clients::ClientRequest,
            grants::{CreateGrantRequest, GrantTerms},
            keys::CreateKeyRequest,
            roles::SetRoleRequest,
            users::{CreateUserRequest, UpdateUserRequest},
        },
        caller::administrator::Administrator,
        error::{no_such_role, no_such_user},
        pages::page::{self, page, redirect},
        wire::{accept::wants_html, body_faults::BodyFaults, form::read_form},
    },
    site::Site,
    users::Username,
};

/// The fields of the forms of the page that say what is asked for. Those of an action are the members
/// of the body of the same request at `/admin/…`.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the schema of the form")]
pub(in crate::http) struct AdminForm {
    /// What is asked for: `create-user`, `delete-key`, ….
    action: String,
    /// The user or the role that it is about.
    name: Option<String>,
    /// The grant, the key or the client that it is about.
    id: Option<String>,
}

/// A change that was made.
enum Made {
    /// The section that shows it.
    Shown(Section),
    /// What is shown this once: its name, and the text itself.
    Secret(&'static str, String),
}

/// What a form asks for.
struct Asked {
    action: String,
    section: Section,
    /// The user or the role that it is about, else empty.
    name: String,
    id: String,
    form: SentForm,
}

/// Changes something, and shows the section again.
pub(in crate::http) async fn change(
    Authenticated(mut admin): Authenticated<Administrator>,
    request: HttpRequest,
    body: Payload,
    administration: Data<Administration>,
    site: Data<Site>,
) -> Result<HttpResponse> {
    let mut asked = Asked::read(SentForm::new(read_form(&request, body).await?)?)?;
    let mut typed = TypedFields::default();
    let made = match admin.actor().await {
        Ok(actor) => asked.make(actor, &mut typed, &administration, &site).await,
        Err(problem) => Err(problem),
    };
    let query = ContentQuery::of(asked.section, &asked.name);
    match made {
        Ok(Made::Shown(section)) => Ok(redirect(&asked.location(section)).finish()),
        Ok(Made::Secret(name, text)) => {
            let mut shown = admin_page(query, &administration, &site).await?;
            shown.secret = Some((name, text));
            page(&shown)
        }
        Err(problem) => {
            if wants_html(request.headers())
                && can_be_sent_again(&problem)
                && let Ok(mut shown) = admin_page(query, &administration, &site).await
            {
                shown.faults = faults(&problem);
                shown.typed = typed;
                page::show(&problem, &shown);
            }
            Err(problem)
        }
    }
}

impl Asked {
    fn read(mut form: SentForm) -> Result<Self> {
        let mut text = |name| form.text(name).unwrap_or_default();
        let (action, id) = (text("action"), text("id"));
        let section = match &*action {
            "create-user" => Section::Users,
            "set-roles" | "set-email" | "set-password" | "disable" | "enable" | "reset-link"
            | "end-sessions" | "delete-user" => Section::User,
            "set-role" | "delete-role" => Section::Roles,
            "create-grant" | "delete-grant" => Section::Grants,
            "create-key" | "delete-key" => Section::Keys,
            "create-client" | "delete-client" => Section::Clients,
            _ => return Err(unknown_action()),
        };
        let is_about_name = matches!(section, Section::User | Section::Roles);
        let name = if is_about_name { text("name").trim().to_owned() } else { String::new() };
        Ok(Self { action, section, name, id, form })
    }

    /// The page that shows what was done.
    fn location(&self, section: Section) -> String {
        let mut parameters = form_urlencoded::Serializer::new(String::new());
        parameters.append_pair("section", section.name());
        if section == Section::User {
            parameters.append_pair("name", &self.name);
        }
        format!("/admin?{}", parameters.append_pair("done", &self.action).finish())
    }

    async fn make(
        &mut self,
        actor: Actor<'_>,
        typed: &mut TypedFields,
        administration: &Administration,
        site: &Site,
    ) -> Result<Made> {
        match self.section {
            Section::Users => self.create_user(actor, typed, administration).await,
            Section::User => self.change_user(actor, typed, administration, site).await,
            Section::Roles => self.change_role(actor, typed, administration).await,
            Section::Grants => self.change_grant(actor, typed, administration).await,
            Section::Keys => self.change_key(actor, typed, administration).await,
            Section::Clients => self.change_client(actor, typed, administration).await,
            Section::Sessions | Section::Audit => Err(unknown_action()),
        }
    }

    async fn create_user(
        &mut self,
        actor: Actor<'_>,
        typed: &mut TypedFields,
        administration: &Administration,
    ) -> Result<Made> {
        let form = &mut self.form;
        let body = FormBody::default()
            .text(form, "username")
            .text(form, "email")
            .words(form, "roles")
            .secret(form, "password");
        let weak = body.password_fault(administration.password_rules());
        let wish: RequestedUser = body
            .parse_keeping::<CreateUserRequest>(typed)?
            .try_into()
            .map_err(|faults: BodyFaults| with_password_fault(faults.into(), weak))?;
        administration.create_user(actor, wish).await?;
        Ok(Made::Shown(Section::Users))
    }

    async fn change_user(
        &mut self,
        actor: Actor<'_>,
        typed: &mut TypedFields,
        administration: &Administration,
        site: &Site,
    ) -> Result<Made> {
        let user: Username = self.name.parse().map_err(|_| no_such_user())?;
        let (form, body) = (&mut self.form, FormBody::default());
        let body = match &*self.action {
            "reset-link" => {
                let (secret, _) = administration.create_reset_link(actor, user).await?;
                let link = site.reset_link(secret.expose());
                return Ok(Made::Secret("The link to a new password, for half an hour", link));
            }
            "end-sessions" => {
                administration.end_sessions_of(actor, user).await?;
                return Ok(Made::Shown(Section::User));
            }
            "delete-user" => {
                administration.delete_user(actor, user).await?;
                return Ok(Made::Shown(Section::Users));
            }
            "set-roles" => body.words(form, "roles").or_empty_list("roles"),
            "set-email" => body.text(form, "email").or_null("email"),
            "set-password" => body.secret(form, "password"),
            action => body.flag("disabled", action == "disable"),
        };
        let mut wish = RequestedChange::try_from(body.parse_keeping::<UpdateUserRequest>(typed)?)?;
        if self.action == "set-password" && wish.password.is_none() {
            // Says why an empty one is refused.
            wish.password = Some("".parse().map_err(AdministrationError::Password)?);
        }
        administration.update_user(actor, user, wish).await?;
        Ok(Made::Shown(Section::User))
    }

    async fn change_role(
        &mut self,
        actor: Actor<'_>,
        typed: &mut TypedFields,
        administration: &Administration,
    ) -> Result<Made> {
        if self.action == "delete-role" {
            let role = self.name.parse().map_err(|_| no_such_role())?;
            administration.delete_role(actor, role).await?;
            return Ok(Made::Shown(Section::Roles));
        }
        let body = FormBody::default()
            .words(&mut self.form, "permissions")
            .or_empty_list("permissions")
            .typed("name", &self.name);
        let (role, permissions) =
            body.parse_keeping::<SetRoleRequest>(typed)?.of_role(&self.name)?;
        administration.set_role(actor, role, permissions).await?;
        Ok(Made::Shown(Section::Roles))
    }

    async fn change_grant(
        &mut self,
        actor: Actor<'_>,
        typed: &mut TypedFields,
        administration: &Administration,
    ) -> Result<Made> {
        if self.action == "delete-grant" {
            let id = self.id.parse().map_err(|_| AdministrationError::NoSuchGrant)?;
            administration.delete_grant(actor, id).await?;
            return Ok(Made::Shown(Section::Grants));
        }
        let form = &mut self.form;
        let body = FormBody::default()
            .text(form, "username")
            .text(form, "permission")
            .instant(form, "expires_at")
            .text(form, "reason");
        let terms = GrantTerms::try_from(body.parse_keeping::<CreateGrantRequest>(typed)?)?;
        administration.create_grant(actor, terms.granted_by(actor.name())).await?;
        Ok(Made::Shown(Section::Grants))
    }

    async fn change_key(
        &mut self,
        actor: Actor<'_>,
        typed: &mut TypedFields,
        administration: &Administration,
    ) -> Result<Made> {
        if self.action == "delete-key" {
            let id = self.id.parse().map_err(|_| AdministrationError::NoSuchKey)?;
            administration.delete_key(actor, id).await?;
            return Ok(Made::Shown(Section::Keys));
        }
        let form = &mut self.form;
        let body = FormBody::default()
            .text(form, "key_name")
            .renamed("key_name", "name")
            .words(form, "permissions")
            .or_empty_list("permissions")
            .instant(form, "expires_at");
        let wish: RequestedKey = body.parse_keeping::<CreateKeyRequest>(typed)?.try_into()?;
        let (token, _) = administration.create_key(actor, wish).await?;
        Ok(Made::Secret("The key, shown this once", token.expose().to_owned()))
    }

    async fn change_client(
        &mut self,
        actor: Actor<'_>,
        typed: &mut TypedFields,
        administration: &Administration,
    ) -> Result<Made> {
        if self.action == "delete-client" {
            let id = self.id.parse().map_err(|_| AdministrationError::NoSuchClient)?;
            administration.delete_client(actor, id).await?;
            return Ok(Made::Shown(Section::Clients));
        }
        let form = &mut self.form;
        let body = FormBody::default()
            .text(form, "client_name")
            .renamed("client_name", "name")
            .urls(form, "redirect_uris")
            .or_empty_list("redirect_uris")
            .urls(form, "post_logout_redirect_uris")
            .text(form, "backchannel_logout_uri")
            .words(form, "roles")
            .checked(form, "public");
        let wish: RequestedClient = body.parse_keeping::<ClientRequest>(typed)?.try_into()?;
        let (secret, client) = administration.create_client(actor, wish).await?;
        Ok(match secret {
            Some(secret) => {
                let text = format!("{} {}", client.id, secret.expose());
                Made::Secret("The id of the client and its secret, shown this once", text)
            }
            None => Made::Secret("The id of the client", client.id.to_string()),
        })
    }
}

fn unknown_action() -> Problem {
    let detail = "The action is none of the page.";
    Problem::new(StatusCode::BAD_REQUEST, "bad_request", detail)
}
