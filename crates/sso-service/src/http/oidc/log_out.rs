//! `GET` and `POST /oauth/logout` (OpenID Connect RP-Initiated Logout).

use actix_web::{
    HttpRequest, HttpResponse,
    http::Method,
    web::{Data, Payload},
};
use askama::Template;
use service_runtime::http::{Query, RequestContext, Result};
use shared_types::BearerToken;

use crate::{
    authority::SessionAuthority,
    http::{
        auth::logout::end_session,
        caller::{cookies, credential::session_tokens_in_cookies, csrf},
        pages::{continue_to, page, redirect},
        wire::{form::read_form, source::source},
    },
    oidc::{BeginError, ClientId, LogOutParameters, LogOutWish, OidcProvider},
    site::Site,
};

/// The field of our own page by which the user agrees.
const CONFIRMED: &str = "confirmed";

#[derive(Template)]
#[template(path = "log_out_of_client.html")]
struct LogOutPage<'a> {
    service: &'a str,
    client: Option<&'a str>,
    client_id: Option<ClientId>,
    post_logout_redirect_uri: &'a str,
    state: &'a str,
}

/// The parameters as they are repeated in our form.
struct Repeated {
    post_logout_redirect_uri: String,
    state: String,
}

/// Ends the session of the browser at once if it is the one of the ID token that the client sent;
/// else asks the user, since any page can have such a link.
pub(in crate::http) async fn log_out(
    request: HttpRequest,
    provider: Data<OidcProvider>,
    authority: Data<SessionAuthority>,
    site: Data<Site>,
) -> Result<HttpResponse> {
    csrf::check_navigation(request.headers())?;
    let query = Query::parse(request.query_string());
    act_or_ask(&request, query, &provider, &authority, &site).await
}

/// The same by a form: that of a client, or that of our own page, with which the user agrees.
pub(in crate::http) async fn log_out_by_form(
    request: HttpRequest,
    body: Payload,
    provider: Data<OidcProvider>,
    authority: Data<SessionAuthority>,
    site: Data<Site>,
) -> Result<HttpResponse> {
    let mut form = read_form(&request, body).await?;
    if form.take(CONFIRMED).is_none() {
        return act_or_ask(&request, form, &provider, &authority, &site).await;
    }
    csrf::check_same_origin(request.headers(), &site)?;
    let (parameters, _) = parameters(form)?;
    let wish = provider.log_out_wish(parameters, site.origin().as_str()).await?;
    end_session(&request, &authority, &site).await?;
    // Browsers apply the policy of our page to redirects after its form, so the answer is a page.
    let mut response = HttpResponse::Ok();
    cookies::take_back(&mut response, &site);
    continue_to(response, wish.return_to.as_deref().unwrap_or("/login"), &site)
}

async fn act_or_ask(
    request: &HttpRequest,
    query: Query,
    provider: &OidcProvider,
    authority: &SessionAuthority,
    site: &Site,
) -> Result<HttpResponse> {
    let (parameters, repeated) = parameters(query)?;
    let wish = provider.log_out_wish(parameters, site.origin().as_str()).await?;
    let Some(token) = token_of_session(request, &wish, authority, site).await? else {
        return ask(&wish, &repeated, site);
    };
    if request.method() == Method::HEAD {
        return Ok(HttpResponse::Ok().finish());
    }
    authority.logout(&token, source(&RequestContext::of(request))).await?;
    let mut response = redirect(wish.return_to.as_deref().unwrap_or("/login"));
    cookies::take_back(&mut response, site);
    Ok(response.finish())
}

/// The token in the cookies that is one of the session of the ID token, be it an expired one.
async fn token_of_session(
    request: &HttpRequest,
    wish: &LogOutWish,
    authority: &SessionAuthority,
    site: &Site,
) -> Result<Option<BearerToken>> {
    let Some(wanted) = wish.session_id else {
        return Ok(None);
    };
    for token in session_tokens_in_cookies(request.headers(), site)? {
        if authority.session_named_by(&token).await? == Some(wanted) {
            return Ok(Some(token));
        }
    }
    Ok(None)
}

fn ask(wish: &LogOutWish, repeated: &Repeated, site: &Site) -> Result<HttpResponse> {
    page(&LogOutPage {
        service: site.title(),
        client: wish.client.as_ref().map(|client| &*client.name),
        client_id: wish.client.as_ref().map(|client| client.id),
        post_logout_redirect_uri: &repeated.post_logout_redirect_uri,
        state: &repeated.state,
    })
}

/// Unknown parameters are ignored, and those without a value count as omitted.
fn parameters(mut query: Query) -> Result<(LogOutParameters, Repeated), BeginError> {
    query.check().map_err(|_| BeginError::Malformed)?;
    let mut take = |name: &str| query.take(name).filter(|value| !value.is_empty());
    let parameters = LogOutParameters {
        id_token_hint: take("id_token_hint"),
        client_id: take("client_id"),
        post_logout_redirect_uri: take("post_logout_redirect_uri"),
        state: take("state"),
    };
    let repeated = Repeated {
        post_logout_redirect_uri: parameters.post_logout_redirect_uri.clone().unwrap_or_default(),
        state: parameters.state.clone().unwrap_or_default(),
    };
    Ok((parameters, repeated))
}
