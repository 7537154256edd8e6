//! The one place where the gateway's errors become problems.

use actix_web::http::{StatusCode, header};
use pod_logs::{ContainerName, LocateError};
use service_runtime::http::Problem;

use crate::reader::ReadError;

/// When a read may be tried again that had no turn.
pub(super) const SCAN_RETRY_SECONDS: &str = "5";

pub(super) fn problem(error: ReadError) -> Problem {
    match error {
        ReadError::Denied(missing) => Problem::permission_denied(&missing),
        ReadError::Unavailable(error) => unavailable(error),
        ReadError::TooManyScans => Problem::new(
            StatusCode::TOO_MANY_REQUESTS,
            "too_many_scans",
            "Your other reads take all the time that you have; wait for some of them.",
        )
        .header(header::RETRY_AFTER, SCAN_RETRY_SECONDS),
        ReadError::Busy => Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "busy",
            "Too many users read large logs right now; try again.",
        )
        .header(header::RETRY_AFTER, SCAN_RETRY_SECONDS),
    }
}

fn unavailable(error: LocateError) -> Problem {
    let not_found = |code, detail: String| Problem::new(StatusCode::NOT_FOUND, code, detail);
    match error {
        LocateError::NoPod => not_found("pod_not_found", "There are no logs of this pod.".into()),
        LocateError::NoContainer(there) => not_found(
            "container_not_found",
            format!("The pod has no logs of this container; it has: {}.", names(&there)),
        ),
        LocateError::NoLog => {
            not_found("log_not_found", "There is no log of this container.".into())
        }
        LocateError::NotALog(_) => not_found(
            "log_not_found",
            "The log file is a link out of the log directory, or not a regular file. Links may \
             lead to the directories that GATEWAY_LOGS_ROOTS names."
                .into(),
        ),
        LocateError::SourceUnavailable(cause) => Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "source_unavailable",
            "The log directory cannot be looked at right now; try again.",
        )
        .header(header::RETRY_AFTER, "1")
        .caused_by(cause),
        LocateError::NoPrevious => not_found(
            "previous_not_found",
            "There is no log of an earlier run of this container.".into(),
        ),
        LocateError::ContainerRequired(there) => Problem::new(
            StatusCode::BAD_REQUEST,
            "container_required",
            format!("The pod has several containers; choose one of: {}.", names(&there)),
        ),
        LocateError::BadCursor => bad_cursor(),
        LocateError::CursorExpired => Problem::new(
            StatusCode::GONE,
            "cursor_expired",
            "What the cursor points to is gone; read anew.",
        ),
        LocateError::Unreadable(cause) => Problem::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "log_unreadable",
            "There is a log, but the gateway cannot read it; the request id finds why in its log.",
        )
        .caused_by(cause),
    }
}

pub(super) fn bad_cursor() -> Problem {
    Problem::new(
        StatusCode::BAD_REQUEST,
        "bad_cursor",
        "The cursor is not one of this pod and these containers.",
    )
}

fn names(containers: &[ContainerName]) -> String {
    containers.iter().map(ContainerName::as_str).collect::<Vec<_>>().join(", ")
}
