//! What the API server forbids for a while: one that has just started forbids everything, until it has
//! read who may do what.

use std::time::Duration;

use tokio::time::Instant;

use super::api_error::ApiError;

/// For how long it may forbid what it allowed before.
const MAX_FORBIDDEN: Duration = Duration::from_secs(5);

/// Since when the API server forbids something that it allowed before.
#[derive(Debug, Default)]
pub(crate) struct Denial {
    /// `None` while it answers otherwise.
    since: Option<Instant>,
}

impl Denial {
    /// Takes note of the last failure, which is `None` if the API server did not refuse. Whether it
    /// has forbidden the thing for so long that this will not pass.
    pub(crate) fn is_lasting(&mut self, failure: Option<&ApiError>) -> bool {
        if !failure.is_some_and(ApiError::is_forbidden) {
            self.since = None;
            return false;
        }
        self.since.get_or_insert_with(Instant::now).elapsed() >= MAX_FORBIDDEN
    }
}

#[cfg(test)]
mod tests {
    use http::StatusCode;
    use tokio::time::advance;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_is_forbidden_again_and_again_is_forbidden_for_good() {
        let refused = |status: u16| {
            let status = StatusCode::from_u16(status).unwrap();
            ApiError::Refused { status, message: String::new() }
        };
        let mut denial = Denial::default();
        for _ in 0..2 {
            assert!(!denial.is_lasting(Some(&refused(403))));
            advance(MAX_FORBIDDEN / 2).await;
        }
        assert!(denial.is_lasting(Some(&refused(403))));
        // Another failure forbids nothing.
        for other in [None, Some(refused(401)), Some(refused(503))] {
            assert!(!denial.is_lasting(other.as_ref()), "{other:?}");
            assert!(!denial.is_lasting(Some(&refused(403))), "after {other:?}");
            advance(MAX_FORBIDDEN).await;
        }
    }
}
