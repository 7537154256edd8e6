//! What the files of a pod show of it.

use std::{io, sync::Arc};

use chrono::{DateTime, Utc};

use crate::{
    line::target::ContainerName,
    source::{
        files::{
            directory::{
                layout::PodDirectory, listed::ListedFile, open_failure::if_readable,
                pod_logs::PodLogs,
            },
            lines::span::first_time,
        },
        pods::seen_pod::{SeenContainer, SeenPod},
    },
};

/// The very pod that it was, if nothing about it changed.
///
/// # Errors
/// When a directory or file cannot be read for a reason other than its absence.
pub(crate) fn look_at(
    pod: &PodLogs<'_>,
    node: Option<&Arc<str>>,
    before: Option<&Arc<SeenPod>>,
) -> io::Result<Arc<SeenPod>> {
    let PodDirectory { pod: reference, uid } = &*pod.name;
    let before = before.filter(|before| before.uid == *uid);
    let mut containers = Vec::new();
    for name in if_readable(pod.containers())?.unwrap_or_default().iter() {
        let known = before.and_then(|pod| pod.containers.iter().find(|one| one.name == *name));
        containers.push(look_at_container(pod, name.clone(), known)?);
    }
    let earliest = || containers.iter().filter_map(|container| container.started_at).min();
    let seen = SeenPod {
        pod: reference.clone(),
        uid: uid.clone(),
        node: node.cloned(),
        is_node_lost: false,
        created_at: before.and_then(|before| before.created_at).or_else(earliest),
        object: None,
        version: before.map_or(0, |before| before.version),
        since: before.map_or(0, |before| before.since),
        containers,
    };
    Ok(match before {
        Some(before) if **before == seen => before.clone(),
        _ => Arc::new(seen),
    })
}

fn look_at_container(
    pod: &PodLogs<'_>,
    name: ContainerName,
    known: Option<&SeenContainer>,
) -> io::Result<SeenContainer> {
    let files = if_readable(pod.list(&name))?.unwrap_or_default();
    // A pod whose files are being removed does not go back to its first run.
    let least = known.map_or(0, |known| known.restart);
    let restart = files.last().map_or(least, |file| file.parsed.restart.max(least));
    let known = known.filter(|known| known.restart == restart);
    if let Some(started_at) = known.and_then(|known| known.started_at) {
        return Ok(SeenContainer { name, restart, started_at: Some(started_at), state: None });
    }
    let mut started_at = None;
    // A compressed file may have been damaged.
    for file in files.iter().filter(|file| file.parsed.restart == restart) {
        started_at = first_line_of(pod, &name, file)?;
        if started_at.is_some() {
            break;
        }
    }
    Ok(SeenContainer { name, restart, started_at, state: None })
}

fn first_line_of(
    pod: &PodLogs<'_>,
    name: &ContainerName,
    listed: &ListedFile,
) -> io::Result<Option<DateTime<Utc>>> {
    let Some(file) = if_readable(pod.open_file(name, listed))? else {
        return Ok(None);
    };
    // What it holds may be anything.
    Ok(first_time(&Arc::new(file)).unwrap_or_default())
}
