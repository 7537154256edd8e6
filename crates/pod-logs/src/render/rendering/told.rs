//! What is told beside the lines: gaps, runs, and how far the reading has come.

use std::io;

use super::{Rendering, cursor};
use crate::{
    cursor::{cursor_encoder::CursorEncoder, merged_cursor::MergedCursor},
    line::target::{LogName, PodUid},
    merge::merge_step::{Gap, LogNotice, MergeStep, NoticeKind, RunNews},
    render::{
        form::LogForm,
        objects::{
            GapRecord, PodEvent, PodRecord, ProgressRecord, utc_text, write_checkpoint, write_gap,
            write_live, write_pod, write_progress,
        },
    },
};

/// What was told beside the lines.
#[derive(Debug, Default)]
pub(super) struct ToldRecords {
    /// Where a body of many logs begins.
    has_begun: bool,
    /// Of many logs: lines were written whose event has not ended.
    pub(super) is_event_open: bool,
    /// That there was nothing more to read.
    is_live: bool,
}

impl Rendering {
    /// Tells where many logs begin.
    pub(super) fn tell_begin(&mut self, step: MergeStep, out: &mut Vec<u8>) -> io::Result<()> {
        let is_due = self.tells_checkpoints() && !self.told.has_begun;
        let is_too_early = match step {
            // What was lost or left out is told before: a client that has the cursor is not told
            // again.
            MergeStep::Gap(_) | MergeStep::Notice => true,
            MergeStep::Reading => self.lines.is_before_tail(),
            _ => false,
        };
        if is_due && !is_too_early {
            self.told.has_begun = self.write_checkpoint(out)?;
        }
        Ok(())
    }

    /// Tells where to go on behind the lines that were written.
    pub(super) fn end_flush(&mut self, out: &mut Vec<u8>) -> io::Result<()> {
        match self.form() {
            LogForm::Events => self.end_event(out),
            _ if self.told.has_begun && self.tells_checkpoints() => {
                self.write_checkpoint(out).map(drop)
            }
            _ => Ok(()),
        }
    }

    /// Of many logs, ends the event that the lines so far are in: what follows is another one.
    fn end_event(&mut self, out: &mut Vec<u8>) -> io::Result<()> {
        let is_open = std::mem::take(&mut self.told.is_event_open) && self.lines.is_of_many();
        if is_open && !self.write_checkpoint(out)? {
            out.push(b'\n');
        }
        Ok(())
    }

    fn tells_checkpoints(&self) -> bool {
        self.lines.is_of_many() && self.volume.is_none() && self.form().has_words()
    }

    /// Writes where all logs can be taken up again, if that can be said.
    fn write_checkpoint(&self, out: &mut Vec<u8>) -> io::Result<bool> {
        let Some(cursor) = self.checkpoint()? else {
            return Ok(false);
        };
        write_checkpoint(self.form(), &cursor, out);
        Ok(true)
    }

    fn checkpoint(&self) -> io::Result<Option<String>> {
        Ok(self.lines.checkpoint()?.as_ref().and_then(MergedCursor::encode))
    }

    /// Tells which runs of which logs the next step is about, as far as that is new.
    pub(super) fn tell_runs(&mut self, step: MergeStep, out: &mut Vec<u8>) -> io::Result<()> {
        if !self.form().has_words() {
            return Ok(());
        }
        let is_about_all = matches!(step, MergeStep::Pending | MergeStep::End);
        if self.lines.take_untold_logs() || is_about_all {
            return (0..self.lines.log_count()).try_for_each(|log| self.tell_run(log, out));
        }
        match (step, self.lines.log()) {
            (MergeStep::Line, Some(log)) => self.tell_run(log, out),
            _ => Ok(()),
        }
    }

    fn tell_run(&mut self, log: usize, out: &mut Vec<u8>) -> io::Result<()> {
        let (event, reason, status) = match self.lines.take_run_news(log) {
            None => return Ok(()),
            Some(RunNews::Waiting(reason)) => (PodEvent::Waiting, Some(reason), None),
            Some(RunNews::Opened) => (PodEvent::Opened, None, None),
            Some(RunNews::Joined) => (PodEvent::Joined, None, None),
            Some(RunNews::Restarted) => (PodEvent::Restarted, None, None),
            Some(RunNews::Unreachable(status)) => (PodEvent::Unreachable, None, status),
        };
        self.end_event(out)?;
        let source = self.lines.source_of(log);
        let (name, run) = (self.lines.name_of(log), source.run());
        let record = pod_record(event, name, source.uid_of(run), run.restart);
        write_pod(self.form(), &PodRecord { reason: reason.as_deref(), status, ..record }, out);
        Ok(())
    }

