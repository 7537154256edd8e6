//! Answers with an opened log, for as long as its caller may read it.

use std::{
    future::{Ready, ready},
    io,
};

use actix_web::{
    Error, FromRequest, HttpMessage, HttpRequest, HttpResponse, HttpResponseBuilder, dev::Payload,
    error::ErrorInternalServerError, http::StatusCode, web,
};
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::FutureExt;
use pod_logs::PodRef;
use service_runtime::{http::RequestContext, server::StallExemption};
use tokio::sync::watch;

use crate::{
    audit::{AdmittedRead, ReadTarget},
    auth::{Caller, Credential, Revalidation},
    end_reason::EndReason,
    http::{
        audited::read_request,
        state::GatewayState,
        streaming::{
            body::{self, Frame},
            encoding::accepted_encoding,
            lease::LeaseTerms,
            log_body::LogBody,
        },
    },
    many_choice::ManyChoice,
    metrics::BodyFormat,
    stream::LogContent,
    streams::StreamPermit,
};

/// A request with its caller, for handlers whose answer lasts. Both authentications provide it.
pub(in crate::http) struct AuthenticatedRequest {
    pub(in crate::http) request: HttpRequest,
    pub(in crate::http) state: web::Data<GatewayState>,
    pub(in crate::http) caller: Caller,
    pub(in crate::http) credential: Credential,
    /// The body of the request.
    pub(in crate::http) payload: Payload,
}

impl FromRequest for AuthenticatedRequest {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let extensions = request.extensions();
        let (Some(state), Some(caller), Some(credential)) = (
            request.app_data::<web::Data<GatewayState>>().cloned(),
            extensions.get::<Caller>().cloned(),
            extensions.get::<Credential>().cloned(),
        ) else {
            return ready(Err(ErrorInternalServerError("the request was not authenticated")));
        };
        let (request, payload) = (request.clone(), payload.take());
        ready(Ok(Self { request, state, caller, credential, payload }))
    }
}

impl AuthenticatedRequest {
    /// The revalidation of the caller's credential while the answer lasts.
    pub(in crate::http) fn revalidation(&self) -> Revalidation {
        let Self { request, state, caller, credential, .. } = self;
        Revalidation::new(
            state.authority.clone(),
            state.clock.clone(),
            credential.clone(),
            RequestContext::of(request),
            state.revalidation_times,
            caller.expires_at,
        )
    }
}

/// How long after its timestamp a line may be written to its file.
const WRITTEN_WITHIN: TimeDelta = TimeDelta::seconds(1);

/// An opened log, or logs of many pods.
pub(in crate::http) struct OpenedLog {
    pub(in crate::http) log: LogContent,
    pub(in crate::http) access: LogAccess,
    /// The log, as its record names it.
    pub(in crate::http) target: ReadTarget,
    pub(in crate::http) format: BodyFormat,
    pub(in crate::http) follows: bool,
    /// The requested end: only lines before this time are sent.
    pub(in crate::http) until: Option<DateTime<Utc>>,
    pub(in crate::http) permit: StreamPermit,
    pub(in crate::http) admitted: AdmittedRead,
}

/// What the caller has to be permitted to read while the answer lasts.
#[derive(Debug)]
pub(in crate::http) enum LogAccess {
    Pod(PodRef),
    /// Any of these; what may not be read is left out.
    Many(ManyChoice),
}

/// Answers with the log in its frame.
///
/// # Errors
/// When the encoder cannot be set up.
pub(in crate::http) fn log_response(
    asked: AuthenticatedRequest,
    opened: OpenedLog,
    response: HttpResponseBuilder,
    frame: Frame,
) -> io::Result<HttpResponse> {
    let encoding = accepted_encoding(&asked.request).filter(|_| !opened.log.is_encoded());
    let (mut log, terms) = recorded(&asked, opened, StatusCode::OK);
    // It is the caller's at this moment: nothing of it is left to be ended.
    if encoding.is_none()
        && let Some(whole) = log.take_whole()
    {
        return Ok(body::whole(response, whole, frame));
    }
    let (log, terms) = lease(asked, log, terms);
    body::answer(response, log, frame, encoding, terms)
}

impl LogAccess {
    /// Whether the answer goes on for the caller as the authority describes it now, which is told.
    fn allows(&self, caller: &Caller, described: &watch::Sender<Caller>) -> bool {
        match self {
            Self::Pod(pod) => caller.may_read(pod).is_ok(),
            Self::Many(choice) => {
                described.send_if_modified(|before| before.replace_if_other(caller));
                choice.check(caller).is_ok()
            }
        }
    }
}

/// Prepares the log for its caller, with the terms on which it ends: with the token, and a followed
/// log also with the service. Its record begins.
pub(in crate::http) fn lease_log(
    asked: AuthenticatedRequest,
    opened: OpenedLog,
    status: StatusCode,
) -> (LogBody, LeaseTerms) {
    let (log, terms) = recorded(&asked, opened, status);
    lease(asked, log, terms)
}

/// What the end of a lease depends on, besides the token.
struct OpenedTerms {
    access: LogAccess,
    follows: bool,
    until: Option<DateTime<Utc>>,
}

/// Begins the record of the log's body.
fn recorded(
    asked: &AuthenticatedRequest,
    opened: OpenedLog,
    status: StatusCode,
) -> (LogBody, OpenedTerms) {
    let OpenedLog { log, access, target, format, follows, until, permit, admitted } = opened;
    let meter = asked.state.bodies.open(format, follows);
    let record = admitted.begin(read_request(asked, target), status.as_u16(), meter);
    (LogBody::new(log, record, permit), OpenedTerms { access, follows, until })
}

fn lease(asked: AuthenticatedRequest, log: LogBody, terms: OpenedTerms) -> (LogBody, LeaseTerms) {
    let OpenedTerms { access, follows, until } = terms;
    let revalidation = asked.revalidation();
    let AuthenticatedRequest { request, state, caller, .. } = asked;
    let (pods, roles) = (state.pods.clone(), caller.roles.clone());
    let described = watch::Sender::new(caller);
    let restriction = match access {
        LogAccess::Many(_) => Some(described.subscribe()),
        LogAccess::Pod(_) => None,
    };
    let context = RequestContext::of(&request);
    let ends_in = until.filter(|_| follows).map(|until| {
        let written_by = until.checked_add_signed(WRITTEN_WITHIN).unwrap_or(until);
        (written_by - context.arrived).to_std().unwrap_or_default()
    });
    let token_end = revalidation.token_end();
    let readiness = state.readiness.clone();
    // The client may pause for as long as the token lives.
    let exemption = Some(StallExemption::of(&request));
    let may_continue =
        move |now: &Caller| access.allows(now, &described) && !pods.is_other_user(&roles, now);
    // Boxed on its own: a future that holds another by value has room for it twice.
    let mut revalidating = revalidation.run(may_continue).boxed_local();
    let end = async move {
        tokio::select! {
            reason = &mut revalidating => reason,
            // A log that is not followed ends by itself.
            () = readiness.ended(), if follows => EndReason::Shutdown,
        }
    };
    let end = log.record_of_lease().watch(end).boxed_local();
    let log = log.change(|log| {
        let log = log.complete_in(ends_in).warning_of(token_end);
        match restriction {
            Some(caller) => log.restricted_to(caller),
            None => log,
        }
    });
    (log, LeaseTerms { end, exemption })
}
