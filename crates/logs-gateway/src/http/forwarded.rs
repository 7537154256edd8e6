//! Requests that a front has forwarded. They name the user in headers, as kube-apiserver names users
//! to kubelets.

use std::fmt;

use actix_web::{
    dev::ServiceRequest,
    http::header::{HeaderMap, VIA},
};
use service_runtime::http::RequestContext;
use shared_types::Permission;
use uuid::Uuid;

use crate::{
    auth::Caller,
    nodes::{OWN_VIA, REMOTE_PERMISSIONS, REMOTE_SESSION, REMOTE_USER, REMOTE_USER_ID},
};

/// The longest name of a user, in bytes.
const MAX_USER: usize = 256;

/// A header that names the user cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct BadRemoteHeader(&'static str);

impl fmt::Display for BadRemoteHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "The header {} cannot be read.", self.0)
    }
}

/// The user for whom a front asks. `None` for a request that no front has forwarded: the headers have
/// no effect then.
///
/// # Errors
/// When a header is repeated, or is no name or id.
pub(super) fn forwarded_caller(
    request: &ServiceRequest,
) -> Result<Option<Caller>, BadRemoteHeader> {
    if !RequestContext::of(request.request()).has_trusted_certificate {
        return Ok(None);
    }
    let headers = request.headers();
    let Some(user) = remote(headers, REMOTE_USER, user_name)? else {
        return Ok(None);
    };
    let id = |name| remote(headers, name, |text| Uuid::parse_str(text).ok());
    let (user_id, session_id) = (id(REMOTE_USER_ID)?, id(REMOTE_SESSION)?);
    let permissions = remote(headers, REMOTE_PERMISSIONS, permissions)?;
    Ok(Some(Caller::forwarded(user.into(), user_id, session_id, permissions)))
}

/// Whether any front has forwarded the request: a front that gets such a request may be asking
/// itself.
pub(super) fn was_forwarded(headers: &HeaderMap) -> bool {
    let is_own = |hop: &[u8]| hop.trim_ascii().eq_ignore_ascii_case(OWN_VIA.as_bytes());
    headers.get_all(VIA).any(|via| via.as_bytes().split(|byte| *byte == b',').any(is_own))
}

/// The only value of a header, parsed.
fn remote<T>(
    headers: &HeaderMap,
    name: &'static str,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, BadRemoteHeader> {
    let mut values = headers.get_all(name);
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let parsed = std::str::from_utf8(value.as_bytes()).ok().and_then(parse);
    match (parsed, values.next()) {
        (Some(parsed), None) => Ok(Some(parsed)),
        _ => Err(BadRemoteHeader(name)),
    }
}

fn user_name(text: &str) -> Option<String> {
    let is_name = (1..=MAX_USER).contains(&text.len()) && !text.chars().any(char::is_control);
    is_name.then(|| text.to_owned())
}

/// None at all is an empty text.
fn permissions(text: &str) -> Option<Vec<Permission>> {
    if text.is_empty() {
        return Some(Vec::new());
    }
    text.split(',').map(|permission| permission.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use chrono::DateTime;
    use std::net::Ipv4Addr;

    use super::*;

    /// The caller of a request with these headers.
    fn caller(
        is_front: bool,
        headers: &[(&'static str, &str)],
    ) -> Result<Option<Caller>, BadRemoteHeader> {
        let mut request = TestRequest::get();
        for header in headers {
            request = request.append_header(*header);
        }
        let request = request.to_srv_request();
        let context = RequestContext {
            has_trusted_certificate: is_front,
            ..RequestContext::new(
                request.headers(),
                Ipv4Addr::LOCALHOST.into(),
                DateTime::UNIX_EPOCH,
            )
        };
        actix_web::HttpMessage::extensions_mut(&request).insert(context);
        forwarded_caller(&request)
    }

    const ID: &str = "5f0c2d1e-0000-4000-8000-000000000001";

    #[test]
    fn a_front_names_the_user_and_what_is_known_of_them() {
        let full = [("x-remote-user", "ada"), ("x-remote-uid", ID), ("x-remote-session", ID)];
        let ada = caller(true, &full).unwrap().unwrap();
        assert_eq!(&*ada.username, "ada");
        assert_eq!((ada.user_id, ada.session_id), (ID.parse().ok(), ID.parse().ok()));
        assert!(ada.may_read_named("any", "pod"));
        let key = caller(true, &[("x-remote-user", "key:ci")]).unwrap().unwrap();
        assert_eq!((&*key.username, key.user_id, key.session_id), ("key:ci", None, None));
    }

    #[test]
    fn a_front_may_leave_the_decision_to_the_node() {
        let with = |permissions: &str| {
            let headers = [("x-remote-user", "ada"), ("x-remote-extra-permissions", permissions)];
            caller(true, &headers)
        };
        let ada = with("logs:read:shop/*,pods:read").unwrap().unwrap();
        assert!(ada.may_read_named("shop", "web") && !ada.may_read_named("bank", "web"));
        assert!(with("").unwrap().unwrap().may_read_any().is_err());
        for wrong in ["logs", "logs:read,,", ",", "logs:read:a/b/c"] {
            assert!(with(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_front_recognises_what_a_front_forwarded() {
        for (via, expected) in [
            (&["1.1 logs-gateway"][..], true),
            (&["1.0 proxy, 1.1 Logs-Gateway"], true),
            (&["1.1 proxy", "1.1 logs-gateway"], true),
            (&["1.1 proxy"], false),
            (&["1.1 logs-gateway.example"], false),
            (&[], false),
        ] {
            let request = via
                .iter()
                .fold(TestRequest::get(), |request, via| request.append_header(("via", *via)));
            assert_eq!(was_forwarded(request.to_srv_request().headers()), expected, "{via:?}");
        }
    }

    #[test]
    fn other_clients_name_nobody() {
        assert!(caller(false, &[("x-remote-user", "ada")]).unwrap().is_none());
        assert!(caller(false, &[("x-remote-user", "")]).unwrap().is_none());
        assert!(caller(true, &[]).unwrap().is_none());
        assert!(caller(true, &[("x-remote-uid", ID)]).unwrap().is_none());
    }

    #[test]
    fn a_header_that_cannot_be_read_is_refused() {
        let long = "x".repeat(257);
        for headers in [
            &[("x-remote-user", "")][..],
            &[("x-remote-user", &long)],
            &[("x-remote-user", "ada"), ("x-remote-user", "bob")],
            &[("x-remote-user", "ada"), ("x-remote-uid", "7")],
            &[("x-remote-user", "ada"), ("x-remote-session", "")],
            &[("x-remote-user", "ada"), ("x-remote-session", ID), ("x-remote-session", ID)],
        ] {
            assert!(caller(true, headers).is_err(), "{headers:?}");
        }
    }
}
