use std::io::Write;

use proptest::prelude::*;

use super::*;
use crate::source::files::storage::gzip::tests::gzip;

/// A file with this content, read from an offset on.
pub(crate) fn chain_of(content: &[u8], start: u64) -> FileChain {
    let whole = FileChain::whole(vec![plain(content)]);
    FileChain { start, starts_clean: start == 0, ..whole }
}

pub(crate) fn plain(content: &[u8]) -> Arc<LogFile> {
    file(content, false, 0)
}

pub(crate) fn file(content: &[u8], compressed: bool, run: u64) -> Arc<LogFile> {
    if compressed { stored(&gzip(content), true, run) } else { stored(content, false, run) }
}

/// A compressed file whose checksum was cut off.
pub(crate) fn broken(content: &[u8]) -> Arc<LogFile> {
    let mut compressed = gzip(content);
    compressed.truncate(compressed.len() - 8);
    stored(&compressed, true, 0)
}

/// A file of just these bytes.
pub(crate) fn stored(bytes: &[u8], compressed: bool, run: u64) -> Arc<LogFile> {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    Arc::new(LogFile::new(file, compressed, run).unwrap())
}

fn collect(mut lines: PhysicalLines) -> Vec<(u64, Vec<u8>, bool, PhysicalEnd)> {
    let mut all = Vec::new();
    while lines.advance().unwrap() == Advance::Line {
        let line = lines.line();
        all.push((line.position, line.bytes.to_vec(), line.is_continuation, line.end));
    }
    assert_eq!(lines.advance().unwrap(), Advance::End);
    all
}

fn lines_of(chain: &FileChain) -> Vec<(u64, Vec<u8>, bool, PhysicalEnd)> {
    collect(PhysicalLines::new(chain).unwrap())
}

#[test]
fn a_file_released_before_it_was_read_is_not_skipped() {
    let long = plain(&b"0123456789\n".repeat(BUFFER_BYTES / 5));
    let chain = FileChain::whole(vec![long.clone(), plain(b"next\n")]);
    let mut lines = PhysicalLines::new(&chain).unwrap();
    assert_eq!(lines.advance().unwrap(), Advance::Line);
    long.revoke();
    while lines.advance().unwrap() == Advance::Line {}
    assert_eq!(lines.line().end, PhysicalEnd::EndOfFile);
    assert!(lines.take_lost_bytes().is_some());
    assert_eq!(lines.advance().unwrap(), Advance::Line);
    assert_eq!(lines.line().bytes, b"next");
    assert_eq!(lines.advance().unwrap(), Advance::End);
}

#[test]
fn a_compressed_file_that_breaks_off_is_read_as_far_as_it_goes() {
    let broken = broken(b"one\ntwo\nthree\n");
    let chain = FileChain::whole(vec![plain(b"zero\n"), broken.clone(), plain(b"next\n")]);
    let mut lines = PhysicalLines::new(&chain).unwrap();
    let mut seen = Vec::new();
    loop {
        match lines.advance().unwrap() {
            Advance::Line => seen.push(String::from_utf8_lossy(lines.line().bytes).into_owned()),
            Advance::Lost => seen.push("LOST".to_owned()),
            Advance::Pending | Advance::End => break,
        }
    }
    assert_eq!(seen, ["zero", "one", "two", "three", "LOST", "next"]);
    assert_ne!(broken.fingerprint().unwrap(), 0);
    assert!(broken.has_line_at(4).unwrap());
    assert!(!broken.has_line_at(400).unwrap());
    let foreign = stored(b"nothing compressed", true, 0);
    assert_eq!(foreign.fingerprint().unwrap(), 0);
}

#[test]
fn lines_have_offsets_and_the_last_may_lack_its_newline() {
    let lines = lines_of(&chain_of(b"ab\n\ncd", 0));
    assert_eq!(
        lines,
        [
            (0, b"ab".to_vec(), false, PhysicalEnd::Newline),
            (3, b"".to_vec(), false, PhysicalEnd::Newline),
            (4, b"cd".to_vec(), false, PhysicalEnd::EndOfFile),
        ]
    );
    assert_eq!(lines_of(&chain_of(b"", 0)), []);
}

