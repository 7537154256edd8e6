//! `GET` and `POST /oauth/authorize` (OpenID Connect Core, section 3.1.2).

use actix_web::{
    HttpRequest, HttpResponse,
    http::Method,
    web::{Data, Payload},
};
use service_runtime::http::{Query, RequestContext, Result};
use url::form_urlencoded;

use super::{
    consent::{Decision, show_consent},
    error::wrong_decision,
};
use crate::{
    accounts::Accounts,
    authority::SessionAuthority,
    http::{
        caller::{cookies::TokenCookie, credential::is_in_cookie, csrf, visitor::Visitor},
        pages::{continue_to, redirect, show_log_in, with_return_to},
        wire::{form::read_form, source::source},
    },
    network::Network,
    oidc::{Authorizing, BeginError, NextStep, OidcProvider, RequestFault, RequestParameters},
    sessions::Principal,
    site::{AUTHORIZATION_PATH, CONTINUED_REQUEST, RedirectTarget, Site},
};

/// The services that an authorization request goes through.
#[derive(Clone)]
struct Authorization {
    request: HttpRequest,
    provider: Data<OidcProvider>,
    authority: Data<SessionAuthority>,
    accounts: Data<Accounts>,
    site: Data<Site>,
}

/// A request that goes on, and its id if it is stored.
struct Going {
    authorizing: Authorizing,
    id: Option<String>,
}

/// Begins an authorization request, or goes on with a stored one.
pub(in crate::http) async fn authorize(
    request: HttpRequest,
    provider: Data<OidcProvider>,
    authority: Data<SessionAuthority>,
    accounts: Data<Accounts>,
    site: Data<Site>,
) -> Result<HttpResponse> {
    csrf::check_navigation(request.headers())?;
    let query = Query::parse(request.query_string());
    let is_head = request.method() == Method::HEAD;
    let authorization = Authorization { request, provider, authority, accounts, site };
    let going = match authorization.going(query).await {
        Err(BeginError::Refused(url)) => return Ok(redirect(&url).finish()),
        going => going?,
    };
    if is_head {
        return Ok(HttpResponse::Ok().finish());
    }
    authorization.go_on(going).await
}

/// The same by a form: that of a client, or that of our own page, which asks the user.
///
/// A form of another site reads no cookie. It gets a page of ours that navigates here.
pub(in crate::http) async fn authorize_by_form(
    request: HttpRequest,
    body: Payload,
    provider: Data<OidcProvider>,
    authority: Data<SessionAuthority>,
    accounts: Data<Accounts>,
    site: Data<Site>,
) -> Result<HttpResponse> {
    let form = read_form(&request, body).await?;
    let authorization = Authorization { request, provider, authority, accounts, site };
    if form.has(CONTINUED_REQUEST) {
        csrf::check_same_origin(authorization.request.headers(), &authorization.site)?;
        return authorization.decide(form).await;
    }
    let going = match authorization.going(form).await {
        Err(BeginError::Refused(url)) => return authorization.leave_form(&url),
        going => going?,
    };
    let id = authorization.suspended(&going).await?;
    authorization.leave_form(&continuation(&id))
}

impl Authorization {
    /// The request that these parameters begin, or the stored one that they name.
    async fn going(&self, mut query: Query) -> Result<Going, BeginError> {
        query.check().map_err(|_| BeginError::Malformed)?;
        if let Some(id) = query.take(CONTINUED_REQUEST) {
            let authorizing = self.provider.resume(&id).await?;
            return Ok(Going { authorizing, id: Some(id) });
        }
        let authorizing = self.provider.begin(parameters(query), self.issuer()).await?;
        Ok(Going { authorizing, id: None })
    }