    /// Tells what happened to a log.
    pub(super) fn tell_notice(&mut self, out: &mut Vec<u8>) -> io::Result<()> {
        let Some(LogNotice { kind, name, restart, log }) = self.lines.take_notice() else {
            return Ok(());
        };
        self.end_event(out)?;
        let (event, status) = match kind {
            NoticeKind::Ended => (PodEvent::Ended, None),
            NoticeKind::Gone => (PodEvent::Gone, None),
            NoticeKind::Skipped => (PodEvent::Skipped, None),
            NoticeKind::Forbidden => (PodEvent::Forbidden, None),
            NoticeKind::Unreachable(status) => (PodEvent::Unreachable, status),
        };
        let record = pod_record(event, &name, &name.uid, restart);
        write_pod(self.form(), &PodRecord { status, ..record }, out);
        // The rest of its lines does not come, and another log may take its place.
        self.writer.close_log(log);
        Ok(())
    }

    /// Tells of each log that was followed why it ends.
    pub(super) fn tell_ends(&mut self, out: &mut Vec<u8>) -> io::Result<()> {
        self.end_event(out)?;
        for log in 0..self.lines.log_count() {
            if self.lines.is_end_told(log) {
                continue;
            }
            let source = self.lines.source_of(log);
            let event = if source.is_gone() { PodEvent::Gone } else { PodEvent::Ended };
            let run = source.run();
            let (name, uid) = (self.lines.name_of(log), source.uid_of(run));
            write_pod(self.form(), &pod_record(event, name, uid, run.restart), out);
        }
        Ok(())
    }

    pub(super) fn tell_gap(&mut self, gap: Gap, out: &mut Vec<u8>) -> io::Result<()> {
        self.end_event(out)?;
        let name = gap.log.map(|log| self.lines.name_of(log));
        let record = GapRecord {
            namespace: name.map(|name| name.pod.namespace.as_str()),
            pod: name.map(|name| name.pod.pod.as_str()),
            container: name.map(|name| name.container.as_str()),
            from: gap.from.map(utc_text),
            to: gap.to.map(utc_text),
            bytes: gap.bytes,
        };
        write_gap(self.form(), &record, out);
        Ok(())
    }

    /// Tells that there is nothing more to read, the first time.
    pub(super) fn tell_live(&mut self, out: &mut Vec<u8>) -> io::Result<()> {
        if !self.told.is_live && self.form().has_words() {
            self.told.is_live = true;
            self.end_event(out)?;
            write_live(self.form(), self.progress_cursor()?.as_deref(), out);
        }
        Ok(())
    }

    /// Tells how far the reading has come.
    pub(crate) fn write_progress(&self, out: &mut Vec<u8>) -> io::Result<()> {
        if !self.form().has_words() {
            return Ok(());
        }
        let cursor = self.progress_cursor()?;
        let record = ProgressRecord {
            cursor: cursor.as_deref(),
            time: self.lines.last_time().map(|time| utc_text(time.instant())),
            scanned_bytes: self.lines.bytes_read(),
            matched: self.counts().lines,
            behind_bytes: self.lines.cost_ahead().stored_bytes,
        };
        write_progress(self.form(), &record, out);
        Ok(())
    }

    /// Where to go on behind the last line that was looked at. `None` where something of the lines
    /// before is still to come: the end of a line, which a client that comes back gets from its
    /// beginning; a gap, which is told with the next line; lines before a match; an interval.
    fn progress_cursor(&self) -> io::Result<Option<String>> {
        if self.lines.is_of_many() {
            return if self.tells_checkpoints() { self.checkpoint() } else { Ok(None) };
        }
        let is_owing = self.writer.has_open_line()
            || self.volume.is_some()
            || self.lines.has_untold_gap()
            || self.lines.filter().context() > 0;
        if is_owing {
            return Ok(None);
        }
        Ok(cursor(&self.lines, &mut CursorEncoder::default())?.map(str::to_owned))
    }
}

fn pod_record<'a>(
    event: PodEvent,
    name: &'a LogName,
    uid: &'a PodUid,
    restart: u32,
) -> PodRecord<'a> {
    PodRecord {
        event,
        namespace: name.pod.namespace.as_str(),
        pod: name.pod.pod.as_str(),
        uid: uid.as_str(),
        container: name.container.as_str(),
        restart,
        reason: None,
        node: None,
        status: None,
    }
}
