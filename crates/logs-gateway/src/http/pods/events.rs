//! Pods as server-sent events, for as long as the caller may read any.

use std::{sync::Arc, time::Duration};

use actix_web::{
    HttpResponse,
    http::{Method, header},
    web::{Bytes, Data},
};
use chrono::{DateTime, Utc};
use futures_util::{FutureExt, Stream, stream};
use pod_logs::{PodSummary, write_event};
use serde::Serialize;
use service_runtime::{http::Result, server::StallExemption};
use tokio::sync::watch;

use crate::{
    auth::{Caller, Revalidation},
    end_reason::EndReason,
    http::{
        logs::too_many_streams,
        pods::entry::PodEntry,
        state::GatewayState,
        streaming::{
            body::without_body,
            lease::{LeaseTerms, Leased},
            open_log::AuthenticatedRequest,
        },
    },
    pods::{ListPodsError, PodChoice, PodNews, PodStream},
    stream::{Cut, ForcedEnd},
    streams::StreamPermit,
};

pub(super) async fn respond(
    asked: AuthenticatedRequest,
    choice: PodChoice,
    heartbeat: Option<Duration>,
) -> Result<HttpResponse> {
    let revalidation = asked.revalidation();
    let AuthenticatedRequest { request, state, caller, credential, .. } = asked;
    caller.may_read_any().map_err(ListPodsError::Denied)?;
    let mut response = HttpResponse::Ok();
    response.content_type("text/event-stream").insert_header((header::CACHE_CONTROL, "no-store"));
    if request.method() == Method::HEAD {
        return Ok(without_body(response));
    }
    let Some(permit) = state.streams.open(&caller.username, &credential) else {
        return Err(too_many_streams(state.streams.max_per_user()));
    };
    let catalog = state.pods.of_caller(&caller, choice.only_namespace()).await?;
    let end = ForcedEnd::of_events(revalidation.token_end());
    let roles = caller.roles.clone();
    let (described, as_described) = watch::channel(caller);
    let source = catalog.source();
    let pods = PodStream::open(catalog, choice, as_described, heartbeat).await;
    let pods = pods.map_err(|error| ListPodsError::Unavailable(source, error))?;
    let terms = LeaseTerms {
        end: lease_end(&state, revalidation, described, roles).boxed_local(),
        exemption: Some(StallExemption::of(&request)),
    };
    let early_end = Box::new(move |reason| Some(end.write(reason)));
    let body = body(pods, permit, state.clone());
    Ok(response.streaming(Leased::new(body, terms, early_end)))
}

/// Completes when the stream has to end; until then tells how the authority describes the caller.
fn lease_end(
    state: &GatewayState,
    revalidation: Revalidation,
    described: watch::Sender<Caller>,
    roles: Arc<[String]>,
) -> impl Future<Output = EndReason> + use<> {
    let readiness = state.readiness.clone();
    let pods = state.pods.clone();
    let may_continue = move |now: &Caller| {
        described.send_if_modified(|before| before.replace_if_other(now));
        now.may_read_any().is_ok() && !pods.is_other_user(&roles, now)
    };
    async move {
        tokio::select! {
            reason = revalidation.run(may_continue) => reason,
            () = readiness.ended() => EndReason::Shutdown,
        }
    }
}

fn body(
    pods: PodStream,
    permit: StreamPermit,
    state: Data<GatewayState>,
) -> impl Stream<Item = std::result::Result<Bytes, Cut>> {
    stream::unfold((pods, permit, state), |(mut pods, permit, state)| async move {
        let mut chunk = Vec::new();
        for news in pods.next().await {
            write_news(&news, &state, &mut chunk);
        }
        Some((Ok(chunk.into()), (pods, permit, state)))
    })
}

fn write_news(news: &PodNews, state: &GatewayState, out: &mut Vec<u8>) {
    match news {
        PodNews::Added(pod) => write_pod("added", pod, out),
        PodNews::Changed(pod) => write_pod("changed", pod, out),
        PodNews::Removed(pod) => {
            let removed = RemovedPod {
                event: "removed",
                namespace: pod.pod.namespace.as_str(),
                pod: pod.pod.pod.as_str(),
                uid: pod.uid.as_str(),
            };
            write_event(out, "pod", &removed);
        }
        PodNews::Synced => {
            let synced = SyncedPods {
                node: state.node_name.as_deref(),
                started_at: state.started_at,
                missing: state.pods.missing(),
            };
            write_event(out, "synced", &synced);
        }
        PodNews::Heartbeat => write_event(out, "heartbeat", &true),
        PodNews::StillHere => out.extend_from_slice(b": still here\n\n"),
    }
}

fn write_pod(event: &'static str, pod: &PodSummary, out: &mut Vec<u8>) {
    write_event(out, "pod", &ShownPod { event, pod: PodEntry::of(pod) });
}

/// The end of what there was, and who told it.
#[derive(Serialize)]
struct SyncedPods<'a> {
    /// The node of the gateway, if it reads the logs of one.
    node: Option<&'a str>,
    /// When the gateway started.
    started_at: DateTime<Utc>,
    /// The nodes of which the present pods are not known.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    missing: Vec<String>,
}

/// A pod that came or changed.
#[derive(Serialize)]
struct ShownPod<'a> {
    event: &'static str,
    #[serde(flatten)]
    pod: PodEntry<'a>,
}

/// A pod that went.
#[derive(Serialize)]
struct RemovedPod<'a> {
    event: &'static str,
    namespace: &'a str,
    pod: &'a str,
    uid: &'a str,
}
