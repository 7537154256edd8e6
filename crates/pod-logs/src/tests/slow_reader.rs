//! A reader of the kubelet's bytes that is too slow for the files it reads.

use std::{
    fs,
    time::{Duration, Instant},
};

use crate::{
    chunk::{LogEnd, Progress},
    line::target::PodRef,
    query::LogQuery,
    source::files::{
        directory::layout::PodDirectory,
        files_source::FilesSource,
        follow::{log_update::GRACE, state::HELD},
        kubelet::{options::KubeletOptions, reading::KubeletReading},
        located::FoundLog,
    },
};

#[test]
fn a_kubelet_reading_ends_where_lines_are_lost() {
    let root = tempfile::tempdir().unwrap();
    let directory = root.path().join("shop_web_1/app");
    fs::create_dir_all(&directory).unwrap();
    let line = format!("2026-11-01T10:00:00Z stdout F {}\n", "x".repeat(1000));
    fs::write(directory.join("0.log"), line.repeat(2000)).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let _entered = runtime.enter();
    let source = FilesSource::open_unwatched(root.path()).unwrap();
    let pod = PodRef { namespace: "shop".parse().unwrap(), pod: "web".parse().unwrap() };
    let query = LogQuery { follow: true, ..LogQuery::default() };
    let found = source.find(&pod, &query).and_then(FoundLog::check).unwrap();
    let input = found.into_file_log();
    let followed = input.following.as_ref().unwrap().log.clone();
    let options = KubeletOptions { follow: true, ..KubeletOptions::default() };
    let mut reading = KubeletReading::new(input, &options).unwrap();
    assert_eq!(reading.write_chunk(&mut Vec::new()).unwrap(), Progress::More);

    let rotated = directory.join("0.log.20261101-100000");
    fs::rename(directory.join("0.log"), &rotated).unwrap();
    fs::write(directory.join("0.log"), "2026-11-01T10:00:01Z stdout F next\n").unwrap();
    let mut now = Instant::now();
    let mut look_after = |time: Duration| {
        now += time;
        let pod = PodDirectory::parse("shop_web_1").unwrap();
        followed.refresh(Some(&source.directory().open_pod(pod).unwrap()), now).unwrap();
    };
    look_after(GRACE);
    look_after(GRACE);
    fs::remove_file(&rotated).unwrap();
    look_after(GRACE);
    look_after(HELD);

    let mut progress = Progress::More;
    while progress == Progress::More {
        progress = reading.write_chunk(&mut Vec::new()).unwrap();
    }
    assert_eq!(progress, Progress::Done(LogEnd::Gap));
}
