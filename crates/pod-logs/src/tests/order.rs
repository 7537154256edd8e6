//! The order of rotated files, whose names tell the local time.

use std::{
    fs::{self, File},
    io::Write,
    ops::Range,
    path::Path,
};

use flate2::{Compression, write::GzEncoder};

use super::paging::{PagedLine, beside, read};
use crate::{
    line::target::PodRef,
    merge::{chosen_lines::ChosenLines, merge_step::MergeStep},
    query::{Anchor, LogQuery},
    source::{
        files::{directory::layout::PodDirectory, files_source::FilesSource},
        log_input::LogInput,
    },
};

/// Summer time ended between the second and the third.
const ROTATED: [(&str, Range<u32>); 3] = [
    ("0.log.20261025-024000", 0..40),
    ("0.log.20261025-025000", 40..50),
    ("0.log.20261025-021000", 50..60),
];
const CURRENT: (&str, Range<u32>) = ("0.log", 60..70);

fn content(numbers: &Range<u32>) -> String {
    let line = |number| {
        let (minute, second) = (number / 60, number % 60);
        format!("2026-10-25T01:{minute:02}:{second:02}Z stdout F {number}\n")
    };
    numbers.clone().map(line).collect()
}

fn write(directory: &Path, compressed: &[usize]) {
    fs::create_dir_all(directory).unwrap();
    for (index, (name, numbers)) in ROTATED.iter().enumerate() {
        if compressed.contains(&index) {
            let file = File::create(directory.join(format!("{name}.gz"))).unwrap();
            let mut encoder = GzEncoder::new(file, Compression::fast());
            encoder.write_all(content(numbers).as_bytes()).unwrap();
            encoder.finish().unwrap();
        } else {
            fs::write(directory.join(name), content(numbers)).unwrap();
        }
    }
    fs::write(directory.join(CURRENT.0), content(&CURRENT.1)).unwrap();
}

fn numbers(lines: &[PagedLine]) -> Vec<u32> {
    lines.iter().map(|line| line.message.parse().unwrap()).collect()
}

fn all(range: Range<u32>) -> Vec<u32> {
    range.collect()
}

#[test]
fn files_rotated_while_the_clock_was_set_back_are_read_in_write_order() {
    for compressed in [&[][..], &[0], &[0, 1], &[2, 0]] {
        let root = tempfile::tempdir().unwrap();
        write(&root.path().join("shop_web_1/app"), compressed);
        let source = FilesSource::open_unwatched(root.path()).unwrap();
        let query = LogQuery::default();
        let whole = read(&source, &query);
        assert_eq!(numbers(&whole), all(0..70));
        let tail = LogQuery { tail: Some(15), ..query.clone() };
        assert_eq!(numbers(&read(&source, &tail)), all(55..70));
        for line in [5, 39, 45, 55, 65] {
            let after = beside(&query, Anchor::After, &whole[line as usize], 0);
            assert_eq!(numbers(&read(&source, &after)), all(line + 1..70));
            let before = beside(&query, Anchor::Before, &whole[line as usize], 0);
            assert_eq!(numbers(&read(&source, &before)), all(0..line));
        }
    }
}

#[test]
fn files_rotated_again_while_the_clock_is_set_back_are_followed_in_write_order() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let _entered = runtime.enter();
    for looks_between in [false, true] {
        let root = tempfile::tempdir().unwrap();
        let directory = root.path().join("shop_web_1/app");
        fs::create_dir_all(&directory).unwrap();
        let current = directory.join(CURRENT.0);
        fs::write(&current, content(&(0..1))).unwrap();
        let source = FilesSource::open_unwatched(root.path()).unwrap();
        let pod = PodRef { namespace: "shop".parse().unwrap(), pod: "web".parse().unwrap() };
        let query = LogQuery { follow: true, ..LogQuery::default() };
        let input = source.find(&pod, &query).unwrap().check().unwrap().into_file_log();
        let followed = input.following.as_ref().unwrap().log.clone();
        let look = || {
            let pod = source.directory().open_pod(PodDirectory::parse("shop_web_1").unwrap());
            let pod = pod.unwrap();
            let now = std::time::Instant::now();
            for seconds in 0..3 {
                let now = now + std::time::Duration::from_secs(seconds);
                followed.refresh(Some(&pod), now).unwrap();
            }
        };
        for (name, numbers) in ROTATED {
            fs::write(&current, content(&numbers)).unwrap();
            if looks_between {
                look();
            }
            fs::rename(&current, directory.join(name)).unwrap();
            if looks_between {
                look();
            }
        }
        fs::write(&current, content(&CURRENT.1)).unwrap();
        look();
        let mut lines =
            ChosenLines::new(vec![LogInput::Files(input)], &LogQuery::default()).unwrap();
        let mut seen = Vec::new();
        while lines.advance().unwrap() == MergeStep::Line {
            let text = String::from_utf8(lines.line().unwrap().content.to_vec()).unwrap();
            seen.push(text.parse::<u32>().unwrap());
        }
        assert_eq!(seen, all(0..70), "{looks_between}");
    }
}
