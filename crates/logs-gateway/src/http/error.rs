//! The only place where the gateway's errors become problems.

use std::{io, time::Duration};

use actix_web::http::StatusCode;
use pod_logs::{ContainerName, LocateError};
use service_runtime::http::{InputFaults, Problem};

use crate::{
    audit::AuditUnavailable,
    auth::IdentifyError,
    front_reader::ForwardError,
    pods::{CatalogError, ListPodsError},
    reader::{ReadError, ReadManyError},
    unavailable_source::UnavailableSource,
};

/// After which time to try a read again that got no turn.
pub(super) const SCAN_RETRY: Duration = Duration::from_secs(5);

impl From<IdentifyError> for Problem {
    fn from(error: IdentifyError) -> Self {
        match error {
            IdentifyError::Invalid => Self::invalid_token(),
            IdentifyError::Forbidden => Self::new(
                StatusCode::FORBIDDEN,
                "permission_denied",
                "The authority does not permit this token here.",
            ),
            IdentifyError::Unknown(cause) => Self::unavailable(
                "sso_unavailable",
                "The token cannot be checked right now; try again.",
            )
            .caused_by(cause),
        }
    }
}

impl From<ReadError> for Problem {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Denied(missing) => Self::permission_denied(&missing),
            ReadError::Unavailable(error) => not_located(error),
            ReadError::TooManyScans => Self::too_many_requests(
                "too_many_scans",
                "Your other reads use up your share; wait until some of them end.",
                SCAN_RETRY,
            ),
            ReadError::Busy => Self::unavailable_for(
                "busy",
                "Too many users read large logs right now; try again.",
                SCAN_RETRY,
            ),
        }
    }
}

impl From<ListPodsError> for Problem {
    fn from(error: ListPodsError) -> Self {
        match error {
            ListPodsError::Denied(missing) => Self::permission_denied(&missing),
            ListPodsError::Unavailable(UnavailableSource::LogDirectory, cause) => {
                not_located(cause.into())
            }
            ListPodsError::Unavailable(source, cause) => source_unavailable(source, cause),
        }
    }
}

impl From<CatalogError> for Problem {
    fn from(error: CatalogError) -> Self {
        match error {
            CatalogError::Refused(_) => Self::new(
                StatusCode::FORBIDDEN,
                "permission_denied",
                "The cluster does not allow you to list pods.",
            ),
            CatalogError::Unavailable(cause) => {
                source_unavailable(UnavailableSource::ApiServer, cause.into())
            }
        }
    }
}

impl From<ForwardError> for Problem {
    fn from(error: ForwardError) -> Self {
        match error {
            ForwardError::Read(error) => error.into(),
            ForwardError::SeveralNodes => {
                let mut faults = InputFaults::default();
                let detail = "the pod was just moved to another node; ask again to read all of its \
                              incarnations";
                faults.refuse_as("history_unavailable", "history", detail);
                faults.into_problem()
            }
        }
    }
}

impl From<ReadManyError> for Problem {
    fn from(error: ReadManyError) -> Self {
        match error {
            ReadManyError::TooManyLogs => Self::new(
                StatusCode::BAD_REQUEST,
                "too_many_pods",
                "More containers have a log than one stream may merge; ask for fewer pods, or of one pod for \
                 a container or a uid.",
            ),
            ReadManyError::Pods(error) => error.into(),
            ReadManyError::Read(error) => error.into(),
        }
    }
}

impl From<AuditUnavailable> for Problem {
    fn from(_: AuditUnavailable) -> Self {
        Self::unavailable("audit_unavailable", "Reads cannot be recorded right now; try again.")
    }
}

fn not_located(error: LocateError) -> Problem {
    let not_found = |code, detail: String| Problem::not_found(code, detail);
    match error {
        LocateError::NoPod => not_found("pod_not_found", "No logs found for this pod.".into()),
        LocateError::NoContainer(there) => not_found(
            "container_not_found",
            format!("No logs found for this container; the pod has: {}.", names(&there)),
        ),
        LocateError::NoLog => not_found("log_not_found", "No log found for this container.".into()),
        LocateError::Refused(reason) => not_found("log_not_found", format!("{reason}.")),
        LocateError::Forbidden(reason) => {
            Problem::new(StatusCode::FORBIDDEN, "permission_denied", format!("{reason}."))
        }
        LocateError::NoStreams => Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "stream_unavailable",
            "The cluster does not give one stream of a container alone.",
        ),
        LocateError::NotALog(_) => not_found(
            "log_not_found",
            "The log file is a link out of the log directory, or not a regular file. Links may \
             lead to the directories that GATEWAY_LOGS_ROOTS names."
                .into(),
        ),
        LocateError::SourceUnavailable(cause) => {
            source_unavailable(UnavailableSource::LogDirectory, cause)
        }
        LocateError::ServerUnavailable(cause) => {
            source_unavailable(UnavailableSource::ApiServer, cause)
        }
        LocateError::NodeUnavailable(cause) => source_unavailable(UnavailableSource::Node, cause),
        LocateError::NoPrevious => not_found(
            "previous_not_found",
            "No log found for an earlier run of this container.".into(),
        ),
        LocateError::NoRun => {
            not_found("run_not_found", "No log found for this run of this container.".into())
        }
        LocateError::ContainerRequired(there) => Problem::new(
            StatusCode::BAD_REQUEST,
            "container_required",
            format!("The pod has several containers; choose one of: {}.", names(&there)),
        ),
        LocateError::BadCursor => bad_cursor(),
        LocateError::CursorExpired => Problem::new(
            StatusCode::GONE,
            "cursor_expired",
            "The data that the cursor points to is gone; read again without it.",
        ),
        LocateError::Unreadable(cause) => Problem::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "log_unreadable",
            "The gateway cannot read the log; its own log names the cause under the request id.",
        )
        .caused_by(cause),
    }
}

fn source_unavailable(source: UnavailableSource, cause: io::Error) -> Problem {
    let words = source.words();
    let (first, rest) = words.split_at(1);
    let detail = format!("{}{rest}.", first.to_uppercase());
    Problem::unavailable("source_unavailable", detail).caused_by(cause)
}

/// A front is among its own nodes.
pub(super) fn loop_detected() -> Problem {
    Problem::new(
        StatusCode::LOOP_DETECTED,
        "loop_detected",
        "A front was asked by a front; GATEWAY_NODES must name the gateways of nodes only.",
    )
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
