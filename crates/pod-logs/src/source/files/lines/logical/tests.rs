use super::*;
use crate::line::log_line::LineEnding;
use crate::source::files::lines::physical::tests::{broken, chain_of, file, plain};

pub(crate) fn collect(mut lines: LogicalLines) -> Vec<(String, String, bool)> {
    let mut all = Vec::new();
    while lines.advance().unwrap() == Advance::Line {
        let line = lines.line().unwrap();
        let mut stamp = Vec::new();
        line.time.write_stamp(&mut stamp);
        let second = String::from_utf8(stamp).unwrap()[17..19].to_owned();
        let content = String::from_utf8_lossy(line.content).into_owned();
        all.push((second, content, line.ending == LineEnding::Newline));
    }
    all
}

/// The same, with the parts of a line put together where the first one stands.
pub(crate) fn collect_whole(mut lines: LogicalLines) -> Vec<(String, bool)> {
    let (mut all, mut begun) = (Vec::<(String, bool)>::new(), [0; 2]);
    while lines.advance().unwrap() == Advance::Line {
        let line = lines.line().unwrap();
        let content = String::from_utf8_lossy(line.content);
        if !line.is_continuation {
            begun[line.stream as usize] = all.len();
            all.push((String::new(), true));
        }
        let (whole, is_finished) = &mut all[begun[line.stream as usize]];
        whole.push_str(&content);
        *is_finished = line.ending == LineEnding::Newline;
    }
    all
}

fn cri(second: u8, stream: &str, tag: &str, content: &str) -> String {
    format!("2026-11-01T10:00:{second:02}Z {stream} {tag} {content}\n")
}

fn lines_of(content: &str, start: u64, only: Option<OutputStream>) -> Vec<(String, String, bool)> {
    collect(LogicalLines::new(&chain_of(content.as_bytes(), start), only).unwrap())
}

fn line(second: &str, content: &str) -> (String, String, bool) {
    (second.to_owned(), content.to_owned(), true)
}

#[test]
fn pieces_are_joined_per_stream_and_have_the_first_ones_time() {
    let content = [
        cri(1, "stdout", "P", "a"),
        cri(2, "stderr", "P", "x"),
        cri(3, "stdout", "P", "b"),
        cri(4, "stderr", "F", "y"),
        cri(5, "stdout", "F", "c"),
        cri(6, "stdout", "F", "d"),
    ]
    .concat();
    assert_eq!(lines_of(&content, 0, None), [line("02", "xy"), line("01", "abc"), line("06", "d")]);
    assert_eq!(lines_of(&content, 0, Some(OutputStream::Stderr)), [line("02", "xy")]);
}

#[test]
fn docker_pieces_are_joined_too() {
    let piece = |second: u8, log: &str| {
        format!(
            r#"{{"log":"{log}","stream":"stdout","time":"2026-11-01T10:00:{second:02}Z"}}{}"#,
            '\n'
        )
    };
    let content = [piece(1, "a"), piece(2, r"b\u00e4\n"), piece(3, r"c\n")].concat();
    assert_eq!(lines_of(&content, 0, None), [line("01", "abä"), line("03", "c")]);
}

#[test]
fn an_unfinished_end_is_a_line_without_newline() {
    let content = [cri(1, "stdout", "P", "a"), cri(2, "stderr", "P", "x")].concat();
    let unfinished = |second: &str, text: &str| (second.to_owned(), text.to_owned(), false);
    assert_eq!(lines_of(&content, 0, None), [unfinished("01", "a"), unfinished("02", "x")]);
    let half = content.clone() + "2026-11-01T10:00:03Z stdout F half";
    assert_eq!(lines_of(&half, 0, None), [unfinished("01", "ahalf"), unfinished("02", "x")]);
    let header = content + "2026-11-01T10:00:03Z std";
    assert_eq!(lines_of(&header, 0, None), [unfinished("01", "a"), unfinished("02", "x")]);
}

#[test]
fn a_malformed_line_is_skipped() {
    let content =
        format!("garbage\n{}\n-{}", cri(1, "stdout", "F", "a"), cri(2, "stdout", "F", "b"));
    assert_eq!(lines_of(&content, 0, None), [line("01", "a")]);
}

#[test]
fn a_line_longer_than_the_span_comes_in_parts() {
    let piece = "x".repeat(200_000);
    let pieces: Vec<String> = (1..=10).map(|second| cri(second, "stdout", "P", &piece)).collect();
    let content = pieces.concat() + &cri(11, "stdout", "F", "end");
    let lines = lines_of(&content, 0, None);
    let parts: Vec<_> = lines.iter().map(|line| (&line.0[..], line.1.len(), line.2)).collect();
    assert_eq!(parts, [("01", 1_200_000, false), ("01", 800_003, true)]);
}

