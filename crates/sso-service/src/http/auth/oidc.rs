//! `GET /auth/oidc/start` and `GET /auth/oidc/callback`: log-in by the provider.

use actix_web::{
    HttpRequest, HttpResponse,
    cookie::{Cookie, SameSite, time::Duration},
    http::{
        Method,
        header::{HeaderValue, USER_AGENT},
    },
    web::Data,
};
use service_runtime::http::{Problem, Query, RequestContext, Result, cookie_values};
use zeroize::Zeroizing;

use crate::{
    http::{
        caller::{cookies, csrf},
        pages::redirect,
        wire::source::source,
    },
    oidc::{Freshness, OidcProvider},
    sessions::Client,
    site::Site,
    upstream::{Callback, UpstreamLogIn},
};

/// How long a browser keeps its cookie: as long as the log-in waits.
const LIVES: Duration = Duration::minutes(10);

/// Leads a browser to the provider.
pub(in crate::http) async fn start(
    request: HttpRequest,
    upstream: Data<UpstreamLogIn>,
    provider: Data<OidcProvider>,
    site: Data<Site>,
) -> Result<HttpResponse> {
    csrf::check_navigation(request.headers())?;
    let mut query = Query::parse(request.query_string());
    let (return_to, prompt) = (query.take("return_to"), query.take("prompt"));
    query.check()?;
    if request.method() == Method::HEAD {
        return Ok(HttpResponse::Ok().finish());
    }
    let target = site.redirect_target(return_to.as_deref());
    let return_to = target.returning().map(ToString::to_string);
    let freshness = match (prompt.as_deref(), site.continued_request(&target)) {
        (Some("login"), _) => Freshness::Anew,
        // The link may come from any page: what the client has asked for is stored.
        (_, Some(id)) => provider.demanded_freshness(&id).await?,
        (_, None) => Freshness::Any,
    };
    let context = RequestContext::of(&request);
    let origin = site.origin().as_str();
    let begun = upstream.begin(origin, return_to, freshness, source(&context)).await?;
    let mut response = redirect(begun.url.as_str());
    Ok(response.cookie(holding(begun.secret.expose(), LIVES, &site)).finish())
}

/// Takes a browser from the provider, and begins its session.
pub(in crate::http) async fn callback(
    request: HttpRequest,
    upstream: Data<UpstreamLogIn>,
    site: Data<Site>,
) -> Result<HttpResponse> {
    let mut query = Query::parse(request.query_string());
    let [state, code, iss, error] = ["state", "code", "iss", "error"].map(|name| query.take(name));
    query.check()?;
    if request.method() == Method::HEAD {
        return Ok(HttpResponse::Ok().finish());
    }
    let callback = Callback { state, code: code.map(Zeroizing::new), iss, error };
    let secrets = cookie_values(request.headers(), name(&site))?;
    let secret = match secrets[..] {
        [secret] => std::str::from_utf8(secret).ok(),
        _ => None,
    };
    let context = RequestContext::of(&request);
    let user_agent = request.headers().get(USER_AGENT).map(HeaderValue::as_bytes);
    let client = Client::new(context.client_ip, user_agent);
    let origin = site.origin().as_str();
    let finished = upstream.finish(callback, secret, origin, client, &context.request_id).await;
    let (logged_in, return_to) = finished.map_err(Problem::from)?;
    let mut response = redirect(site.redirect_target(return_to.as_deref()).location());
    cookies::give(&mut response, &logged_in, &site);
    Ok(response.cookie(holding("", Duration::ZERO, &site)).finish())
}

/// The cookie that binds a log-in to its browser. No other host can set it over https.
fn name(site: &Site) -> &'static str {
    if site.origin().is_https() { "__Host-oidc_log_in" } else { "oidc_log_in" }
}

/// Sent with the navigation from the provider, but with no other request of another site.
fn holding<'a>(secret: &'a str, lifetime: Duration, site: &Site) -> Cookie<'a> {
    Cookie::build(name(site), secret)
        .path("/")
        .max_age(lifetime)
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(site.origin().is_https())
        .finish()
}