#[test]
fn a_line_longer_than_the_buffer_comes_in_pieces() {
    let mut content = vec![b'x'; 2 * BUFFER_BYTES + 5];
    content.extend(b"\nend\n");
    let lines = lines_of(&chain_of(&content, 0));
    let shape: Vec<_> = lines.iter().map(|line| (line.1.len(), line.2, line.3)).collect();
    assert_eq!(
        shape,
        [
            (BUFFER_BYTES, false, PhysicalEnd::Continued),
            (BUFFER_BYTES, true, PhysicalEnd::Continued),
            (5, true, PhysicalEnd::Newline),
            (3, false, PhysicalEnd::Newline),
        ]
    );
}

#[test]
fn nul_bytes_before_a_line_are_not_part_of_it() {
    let nuls = vec![0; 2 * BUFFER_BYTES + 7];
    let content = [&b"ab\n"[..], &nuls, b"c\0d\n\0\0ef\n\0\0\0"].concat();
    let lines = lines_of(&chain_of(&content, 0));
    let seen: Vec<_> = lines.iter().map(|line| (line.0, &line.1[..])).collect();
    let behind = (3 + nuls.len() + 4) as u64;
    assert_eq!(seen, [(0, &b"ab"[..]), (3, b"c\0d"), (behind, b"ef")]);
    let exact = collect(PhysicalLines::exact(&chain_of(b"\0a\n", 0)).unwrap());
    assert_eq!(exact[0].1, b"\0a");
}

#[test]
fn a_chain_may_begin_anywhere_and_starts_with_a_whole_line() {
    let content = b"ab\ncd\nef\n";
    for (start, first) in [(0, 0), (1, 3), (3, 3), (4, 6), (6, 6)] {
        assert_eq!(lines_of(&chain_of(content, start))[0].0, first, "{start}");
    }
}

#[test]
fn files_follow_each_other_and_a_line_ends_with_its_file() {
    let files = vec![file(b"a\nb", true, 0), plain(b""), plain(b"c\n"), file(b"d\n", true, 0)];
    let lines = lines_of(&FileChain::whole(files));
    let seen: Vec<_> = lines.iter().map(|line| (line.0, &line.1[..], line.3)).collect();
    assert_eq!(
        seen,
        [
            (0, &b"a"[..], PhysicalEnd::Newline),
            (2, b"b", PhysicalEnd::EndOfFile),
            (3, b"c", PhysicalEnd::Newline),
            (5, b"d", PhysicalEnd::Newline),
        ]
    );
}

#[test]
fn a_compressed_file_may_be_begun_at_an_offset() {
    let files = vec![file(b"ab\ncd\nef\n", true, 0)];
    let chain = FileChain { start: 3, ..FileChain::whole(files) };
    assert_eq!(lines_of(&chain)[0].0, 3);
}

#[test]
fn a_file_that_got_shorter_just_ends() {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(b"ab\ncd\n").unwrap();
    let open = Arc::new(LogFile::new(file.try_clone().unwrap(), false, 0).unwrap());
    file.set_len(4).unwrap();
    assert_eq!(lines_of(&FileChain::whole(vec![open])).len(), 2);
}

proptest! {
    #[test]
    fn all_bytes_come_out_in_order(content in prop::collection::vec(prop_oneof![Just(b'\n'), any::<u8>()], 0..400)) {
        let mut seen = Vec::new();
        let exact = PhysicalLines::exact(&chain_of(&content, 0)).unwrap();
        for (offset, bytes, _, end) in collect(exact) {
            prop_assert_eq!(offset, seen.len() as u64);
            seen.extend(bytes);
            if end == PhysicalEnd::Newline {
                seen.push(b'\n');
            }
        }
        prop_assert_eq!(seen, content);
    }
}
