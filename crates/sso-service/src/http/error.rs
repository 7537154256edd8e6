//! The one place that says how a refusal of the authority looks over HTTP.

use std::time::Duration;

use actix_web::http::{StatusCode, header};
use service_runtime::http::Problem;

use crate::{
    authority::{LoginError, RefreshError, Refusal},
    store::Unavailable,
    users::{HashError, StoreError},
};

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::InvalidToken => Self::invalid_token(),
            Refusal::SessionRequired => session_required(),
            Refusal::Denied(asked) => Self::permission_denied(&asked),
        }
    }
}

impl From<LoginError> for Problem {
    fn from(error: LoginError) -> Self {
        match error {
            LoginError::InvalidCredentials => invalid_credentials(),
            LoginError::TooManyAttempts { retry_after } => too_many_attempts(retry_after),
            LoginError::TooManySessions(_) => Self::unavailable(
                "too_many_sessions",
                "There are as many sessions as there may be; try again later.",
            ),
            LoginError::Hash(error) => error.into(),
            LoginError::Store(error) => error.into(),
            LoginError::Random(error) => Self::internal(error),
        }
    }
}

impl From<HashError> for Problem {
    fn from(error: HashError) -> Self {
        match error {
            HashError::Busy => Self::unavailable(
                "busy",
                "Too many passwords at once; nothing was decided about yours. Try again.",
            ),
            error => Self::internal(error),
        }
    }
}

impl From<RefreshError> for Problem {
    fn from(error: RefreshError) -> Self {
        match error {
            RefreshError::InvalidToken => Self::invalid_token(),
            RefreshError::Reused(_) => refresh_reused(),
            RefreshError::TooSoon(wait) => refreshed_too_soon(wait),
            RefreshError::Store(error) => error.into(),
            RefreshError::Random(error) => Self::internal(error),
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(error) => error.into(),
            error @ StoreError::Corrupt { .. } => Self::internal(error),
        }
    }
}

impl From<Unavailable> for Problem {
    fn from(error: Unavailable) -> Self {
        let detail = "The database does not answer; what was asked for may not be kept. Try again.";
        Self::unavailable("store_unavailable", detail).caused_by(error)
    }
}

/// The key is good: another log-in would not help, and another kind of credential would.
fn session_required() -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "session_required",
        "This is for whoever has logged in: an API key has no session and no account.",
    )
}

/// Somebody else may hold the token: the holder has to log in again, and is told why.
fn refresh_reused() -> Problem {
    Problem::new(
        StatusCode::UNAUTHORIZED,
        "refresh_reused",
        "The refresh token was used before; its session has been ended. Log in again.",
    )
    .header(header::WWW_AUTHENTICATE, "Bearer realm=\"sso\", error=\"invalid_token\"")
}

fn refreshed_too_soon(wait: Duration) -> Problem {
    let seconds = wait.as_millis().div_ceil(1000).max(1);
    Problem::new(
        StatusCode::TOO_MANY_REQUESTS,
        "refreshed_too_soon",
        "The session was renewed a moment ago; use what that gave, or try again later.",
    )
    .header(header::RETRY_AFTER, seconds.to_string())
}

fn invalid_credentials() -> Problem {
    Problem::new(
        StatusCode::UNAUTHORIZED,
        "invalid_credentials",
        "No user has this name and password, or the user may not log in.",
    )
    .header(header::WWW_AUTHENTICATE, "Bearer realm=\"sso\"")
}

/// The time to wait is rounded up: who comes back then is not sent away again.
pub(super) fn too_many_attempts(retry_after: Duration) -> Problem {
    let seconds = retry_after.as_millis().div_ceil(1000).max(1);
    Problem::new(
        StatusCode::TOO_MANY_REQUESTS,
        "too_many_attempts",
        "Too many log-ins have failed; try again later.",
    )
    .header(header::RETRY_AFTER, seconds.to_string())
}

#[cfg(test)]
mod tests {
    use actix_web::ResponseError;

    use super::*;
    use crate::sessions::TooManySessions;

    #[test]
    fn who_is_refused_before_anything_was_decided_may_try_again() {
        for (error, code) in [
            (LoginError::Hash(HashError::Busy), "busy"),
            (LoginError::TooManySessions(TooManySessions), "too_many_sessions"),
            (LoginError::Store(Unavailable::Silent.into()), "store_unavailable"),
        ] {
            let problem = Problem::from(error);
            assert_eq!(problem.code(), code);
            let answer = problem.error_response();
            assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
            let retry_after = answer.headers().get(header::RETRY_AFTER).unwrap();
            assert_eq!(retry_after, "1");
        }
    }
}
