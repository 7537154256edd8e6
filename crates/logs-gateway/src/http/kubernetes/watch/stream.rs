//! The events of a watch: an object a line, for as long as the caller may see them.

use std::{
    convert::Infallible, fmt::Display, future::pending, io::Write, mem, sync::Arc, time::Duration,
    vec,
};

use actix_web::{HttpResponse, http::header, web::Bytes};
use chrono::{DateTime, Utc};
use futures_util::{FutureExt, Stream, stream};
use pod_logs::{PodChange, PodChangeKind, PodWatch, PodsByName, TooOld};
use serde_json::{Value, json};
use service_runtime::clock::Clock;
use tokio::time::{Instant, sleep_until};

use crate::{
    auth::{Caller, Revalidation},
    end_reason::EndReason,
    http::{
        GatewayState,
        kubernetes::{
            request::accept::ObjectForm,
            status::{Result, StatusError},
            survey::survey,
            watch::options::{Start, WatchOptions},
        },
        streaming::{
            lease::{LeaseTerms, Leased},
            open_log::AuthenticatedRequest,
        },
    },
    pods::PodCatalog,
    streams::StreamPermit,
};

/// How often a bookmark reports the progress of the watch.
const BOOKMARK_EVERY: Duration = Duration::from_secs(60);
/// How many events are written at once, which bounds the objects in memory.
const EVENTS_AT_ONCE: usize = 64;

/// How changes are shown to a caller.
pub(in crate::http::kubernetes) struct View {
    /// The media type of the objects.
    pub(in crate::http::kubernetes) kind: &'static str,
    pub(in crate::http::kubernetes) form: ObjectForm,
    /// Starts to show changes to the caller, given the visible ones of these pods.
    pub(in crate::http::kubernetes) show: Box<dyn FnOnce(&PodsByName) -> ChangeView>,
}

/// Shows a change as the object in its form; `None` if the caller may not see it. Takes the present
/// instant.
pub(in crate::http::kubernetes) type ChangeView =
    Box<dyn FnMut(&PodChange, DateTime<Utc>) -> Option<(PodChangeKind, Value)>>;

/// Answers with the events of a caller who may watch.
pub(in crate::http::kubernetes) async fn respond(
    asked: AuthenticatedRequest,
    pods: PodCatalog,
    options: WatchOptions,
    view: View,
) -> Result<HttpResponse> {
    let revalidation = asked.revalidation();
    let AuthenticatedRequest { request, state, caller, credential, .. } = asked;
    let Some(permit) = state.streams.open(&caller.username, &credential) else {
        return Err(StatusError::too_many_requests(state.streams.max_per_user()));
    };
    let survey = survey(&request, &pods).await?;
    let (first, position) = match options.start {
        Start::Everything => (survey.as_changes(), survey.version),
        Start::Now => (Vec::new(), survey.version),
        Start::After(version) => (Vec::new(), version),
    };
    let known = match options.start {
        Start::Everything => Ok(PodsByName::new()),
        Start::Now | Start::After(_) => pods.pods_at(position),
    };
    let mut response = HttpResponse::Ok();
    response.content_type("application/json");
    response.insert_header((header::CACHE_CONTROL, "no-cache, private"));
    let watching = pods.watch(position);
    let (Ok(known), Ok(watching)) = (known, watching) else {
        let mut event = Vec::new();
        let status = too_old_status(position, state.clock.now());
        write_event(&mut event, "ERROR", &status.to_json());
        return Ok(response.body(event));
    };
    let now = Instant::now();
    let events = Events {
        watching,
        pending: first.into_iter(),
        kind: view.kind,
        form: view.form,
        show: (view.show)(&known),
        clock: state.clock.clone(),
        has_columns: false,
        bookmarks: options.bookmarks,
        marks_start: options.marks_start,
        owes_bookmark: false,
        is_ending: false,
        next_bookmark: now + BOOKMARK_EVERY,
        ends: now + options.time,
        is_over: false,
    };
    let end = permission_end(revalidation, &state, caller);
    let early_end = Box::new(|reason| early_end(reason).map(Ok));
    let terms = LeaseTerms { end: end.boxed_local(), exemption: None };
    Ok(response.streaming(Leased::new(body(events, permit), terms, early_end)))
}

/// Completes when the watch has to end, also when the permissions of the caller change.
fn permission_end(
    revalidation: Revalidation,
    state: &GatewayState,
    caller: Caller,
) -> impl Future<Output = EndReason> + use<> {
    let readiness = state.readiness.clone();
    let pods = state.pods.clone();
    let may_continue = move |now: &Caller| {
        now.has_same_permissions(&caller) && !pods.is_other_user(&caller.roles, now)
    };
    async move {
        tokio::select! {
            reason = revalidation.run(may_continue) => reason,
            () = readiness.ended() => EndReason::Shutdown,
        }
    }
}

fn body(
    events: Events,
    permit: StreamPermit,
) -> impl Stream<Item = std::result::Result<Bytes, Infallible>> {
    stream::unfold((events, permit), |(mut events, permit)| async move {
        let chunk = events.next().await?;
        Some((Ok(chunk), (events, permit)))
    })
}

