//! Writes lines and what is told beside them, in any form.

use chrono::{DateTime, Utc};

use super::feed_record::{FeedGap, FeedLine, ToldRecord};
use crate::{
    counts::ReadCounts,
    line::{log_line::LineEnding, target::LogName},
    query::LogQuery,
    render::{
        form::LogForm,
        line_object::LineObject,
        line_writer::{LineOfLog, LineWriter},
        objects::{
            GapRecord, PodEvent, PodRecord, ProgressRecord, UnreachableRecord, utc_text,
            write_checkpoint, write_gap, write_live, write_pod, write_progress, write_unreachable,
            write_volume_text,
        },
    },
};

/// Writes the body of a merge.
#[derive(Debug)]
pub(super) struct FrontWriting {
    writer: LineWriter,
    /// Lines were written whose event has not ended.
    is_event_open: bool,
    is_live_told: bool,
}

impl FrontWriting {
    pub(super) fn new(query: &LogQuery, form: LogForm) -> Self {
        let writer = LineWriter::new(query, form);
        Self { writer, is_event_open: false, is_live_told: false }
    }

    pub(super) fn form(&self) -> LogForm {
        self.writer.form()
    }

    pub(super) fn counts(&self) -> ReadCounts {
        self.writer.counts()
    }

    /// Whether nothing more is asked for.
    pub(super) fn is_full(&self) -> bool {
        self.writer.has_all_lines() || self.writer.has_all_bytes()
    }

    /// Counts a gap. Whether the form has words for it is the answer.
    pub(super) fn count_gap(&mut self) -> bool {
        self.writer.count_gap();
        self.form().has_words()
    }

    /// The rest of the log's lines does not come.
    pub(super) fn close_log(&mut self, log: usize) {
        self.writer.close_log(Some(log));
    }

    /// Writes a line. Whether it was written as a whole is the answer.
    pub(super) fn write_line(
        &mut self,
        line: &FeedLine,
        name: &LogName,
        log: usize,
        is_late: bool,
        out: &mut Vec<u8>,
    ) -> bool {
        let form = self.form();
        let of_log =
            LineOfLog { line: line.line(), log: Some(log), name: Some(name), is_context: false };
        let is_event_open = &mut self.is_event_open;
        let written = self.writer.write(of_log, out, |content, out| {
            if form == LogForm::Events {
                *is_event_open = true;
                out.extend_from_slice(b"data: ");
            }
            line_object(line, content, is_late).write(out);
            Ok(())
        });
        // Nothing is read.
        written.unwrap_or(false)
    }

    /// Ends the event that lines so far are in: what follows is another one.
    pub(super) fn end_event(&mut self, cursor: Option<&str>, out: &mut Vec<u8>) {
        if !std::mem::take(&mut self.is_event_open) {
            return;
        }
        match cursor {
            Some(cursor) => write_checkpoint(LogForm::Events, cursor, out),
            None => out.push(b'\n'),
        }
    }

    /// Tells where to go on behind the lines that were written.
    pub(super) fn end_flush(&mut self, cursor: Option<&str>, out: &mut Vec<u8>) {
        match (self.form(), cursor) {
            (LogForm::Events, cursor) => self.end_event(cursor, out),
            (LogForm::JsonLines, Some(cursor)) => write_checkpoint(LogForm::JsonLines, cursor, out),
            _ => {}
        }
    }

    pub(super) fn write_checkpoint(&self, cursor: &str, out: &mut Vec<u8>) {
        write_checkpoint(self.form(), cursor, out);
    }

    /// Tells that there is nothing more to read, the first time.
    pub(super) fn tell_live(&mut self, cursor: Option<&str>, out: &mut Vec<u8>) {
        if !self.is_live_told && self.form().has_words() {
            self.is_live_told = true;
            self.end_event(cursor, out);
            write_live(self.form(), cursor, out);
        }
    }

    pub(super) fn write_progress(
        &self,
        cursor: Option<&str>,
        time: Option<DateTime<Utc>>,
        scanned_bytes: u64,
        behind_bytes: u64,
        out: &mut Vec<u8>,
    ) {
        if self.form().has_words() {
            let (time, matched) = (time.map(utc_text), self.counts().lines);
            let record = ProgressRecord { cursor, time, scanned_bytes, matched, behind_bytes };
            write_progress(self.form(), &record, out);
        }
    }

    /// Writes what is told, of the node with this name.
    pub(super) fn write_told(&self, told: &ToldRecord, node: Option<&str>, out: &mut Vec<u8>) {
        let form = self.form();
        match told {
            ToldRecord::Pod { event, name, restart } => {
                let record = PodRecord {
                    event: *event,
                    namespace: name.pod.namespace.as_str(),
                    pod: name.pod.pod.as_str(),
                    uid: name.uid.as_str(),
                    container: name.container.as_str(),
                    restart: *restart,
                    reason: None,
                    node,
                    status: None,
                };
                write_pod(form, &record, out);
            }
            ToldRecord::Unreachable { status, .. } => {
                let record = UnreachableRecord {
                    event: PodEvent::Unreachable,
                    namespace: (),
                    pod: (),
                    uid: (),
                    container: (),
                    restart: (),
                    node,
                    status: *status,
                };
                write_unreachable(form, &record, out);
            }
            ToldRecord::Gap(gap) => write_gap(form, &gap_record(gap), out),
            ToldRecord::Volume(volume) => write_volume_text(form, volume, out),
        }
    }
}

fn line_object<'a>(line: &'a FeedLine, content: &'a [u8], is_late: bool) -> LineObject<'a> {
    let is_whole = content.len() == line.content.len();
    LineObject {
        time: line.time,
        stream: Some(line.stream),
        pod: &line.pod,
        container: &line.container,
        message: content,
        partial: line.ending == LineEnding::Continued,
        level: line.level,
        hits: line
            .hits
            .iter()
            .filter(|[start, end]| start <= end && *end <= content.len())
            .copied()
            .collect(),
        context: false,
        late: is_late,
        cursor: line.cursor.as_ref().map(|(text, _)| text.as_str()).filter(|_| is_whole),
        for_front: None,
    }
}

fn gap_record(gap: &FeedGap) -> GapRecord<'_> {
    GapRecord {
        namespace: gap.namespace.as_deref(),
        pod: gap.pod.as_deref(),
        container: gap.container.as_deref(),
        from: gap.from.clone(),
        to: gap.to.clone(),
        bytes: gap.bytes,
    }
}

impl ToldRecord {
    /// A log that is gone, whose last line had this time.
    pub(super) fn lost(name: Option<&LogName>, last: Option<DateTime<Utc>>) -> Self {
        Self::Gap(FeedGap {
            namespace: name.map(|name| name.pod.namespace.to_string()),
            pod: name.map(|name| name.pod.pod.to_string()),
            container: name.map(|name| name.container.to_string()),
            from: last.map(utc_text),
            to: None,
            bytes: None,
        })
    }
}
