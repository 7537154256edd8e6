//! Summaries of pods from their files.

use std::{io, sync::Arc};

use chrono::{DateTime, Utc};

use crate::{
    line::target::{ContainerName, PodRef, PodUid},
    source::{
        files::directory::{
            listed::ListedFile, log_directory::LogDirectory, open_failure::if_readable,
            pod_logs::PodLogs, write_order::OpenedFile,
        },
        pods::pod_summary::{ContainerSummary, PodSummary, RunSummary},
    },
};

/// The pods that `may_see` lets through, sorted by namespace and name.
pub(crate) fn pod_summaries(
    directory: &LogDirectory,
    node: Option<&Arc<str>>,
    may_see: impl Fn(&PodRef) -> bool,
) -> io::Result<Vec<PodSummary>> {
    let mut summaries = Vec::new();
    directory.for_each_pod(may_see, |pod, incarnations| {
        if let Some(last) = incarnations.last() {
            let incarnations = incarnations.iter().map(|pod| pod.name.uid.clone()).collect();
            let node = node.cloned();
            summaries.push(PodSummary { node, ..summary(pod, incarnations, last)? });
        }
        Ok(())
    })?;
    summaries.sort_by(|one: &PodSummary, next| one.pod.cmp(&next.pod));
    Ok(summaries)
}

fn summary(pod: &PodRef, incarnations: Vec<PodUid>, last: &PodLogs<'_>) -> io::Result<PodSummary> {
    let names = if_readable(last.containers())?.unwrap_or_default();
    let containers: Vec<_> =
        names.iter().map(|name| container(last, name)).collect::<io::Result<_>>()?;
    let first_times = containers.iter().flat_map(|container| &container.runs);
    let created_at = first_times.filter_map(|run| run.first_time).min();
    let (pod, uid) = (pod.clone(), last.name.uid.clone());
    Ok(PodSummary { pod, uid, node: None, incarnations, created_at, containers, object: None })
}

fn container(pod: &PodLogs<'_>, name: &ContainerName) -> io::Result<ContainerSummary> {
    let listed = if_readable(pod.list(name))?.unwrap_or_default();
    let (mut runs, mut last_write) = (Vec::new(), None);
    for of_run in listed.chunk_by(|one, next| one.parsed.restart == next.parsed.restart) {
        let files = open(pod, name, of_run)?;
        last_write = last_write.max(files.iter().filter_map(|opened| opened.file.modified).max());
        runs.push(run(pod, of_run[0].parsed.restart, &files));
    }
    Ok(ContainerSummary { name: name.clone(), last_write, runs, status: None })
}

/// The files that can be opened.
fn open(
    pod: &PodLogs<'_>,
    name: &ContainerName,
    listed: &[ListedFile],
) -> io::Result<Vec<OpenedFile>> {
    let mut files = Vec::with_capacity(listed.len());
    for listed in listed {
        if let Some(file) = if_readable(pod.open_file(name, listed))? {
            let file = Arc::new(file);
            files.push(OpenedFile { file, is_current: listed.parsed.is_current(), is_lost: false });
        }
    }
    Ok(files)
}

/// The time of the first line. What is remembered of heads is for files that do not change.
fn first_time(pod: &PodLogs<'_>, opened: &OpenedFile) -> Option<DateTime<Utc>> {
    let OpenedFile { file, is_current, .. } = opened;
    let head = if *is_current { file.head().ok() } else { pod.head(file) };
    head?.first_time
}

fn run(pod: &PodLogs<'_>, restart: u32, files: &[OpenedFile]) -> RunSummary {
    let mut plain_at_end =
        files.iter().map(|opened| &opened.file).rev().take_while(|file| !file.is_compressed());
    RunSummary {
        restart,
        first_time: files.iter().find_map(|opened| first_time(pod, opened)),
        last_time: plain_at_end.find_map(|file| pod.last_time(file)),
        size: files.iter().map(|opened| opened.file.stored_bytes()).sum(),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn summaries(root: &std::path::Path) -> Vec<PodSummary> {
        let directory = LogDirectory::new(root, &[]).unwrap();
        pod_summaries(&directory, None, |pod| pod.namespace.as_str() != "hidden").unwrap()
    }

    #[test]
    fn visible_pods_are_sorted_and_know_their_incarnations() {
        let root = tempfile::tempdir().unwrap();
        for name in ["shop-b_web_1", "shop_web_2", "shop_web_1", "shop_db_9", "hidden_db_3"] {
            fs::create_dir_all(root.path().join(name).join("app")).unwrap();
            fs::write(root.path().join(name).join("app/0.log"), name).unwrap();
        }
        let seen: Vec<_> = summaries(root.path())
            .iter()
            .map(|summary| {
                let (namespace, pod) = (&summary.pod.namespace, &summary.pod.pod);
                (format!("{namespace}/{pod}"), summary.uid.to_string(), summary.incarnations.len())
            })
            .collect();
        let expected = [("shop/db", "9", 1), ("shop/web", "1", 2), ("shop-b/web", "1", 1)];
        assert_eq!(seen, expected.map(|(pod, uid, count)| (pod.into(), uid.into(), count)));
    }

    #[test]
    fn runs_have_times_and_sizes() {
        let root = tempfile::tempdir().unwrap();
        let app = root.path().join("shop_web_1/app");
        fs::create_dir_all(&app).unwrap();
        fs::create_dir_all(root.path().join("shop_web_1/slow")).unwrap();
        let line = |second: u8| format!("2026-11-01T10:00:{second:02}Z stdout F x\n");
        let files = [
            ("0.log", line(1) + &line(2)),
            ("1.log.20261101-100004", line(3)),
            ("1.log", line(4) + &line(5) + "2026"),
        ];
        for (name, content) in &files {
            fs::write(app.join(name), content).unwrap();
        }
        let summary = summaries(root.path()).remove(0);
        let [app, slow] = &summary.containers[..] else { panic!("{summary:?}") };
        let at = |second: i64| DateTime::from_timestamp(1_793_527_200 + second, 0);
        let size = |index: usize| files[index].1.len() as u64;
        let expected = [(0, at(1), at(2), size(0)), (1, at(3), at(5), size(1) + size(2))];
        let runs = app.runs.iter();
        let runs: Vec<_> =
            runs.map(|run| (run.restart, run.first_time, run.last_time, run.size)).collect();
        assert_eq!(runs, expected);
        assert_eq!((app.size(), summary.created_at), (Some(size(0) + size(1) + size(2)), at(1)));
        assert!(app.last_write.is_some());
        assert_eq!((slow.size(), slow.last_write, slow.runs.len()), (Some(0), None, 0));
    }
}
