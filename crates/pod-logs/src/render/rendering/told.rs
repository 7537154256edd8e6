//! What is told beside the lines: gaps, runs, and how far the reading has come.

use std::io;

use super::{Rendering, cursor};
use crate::{
    line::log_run::LogRun,
    merge::merge_step::{Gap, MergeStep},
    render::objects::{
        GapRecord, PodEvent, PodRecord, ProgressRecord, utc_text, write_gap, write_live, write_pod,
        write_progress,
    },
};

/// What was told beside the lines.
#[derive(Debug, Default)]
pub(super) struct ToldRecords {
    /// Which run of each log.
    runs: Vec<LogRun>,
    /// That there was nothing more to read.
    is_live: bool,
}

impl Rendering {
    /// Tells which runs of which logs the next step is about, as far as that is new.
    pub(super) fn tell_runs(&mut self, step: MergeStep, out: &mut Vec<u8>) {
        if !self.layout.form.has_words() {
            return;
        }
        self.tell_new_logs(out);
        match (step, self.lines.log()) {
            (MergeStep::Line, Some(log)) => self.tell_run(log, out),
            (MergeStep::Pending | MergeStep::End, _) => {
                (0..self.lines.log_count()).for_each(|log| self.tell_run(log, out));
            }
            _ => {}
        }
    }

    fn tell_new_logs(&mut self, out: &mut Vec<u8>) {
        let are_first = self.told.runs.is_empty();
        for log in self.told.runs.len()..self.lines.log_count() {
            self.told.runs.push(self.lines.source_of(log).run());
            self.tell(if are_first { PodEvent::Opened } else { PodEvent::Joined }, log, out);
        }
    }

    fn tell_run(&mut self, log: usize, out: &mut Vec<u8>) {
        let source = self.lines.source_of(log);
        let run = source.run();
        if self.told.runs[log] == run {
            return;
        }
        self.told.runs[log] = run;
        let is_new = self.follows && source.has_advanced();
        self.tell(if is_new { PodEvent::Restarted } else { PodEvent::Opened }, log, out);
    }

    /// Tells of each log that was followed why it ends.
    pub(super) fn tell_ends(&self, out: &mut Vec<u8>) {
        for log in 0..self.told.runs.len() {
            let is_gone = self.lines.source_of(log).is_gone();
            self.tell(if is_gone { PodEvent::Gone } else { PodEvent::Ended }, log, out);
        }
    }

    fn tell(&self, event: PodEvent, log: usize, out: &mut Vec<u8>) {
        let (name, run) = (self.lines.name_of(log), self.told.runs[log]);
        let record = PodRecord {
            event,
            namespace: name.pod.namespace.as_str(),
            pod: name.pod.pod.as_str(),
            uid: self.lines.source_of(log).uid_of(run).as_str(),
            container: name.container.as_str(),
            restart: run.restart,
        };
        write_pod(self.layout.form, &record, out);
    }

    pub(super) fn tell_gap(&self, gap: Gap, out: &mut Vec<u8>) {
        let name = self.lines.name_of(gap.log);
        let record = GapRecord {
            namespace: name.pod.namespace.as_str(),
            pod: name.pod.pod.as_str(),
            container: name.container.as_str(),
            from: gap.from.map(utc_text),
            to: gap.to.map(utc_text),
            bytes: gap.bytes,
        };
        write_gap(self.layout.form, &record, out);
    }

    /// Tells that there is nothing more to read, the first time.
    pub(super) fn tell_live(&mut self, out: &mut Vec<u8>) -> io::Result<()> {
        if !self.told.is_live && self.layout.form.has_words() {
            self.told.is_live = true;
            write_live(self.layout.form, self.progress_cursor()?.as_deref(), out);
        }
        Ok(())
    }

    /// Tells how far the reading has come.
    pub(crate) fn write_progress(&self, out: &mut Vec<u8>) -> io::Result<()> {
        if !self.layout.form.has_words() {
            return Ok(());
        }
        let cursor = self.progress_cursor()?;
        let record = ProgressRecord {
            cursor: cursor.as_deref(),
            time: self.lines.last_time().map(utc_text),
            scanned_bytes: self.lines.bytes_read(),
            matched: self.counts.lines,
            behind_bytes: self.lines.cost_ahead().stored_bytes,
        };
        write_progress(self.layout.form, &record, out);
        Ok(())
    }

    /// Where to go on behind the last line that was looked at. `None` where something of the lines
    /// before is still to come: the end of a line, which a client that comes back gets from its
    /// beginning; a gap, which is told with the next line; lines before a match; an interval.
    fn progress_cursor(&self) -> io::Result<Option<String>> {
        let is_owing = self.open_line.is_some()
            || self.volume.is_some()
            || self.lines.has_untold_gap()
            || self.lines.filter().context() > 0;
        if is_owing { Ok(None) } else { cursor(&self.lines) }
    }
}