/// The events of a watch.
struct Events {
    watching: PodWatch,
    /// Changes that are not written yet.
    pending: vec::IntoIter<PodChange>,
    kind: &'static str,
    form: ObjectForm,
    show: ChangeView,
    clock: Arc<dyn Clock>,
    /// Whether the first table was written, the only one with columns.
    has_columns: bool,
    bookmarks: bool,
    /// The end of the initial events is still to be marked.
    marks_start: bool,
    /// A bookmark is due after the pending changes.
    owes_bookmark: bool,
    /// The watch ends after the pending changes.
    is_ending: bool,
    next_bookmark: Instant,
    ends: Instant,
    is_over: bool,
}

impl Events {
    /// The next events; `None` at the end.
    async fn next(&mut self) -> Option<Bytes> {
        let mut out = Vec::new();
        while out.is_empty() && !self.is_over {
            if !self.pending.as_slice().is_empty() {
                self.show_pending(&mut out);
            } else if mem::take(&mut self.marks_start) {
                self.write_bookmark(json!({ "k8s.io/initial-events-end": "true" }), &mut out);
            } else if mem::take(&mut self.owes_bookmark) {
                self.write_bookmark(json!({}), &mut out);
            } else if self.is_ending {
                self.is_over = true;
            } else {
                self.wait(&mut out).await;
            }
        }
        (!out.is_empty()).then(|| out.into())
    }

    async fn wait(&mut self, out: &mut Vec<u8>) {
        let position = self.watching.position();
        let bookmark = async {
            match self.bookmarks {
                true => sleep_until(self.next_bookmark).await,
                false => pending().await,
            }
        };
        tokio::select! {
            () = sleep_until(self.ends) => {
                self.is_ending = true;
                self.catch_up(out);
            }
            () = bookmark => {
                self.next_bookmark += BOOKMARK_EVERY;
                self.catch_up(out);
            }
            changes = self.watching.next() => self.take(position, changes, out),
        }
    }

    /// Takes all changes up to now: a bookmark says that they were written.
    fn catch_up(&mut self, out: &mut Vec<u8>) {
        self.owes_bookmark = self.bookmarks;
        let position = self.watching.position();
        let changes = self.watching.catch_up(self.clock.now());
        self.take(position, changes, out);
    }

    fn take(
        &mut self,
        position: u64,
        changes: std::result::Result<Vec<PodChange>, TooOld>,
        out: &mut Vec<u8>,
    ) {
        match changes {
            Ok(changes) => self.pending = changes.into_iter(),
            Err(TooOld) => self.fail(&too_old_status(position, self.clock.now()), out),
        }
    }

    fn show_pending(&mut self, out: &mut Vec<u8>) {
        let now = self.clock.now();
        for change in self.pending.by_ref().take(EVENTS_AT_ONCE) {
            let Some((kind, mut object)) = (self.show)(&change, now) else {
                continue;
            };
            if matches!(self.form, ObjectForm::Table(_))
                && mem::replace(&mut self.has_columns, true)
            {
                object["columnDefinitions"] = Value::Null;
            }
            write_event(out, word(kind), &object);
        }
    }

    fn fail(&mut self, status: &StatusError, out: &mut Vec<u8>) {
        self.is_over = true;
        write_event(out, "ERROR", &status.to_json());
    }

    /// Writes the version up to which all changes were written.
    fn write_bookmark(&self, annotations: Value, out: &mut Vec<u8>) {
        let version = self.watching.position().to_string();
        let mut metadata = json!({ "resourceVersion": version, "creationTimestamp": null });
        if annotations != json!({}) {
            metadata["annotations"] = annotations;
        }
        let partial = |api| json!({ "kind": "PartialObjectMetadata", "apiVersion": api, "metadata": metadata });
        let object = match self.form {
            ObjectForm::Object => {
                json!({ "kind": self.kind, "apiVersion": "v1", "metadata": metadata })
            }
            ObjectForm::Metadata(api) => partial(api),
            ObjectForm::Table(api) => json!({
                "kind": "Table",
                "apiVersion": api,
                "metadata": { "resourceVersion": version },
                "columnDefinitions": null,
                "rows": [{ "cells": [], "object": partial(api) }],
            }),
        };
        write_event(out, "BOOKMARK", &object);
    }
}

/// The last event of a watch that ends with its token, so that the client sees an error. At a
/// shutdown there is none: the client watches again.
fn early_end(reason: EndReason) -> Option<Bytes> {
    let status = match reason {
        EndReason::Expired | EndReason::Revoked => StatusError::unauthorized(),
        EndReason::Forbidden => StatusError::expired("your permissions have changed; list again"),
        EndReason::Unavailable => StatusError::unavailable(),
        _ => return None,
    };
    let mut event = Vec::new();
    write_event(&mut event, "ERROR", &status.to_json());
    Some(event.into())
}

fn word(kind: PodChangeKind) -> &'static str {
    match kind {
        PodChangeKind::Added => "ADDED",
        PodChangeKind::Modified => "MODIFIED",
        PodChangeKind::Deleted => "DELETED",
    }
}

fn too_old_status(position: u64, now: DateTime<Utc>) -> StatusError {
    let now = now.timestamp_micros();
    StatusError::expired(format!("too old resource version: {position} ({now})"))
}

fn write_event(out: &mut Vec<u8>, kind: &str, object: &dyn Display) {
    // Writing to memory does not fail.
    let _ = writeln!(out, r#"{{"type":"{kind}","object":{object}}}"#);
}
