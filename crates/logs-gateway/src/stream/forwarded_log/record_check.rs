//! Checks that records are about the pod that was asked for, and hands on whole ones.

use bytes::{Bytes, BytesMut};
use pod_logs::{LogForm, PodRecordKind, PodRef, check_event, check_record};

/// The longest record, in bytes. A line has at most 1 MiB, of which a byte takes six in JSON at most.
const MAX_RECORD_BYTES: usize = 7 * 1024 * 1024;

/// Checks the records of a body, or its events.
pub(super) struct RecordCheck {
    form: LogForm,
    pod: PodRef,
    /// What was received of a record whose end was not.
    begun: BytesMut,
}

/// Records that were received as wholes.
#[derive(Debug, Default)]
pub(super) struct CheckedRecords {
    pub(super) bytes: Bytes,
    pub(super) lines: u64,
    /// Why the body ends, if it says so. Nothing is taken behind that.
    pub(super) end: Option<String>,
    /// A record follows that no gateway writes about this pod.
    pub(super) is_wrong: bool,
}

impl RecordCheck {
    pub(super) fn new(form: LogForm, pod: PodRef) -> Self {
        Self { form, pod, begun: BytesMut::new() }
    }

    /// Takes a part of the body.
    pub(super) fn take(&mut self, bytes: &[u8]) -> CheckedRecords {
        let mut searched = self.begun.len().saturating_sub(1);
        self.begun.extend_from_slice(bytes);
        let (mut checked, mut begin) = (CheckedRecords::default(), 0);
        while let Some((end, next)) = self.next_end(begin, searched.max(begin)) {
            let record = &self.begun[begin..end];
            let kind = match self.form {
                LogForm::Events => check_event(record, &self.pod),
                _ => check_record(record, &self.pod),
            };
            if kind == PodRecordKind::Wrong {
                checked.is_wrong = true;
                break;
            }
            checked.lines += u64::from(is_line(record));
            (begin, searched) = (next, next);
            if let PodRecordKind::End(reason) = kind {
                checked.end = Some(reason);
                break;
            }
        }
        checked.bytes = self.begun.split_to(begin).freeze();
        checked.is_wrong |= self.begun.len() > MAX_RECORD_BYTES;
        checked
    }

    /// Where the record ends that begins here, and where the next one begins.
    fn next_end(&self, begin: usize, searched: usize) -> Option<(usize, usize)> {
        let end: &[u8] = if self.form == LogForm::Events { b"\n\n" } else { b"\n" };
        let at = self.begun[searched..].windows(end.len()).position(|bytes| bytes == end)?;
        let at = searched + at;
        (at >= begin).then_some((at, at + end.len()))
    }
}

fn is_line(record: &[u8]) -> bool {
    let data = record.rsplit(|byte| *byte == b'\n').next().unwrap_or(record);
    data.strip_prefix(b"data: ").unwrap_or(data).starts_with(b"{\"time\":")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LINE: &str =
        r#"{"time":"2026-11-01T10:00:00Z","namespace":"shop","pod":"web","message":"m"}"#;

    fn check(form: LogForm) -> RecordCheck {
        let pod = PodRef { namespace: "shop".parse().unwrap(), pod: "web".parse().unwrap() };
        RecordCheck::new(form, pod)
    }

    #[test]
    fn records_before_a_wrong_one_are_handed_on() {
        let other = LINE.replace("web", "db");
        let mut records = check(LogForm::JsonLines);
        let checked = records.take(format!("{LINE}\n{LINE}\n{other}\n{LINE}\n").as_bytes());
        assert_eq!(checked.bytes, format!("{LINE}\n{LINE}\n"));
        assert!(checked.is_wrong);
        assert_eq!(checked.lines, 2);
    }

    #[test]
    fn a_record_without_end_is_wrong_at_last() {
        let mut records = check(LogForm::JsonLines);
        let half = vec![b'x'; MAX_RECORD_BYTES / 2 + 1];
        assert!(!records.take(&half).is_wrong);
        assert!(records.take(&half).is_wrong);
    }

    #[test]
    fn nothing_is_taken_behind_the_end() {
        let end = r#"{"end":{"reason":"complete"}}"#;
        let checked = check(LogForm::JsonLines).take(format!("{end}\n{LINE}\n").as_bytes());
        assert_eq!(
            (&*checked.bytes, checked.end.as_deref()),
            (format!("{end}\n").as_bytes(), Some("complete"))
        );
    }

    proptest! {
        #[test]
        fn whole_records_are_handed_on_however_they_are_received(
            count in 0_usize..5, cuts in prop::collection::vec(0_usize..600, 0..6), events: bool,
        ) {
            let (form, record) = match events {
                true => (LogForm::Events, format!("id: x\ndata: {LINE}\n\n")),
                false => (LogForm::JsonLines, format!("{LINE}\n")),
            };
            let body = record.repeat(count) + "id: rest";
            let mut cuts: Vec<_> = cuts.into_iter().map(|cut| cut.min(body.len())).collect();
            cuts.push(body.len());
            cuts.sort_unstable();
            let (mut check, mut at, mut lines) = (check(form), 0, 0);
            let mut received = Vec::new();
            for cut in cuts {
                let checked = check.take(&body.as_bytes()[at..cut]);
                prop_assert!(!checked.is_wrong);
                prop_assert_eq!(checked.bytes.len() % record.len(), 0);
                received.extend_from_slice(&checked.bytes);
                lines += checked.lines;
                at = cut;
            }
            prop_assert_eq!(received, record.repeat(count).into_bytes());
            prop_assert_eq!(lines, count as u64);
        }
    }
}