    async fn go_on(&self, going: Going) -> Result<HttpResponse> {
        let Visitor(user) = Visitor::of(&self.request, &self.authority, &self.site).await?;
        let step = self.provider.next_step(&going.authorizing, user.as_ref(), false);
        match (step, user) {
            (NextStep::Authorize, Some(user)) => {
                let url = self.authorized(&going.authorizing, &user).await?;
                Ok(redirect(&url).finish())
            }
            (NextStep::Ask, Some(user)) => {
                let id = self.suspended(&going).await?;
                show_consent(&going.authorizing, &user.account, &id, &self.site)
            }
            (NextStep::LogIn | NextStep::Refuse(_), None) if self.may_renew(&going)? => {
                let target = self.target(&self.suspended(&going).await?);
                let renewal = with_return_to("/auth/refresh", &target);
                continue_to(HttpResponse::Ok(), &renewal, &self.site)
            }
            (NextStep::Refuse(fault), _) => {
                let refused = self.provider.refuse(&going.authorizing, fault, self.issuer()).await;
                Ok(redirect(&refused?).finish())
            }
            // Without a user, nothing else is left.
            (NextStep::LogIn | NextStep::Ask | NextStep::Authorize, user) => {
                let target = self.target(&self.suspended(&going).await?);
                let client = going.authorizing.client.settings.name.as_str();
                let username = user.as_ref().map(|user| &*user.account.username);
                show_log_in(&self.request, &self.accounts, &target, &self.site, client, username)
            }
        }
    }

    /// Goes on, or does not, as the user has decided.
    async fn decide(&self, form: Query) -> Result<HttpResponse> {
        let Decision { id, user_id, is_approval } = Decision::try_from(form)?;
        let authorizing = self.provider.resume(&id).await?;
        let Visitor(user) = Visitor::of(&self.request, &self.authority, &self.site).await?;
        // The page named a user, who may have logged out or changed the account in another tab.
        let user = user.filter(|user| user.account.user_id == user_id);
        let Some(user) = user else {
            return self.leave_form(&continuation(&id));
        };
        let step = match is_approval {
            true => self.provider.next_step(&authorizing, Some(&user), true),
            false => NextStep::Refuse(RequestFault::DENIED),
        };
        let url = match step {
            NextStep::Authorize => self.authorized(&authorizing, &user).await?,
            NextStep::Refuse(fault) => {
                self.provider.refuse(&authorizing, fault, self.issuer()).await?
            }
            NextStep::LogIn => continuation(&id),
            NextStep::Ask => return Err(wrong_decision()),
        };
        self.leave_form(&url)
    }

    async fn authorized(&self, authorizing: &Authorizing, user: &Principal) -> Result<String> {
        let context = RequestContext::of(&self.request);
        let from = source(&context);
        Ok(self.provider.authorize(authorizing, user, self.issuer(), from).await?)
    }

    /// The session may have expired, while the refresh cookie is sent to its own path only. Tried
    /// once for a request.
    fn may_renew(&self, going: &Going) -> Result<bool> {
        let headers = self.request.headers();
        Ok(!going.authorizing.is_stored()
            && is_in_cookie(TokenCookie::Session, headers, &self.site)?)
    }

    /// The id of the request, which is stored if it is not yet.
    async fn suspended(&self, going: &Going) -> Result<String> {
        if let Some(id) = &going.id {
            return Ok(id.clone());
        }
        let network = Network::of(RequestContext::of(&self.request).client_ip);
        let id = self.provider.suspend(&going.authorizing, network).await?;
        Ok(id.expose().to_owned())
    }

    /// The destination that goes on with this request.
    fn target(&self, id: &str) -> RedirectTarget {
        self.site.redirect_target(Some(&format!("{}{}", self.issuer(), continuation(id))))
    }

    /// Browsers apply the policy of our page to redirects after its form, so the answer is a page.
    fn leave_form(&self, url: &str) -> Result<HttpResponse> {
        continue_to(HttpResponse::Ok(), url, &self.site)
    }

    fn issuer(&self) -> &str {
        self.site.origin().as_str()
    }
}

/// The path that goes on with a stored request.
fn continuation(id: &str) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    let query = query.append_pair(CONTINUED_REQUEST, id).finish();
    format!("{AUTHORIZATION_PATH}?{query}")
}

/// Unknown parameters are ignored, and those without a value count as omitted.
fn parameters(mut query: Query) -> RequestParameters {
    let mut take = |name: &str| query.take(name).filter(|value| !value.is_empty());
    RequestParameters {
        client_id: take("client_id"),
        redirect_uri: take("redirect_uri"),
        response_type: take("response_type"),
        response_mode: take("response_mode"),
        scope: take("scope"),
        state: take("state"),
        nonce: take("nonce"),
        code_challenge: take("code_challenge"),
        code_challenge_method: take("code_challenge_method"),
        prompt: take("prompt"),
        max_age: take("max_age"),
        id_token_hint: take("id_token_hint"),
        request: take("request"),
        request_uri: take("request_uri"),
        registration: take("registration"),
    }
}
