use std::{io::Write, sync::Arc};

use proptest::prelude::*;
use shared_types::TokenKind;

use super::{tests::collect, *};
use crate::{
    line::masking::tests::{TokenText, mask_plainly, masked, token},
    source::files::{lines::physical::tests::chain_of, storage::log_file::LogFile},
};

fn cri(stream: &str, tag: &str, content: &str) -> String {
    format!("2026-11-01T10:00:00Z {stream} {tag} {content}\n")
}

fn texts(content: &str) -> Vec<String> {
    let lines = LogicalLines::new(&chain_of(content.as_bytes(), 0), None).unwrap();
    collect(lines).into_iter().map(|(_, text, _)| text).collect()
}

#[test]
fn a_token_is_masked_in_one_fragment_and_across_fragments() {
    let (token, masked) = (token(TokenKind::Session, 7), masked(TokenKind::Session));
    assert_eq!(
        texts(&cri("stdout", "F", &format!("a{token}b {token}"))),
        [format!("a{masked}b {masked}")]
    );
    for cut in 0..=token.len() {
        let content = [
            cri("stdout", "P", &format!("x{}", &token[..cut])),
            cri("stderr", "F", "between"),
            cri("stdout", "F", &token[cut..]),
        ];
        assert_eq!(texts(&content.concat()), ["between".to_owned(), format!("x{masked}")]);
    }
}

#[test]
fn tokens_are_not_put_together_from_lines_or_streams() {
    let token = token(TokenKind::ApiKey, 7);
    let (start, end) = token.split_at(20);
    let whole = |content: [String; 2]| assert_eq!(texts(&content.concat()), [start, end]);
    whole([cri("stdout", "F", start), cri("stdout", "F", end)]);
    whole([cri("stdout", "F", start), cri("stderr", "F", end)]);
}

#[test]
fn an_escaped_token_of_docker_is_masked() {
    let token = token(TokenKind::Refresh, 7);
    let escaped: String = token.bytes().map(|byte| format!("\\u{byte:04x}")).collect();
    let (one, other) = escaped.split_at(6 * 30);
    let record = |log: &str| {
        format!(r#"{{"log":"{log}","stream":"stdout","time":"2026-11-01T10:00:00Z"}}{}"#, '\n')
    };
    let expected = format!("\"{}", masked(TokenKind::Refresh));
    assert_eq!(texts(&record(&format!("\\\"{escaped}\\n"))), [&*expected]);
    let pieces = [record(&format!("\\\"{one}")), record(&format!("{other}\\n"))];
    assert_eq!(texts(&pieces.concat()), [&*expected]);
}

#[test]
fn a_part_of_a_long_line_ends_before_a_token() {
    let (token, masked) = (token(TokenKind::Session, 7), masked(TokenKind::Session));
    let (x, piece) = ("x".repeat(200_000), "x".repeat(200_000 - 20));
    for cut in 0..=token.len() {
        // The part is given after the sixth piece.
        let mut content = cri("stdout", "P", &x).repeat(5);
        content += &cri("stdout", "P", &format!("{piece}{}", &token[..cut]));
        let text = texts(&(content.clone() + &cri("stdout", "F", &token[cut..])));
        assert_eq!(text.concat(), format!("{}{piece}{masked}", x.repeat(5)));
        assert!(text.len() == 2 && text[0].len() >= 1_199_980, "{cut}");
        // Its rest never comes.
        let end = token[..cut].to_owned();
        let end = if cut == token.len() { &masked } else { &end };
        assert_eq!(texts(&content).concat(), format!("{}{piece}{end}", x.repeat(5)));
    }
}

#[test]
fn tokens_are_masked_where_pieces_of_a_line_meet_that_is_longer_than_the_buffer() {
    for skipped in 0..5 {
        let mut text = TokenText::default();
        text.next(skipped * 11);
        let content = text.next(700_000);
        let expected = mask_plainly(content.as_bytes());
        assert!(texts(&cri("stdout", "F", &content)).concat().as_bytes() == expected);
    }
}

/// What is given out while a log of one stream grows, with a look for what is not finished after
/// each growth.
fn followed(content: &[u8], cuts: &[usize]) -> Vec<u8> {
    let mut writer = tempfile::tempfile().unwrap();
    let file = Arc::new(LogFile::new(writer.try_clone().unwrap(), false, 0).unwrap());
    file.start_growing();
    let mut lines = LogicalLines::new(&FileChain::whole(vec![file.clone()]), None).unwrap();
    let mut given = Vec::new();
    for window in cuts.windows(2) {
        writer.write_all(&content[window[0]..window[1]]).unwrap();
        file.grow().unwrap();
        while lines.advance().unwrap() == Advance::Line {
            given.extend_from_slice(lines.line().unwrap().content);
        }
        while lines.flush().unwrap() == Advance::Line {
            given.extend_from_slice(lines.line().unwrap().content);
            let given = String::from_utf8_lossy(&given);
            let last_token = given.rfind("sso").map_or("", |start| &given[start..]);
            let is_shown = last_token.starts_with("sso_") && !last_token.contains('*');
            assert!(!is_shown, "{given}");
        }
    }
    file.complete();
    while lines.advance().unwrap() == Advance::Line {
        given.extend_from_slice(lines.line().unwrap().content);
    }
    given
}

proptest! {
    #[test]
    fn no_token_is_given_out_while_a_line_is_written(
        before in "[a-z]{0,9}",
        between in "[ s]{0,3}",
        fragments in prop::collection::vec(1_usize..60, 0..9),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..9),
    ) {
        let (token, masked) = (token(TokenKind::Session, 7), masked(TokenKind::Session));
        let text = format!("{before}{token}{between}{token}.");
        let (mut content, mut rest) = (String::new(), &*text);
        for length in fragments {
            let (fragment, behind) = rest.split_at(length.min(rest.len()));
            content += &cri("stdout", "P", fragment);
            rest = behind;
        }
        content += &cri("stdout", "F", rest);
        let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(content.len() + 1)).collect();
        cuts.extend([0, content.len()]);
        cuts.sort_unstable();
        let given = String::from_utf8(followed(content.as_bytes(), &cuts)).unwrap();
        prop_assert_eq!(given, format!("{before}{masked}{between}{masked}."));
    }
}