#[test]
fn nul_bytes_before_a_record_do_not_hide_it() {
    let nuls = "\0".repeat(600_000);
    let docker = r#"{"log":"b\n","stream":"stdout","time":"2026-11-01T10:00:02Z"}"#;
    let content = [&nuls, &*cri(1, "stdout", "F", "a"), "\0\0", docker, "\n", &nuls].concat();
    assert_eq!(lines_of(&content, 0, None), [line("01", "a"), line("02", "b")]);
}

#[test]
fn a_record_of_docker_longer_than_the_buffer_is_read_or_becomes_a_gap() {
    let record = |second: u8, length: usize| {
        let log = "x".repeat(length);
        format!(
            "{{\"log\":\"{log}\\n\",\"stream\":\"stdout\",\"time\":\"2026-11-01T10:00:{second:02}Z\"}}\n"
        )
    };
    let content = [record(1, 3), record(2, 300_000), record(3, 2_000_000), record(4, 3)];
    let mut lines = LogicalLines::new(&chain_of(content.concat().as_bytes(), 0), None).unwrap();
    let mut seen = Vec::new();
    loop {
        match lines.advance().unwrap() {
            Advance::Line => seen.push(Ok(lines.line().unwrap().content.len())),
            Advance::Lost => seen.push(Err(lines.take_lost_bytes())),
            Advance::Pending | Advance::End => break,
        }
    }
    let lost = content[2].len() as u64 - 1;
    assert_eq!(seen, [Ok(3), Ok(300_000), Err(Some(lost)), Ok(3)]);
}

#[test]
fn a_line_that_stays_unfinished_is_given_up() {
    let mut content = cri(1, "stderr", "P", "half ");
    for _ in 0..100 {
        content += &cri(2, "stdout", "F", &"x".repeat(1000));
    }
    content += &cri(3, "stderr", "F", "other half");
    let lines = lines_of(&content, 0, None);
    assert_eq!(lines.iter().position(|seen| *seen == line("01", "half ")), Some(64));
    assert_eq!(lines.last(), Some(&line("03", "other half")));
}

#[test]
fn one_huge_physical_line_comes_as_several() {
    let content = cri(1, "stdout", "F", &"x".repeat(3_000_000)) + &cri(2, "stdout", "F", "end");
    let lines = lines_of(&content, 0, None);
    let total: usize = lines.iter().map(|line| line.1.len()).sum();
    assert_eq!(total, 3_000_003);
    assert!(lines.iter().all(|line| line.1.len() < 1_600_000), "{}", lines.len());
    assert_eq!(lines.last(), Some(&line("02", "end")));
}

#[test]
fn garbage_longer_than_the_buffer_is_skipped() {
    let content = "x".repeat(1_000_000) + "\n" + &cri(2, "stdout", "F", "end");
    assert_eq!(lines_of(&content, 0, None), [line("02", "end")]);
}

#[test]
fn a_line_may_go_on_in_the_next_file_of_its_run_but_not_in_the_next_run() {
    let one = cri(1, "stdout", "P", "a");
    let other = cri(2, "stdout", "F", "b");
    let chain = FileChain::whole(vec![plain(one.as_bytes()), plain(other.as_bytes())]);
    assert_eq!(collect(LogicalLines::new(&chain, None).unwrap()), [line("01", "ab")]);

    let chain = FileChain::whole(vec![plain(one.as_bytes()), file(other.as_bytes(), false, 1)]);
    let lines = collect(LogicalLines::new(&chain, None).unwrap());
    assert_eq!(lines, [line("01", "a"), line("02", "b")]);
}

#[test]
fn an_open_line_ends_at_a_gap() {
    let before = [
        cri(1, "stdout", "P", "a"),
        cri(2, "stderr", "F", "b"),
        "2026-11-01T10:00:03Z stderr F c".to_owned(),
    ];
    let after = cri(4, "stdout", "F", "d");
    let chain = FileChain::whole(vec![broken(before.concat().as_bytes()), plain(after.as_bytes())]);
    let mut lines = LogicalLines::new(&chain, None).unwrap();
    let mut seen = Vec::new();
    loop {
        match lines.advance().unwrap() {
            Advance::Line => {
                let line = lines.line().unwrap();
                let content = String::from_utf8_lossy(line.content).into_owned();
                seen.push((content, line.ending == LineEnding::Newline));
            }
            Advance::Lost => seen.push(("LOST".to_owned(), true)),
            Advance::Pending | Advance::End => break,
        }
    }
    let seen: Vec<_> = seen.iter().map(|(content, whole)| (&content[..], *whole)).collect();
    assert_eq!(seen, [("b", true), ("a", false), ("c", false), ("LOST", true), ("d", true)]);
}

#[test]
fn a_start_in_the_middle_drops_a_possible_rest_of_a_line() {
    let content = [
        cri(1, "stdout", "P", "a"),
        cri(2, "stderr", "F", "x"),
        cri(3, "stdout", "F", "b"),
        cri(4, "stdout", "F", "c"),
        cri(5, "stderr", "F", "y"),
    ]
    .concat();
    assert_eq!(lines_of(&content, 1, None), [line("04", "c"), line("05", "y")]);
}
