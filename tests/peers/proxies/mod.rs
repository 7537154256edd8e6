//! Third-party reverse proxies, with the configurations of `deploy/proxies`, in front of a
//! backend that records its requests.

mod allowed;
mod authority_down;
mod browsers;
mod forged;
mod front;
mod message;
mod program;
mod refused;
mod samples;
mod visitor;

pub(crate) use front::Fronts;
pub(crate) use program::ReverseProxy;

use crate::{Case, cases};

/// The cases of every proxy.
pub(crate) const CASES: &[(&str, Case)] = cases![
    allowed: [
        request_of_a_permitted_user_reaches_the_backend_with_the_identity,
        api_key_reaches_the_backend_with_the_identity,
        head_request_is_answered_without_a_body,
    ],
    authority_down: [
        authority_that_is_down_is_503,
        authority_that_is_slow_is_503,
        authority_that_hangs_up_is_503,
        authority_that_fails_is_503,
    ],
    browsers: [
        browser_without_a_session_logs_in_and_returns,
        browser_with_an_expired_session_renews_it_and_returns,
        other_client_is_not_redirected,
    ],
    forged: [
        identity_headers_of_the_client_never_reach_the_backend,
        connection_header_removes_no_identity_header,
        credentials_never_reach_the_backend,
    ],
    refused: [
        request_without_a_valid_token_never_reaches_the_backend,
        user_without_the_permission_is_403,
        ended_session_is_refused_at_once,
    ],
];

/// The cases of samples that no proxy here can run.
pub(crate) const SAMPLE_CASES: &[(&str, Case)] = cases![
    samples: [traefik_sample_names_our_endpoint, envoy_sample_names_our_endpoint],
];
