//! A log as bytes, whichever way it is written.

use std::io;

use tokio::sync::watch;

use crate::{
    chunk::Progress,
    cost::ReadingCost,
    counts::ReadCounts,
    merge::{chosen_lines::ChosenLines, many_logs::ManyLogs},
    merge_clock::MergeClock,
    query::LogQuery,
    render::{form::LogForm, front_records::BeginRecord, rendering::Rendering},
    source::{
        files::{
            kubelet::{options::KubeletOptions, reading::KubeletReading},
            locate::selected_logs::SelectedLogs,
            located::{LocatedLog, LocatedLogs},
        },
        known_logs::PodPredicate,
        kubernetes::passthrough::{PassedBody, PassedLog},
        log_input::LogInput,
    },
};

/// Writes a log, chunk by chunk.
#[derive(Debug)]
pub struct LogReading(Writing);

#[derive(Debug)]
enum Writing {
    /// Chosen lines, in one of our forms.
    Lines(Box<Rendering>),
    /// The kubelet's own bytes.
    Kubelet(Box<KubeletReading>),
    /// The bytes of an API server.
    Passed(Box<PassedBody>),
}

impl LogReading {
    /// Ready to write the lines that the query chooses: the log was read as far as is needed to
    /// find where they begin.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn of_lines(
        log: LocatedLog,
        query: &LogQuery,
        form: LogForm,
        clock: MergeClock,
    ) -> io::Result<Self> {
        let LocatedLog { uid: _, logs, new_containers } = log;
        let query = with_levels(query, form);
        let lines = ChosenLines::new(logs, &query)?;
        let lines = lines.joined_by(new_containers).timed_by(clock);
        Ok(Self(Writing::Lines(Box::new(Rendering::new(lines, &query, form)))))
    }

    /// The same for the logs of many pods.
    ///
    /// # Errors
    /// When a log cannot be read.
    pub fn of_many(
        logs: LocatedLogs,
        query: &LogQuery,
        form: LogForm,
        clock: MergeClock,
    ) -> io::Result<Self> {
        let pods = logs.pod_count();
        let LocatedLogs { checksum, max_logs, selected, new_logs } = logs;
        let SelectedLogs { inputs, known, skipped, failed, lost, unknown, watermark } = selected;
        let logs = inputs.len();
        let query = with_levels(query, form);
        let many = ManyLogs::new(checksum, known, max_logs, lost);
        let mut lines = ChosenLines::of_many(inputs, many, watermark, &query)?;
        skipped.into_iter().for_each(|name| lines.skip_log(name));
        failed.into_iter().for_each(|log| lines.fail_log(log));
        let lines = lines.joined_by(new_logs).timed_by(clock);
        let mut rendering = Rendering::new(lines, &query, form);
        if query.for_front {
            rendering = rendering.for_front(BeginRecord { pods, logs, lines: None, unknown });
        }
        Ok(Self(Writing::Lines(Box::new(rendering))))
    }

    /// Leaves out the logs of pods that may not be read any more. Of many pods only.
    pub fn restrict(&mut self, may_read: &PodPredicate) {
        if let Writing::Lines(rendering) = &mut self.0 {
            rendering.restrict(may_read);
        }
    }

    /// Whether lines wait for lines of other logs: they are due soon, whether or not a log grows.
    #[must_use]
    pub fn holds_lines(&self) -> bool {
        match &self.0 {
            Writing::Lines(rendering) => rendering.lines().holds_lines(),
            Writing::Kubelet(_) | Writing::Passed(_) => false,
        }
    }

    /// Whether lines of one of several logs are on their way, and come at once.
    #[must_use]
    pub fn awaits_lines(&self) -> bool {
        match &self.0 {
            Writing::Lines(rendering) => rendering.lines().awaits_lines(),
            Writing::Kubelet(_) | Writing::Passed(_) => false,
        }
    }

    /// Ready to write what the kubelet would give of the log of one container: the log was read
    /// as far as is needed to find where the tail begins.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn of_kubelet(mut log: LocatedLog, options: &KubeletOptions) -> io::Result<Self> {
        match log.logs.pop() {
            Some(LogInput::Files(log)) => {
                Ok(Self(Writing::Kubelet(Box::new(KubeletReading::new(log, options)?))))
            }
            // The API server gives the bytes of its kubelet by itself.
            Some(LogInput::Kubernetes(_)) | None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    /// Ready to write the bytes of an API server.
    #[must_use]
    pub fn of_passed(log: PassedLog) -> Self {
        Self(Writing::Passed(Box::new(log.body)))
    }

    /// The form of what is written.
    #[must_use]
    pub fn form(&self) -> LogForm {
        match &self.0 {
            Writing::Lines(rendering) => rendering.form(),
            Writing::Kubelet(_) | Writing::Passed(_) => LogForm::Text,
        }
    }

    /// Wakes when one of the logs that are followed may have grown.
    #[must_use]
    pub fn changes(&self) -> Vec<watch::Receiver<u64>> {
        match &self.0 {
            Writing::Lines(rendering) => rendering.lines().changes(),
            Writing::Kubelet(reading) => reading.changes().into_iter().collect(),
            Writing::Passed(body) => vec![body.changes()],
        }
    }

    /// Changes whenever logs have come or gone.
    #[must_use]
    pub fn membership(&self) -> u64 {
        match &self.0 {
            Writing::Lines(rendering) => rendering.lines().membership(),
            Writing::Kubelet(_) | Writing::Passed(_) => 0,
        }
    }

    /// How many logs are read. It grows when containers appear.
    #[must_use]
    pub fn log_count(&self) -> usize {
        match &self.0 {
            Writing::Lines(rendering) => rendering.lines().log_count(),
            Writing::Kubelet(_) | Writing::Passed(_) => 1,
        }
    }

    /// Whether containers may appear whose logs belong here.
    #[must_use]
    pub fn is_joined(&self) -> bool {
        match &self.0 {
            Writing::Lines(rendering) => rendering.lines().is_joined(),
            Writing::Kubelet(_) | Writing::Passed(_) => false,
        }
    }

    /// The cost of reading the rest, as far as it is there.
    #[must_use]
    pub fn cost_ahead(&self) -> ReadingCost {
        match &self.0 {
            Writing::Lines(rendering) => rendering.cost_ahead(),
            Writing::Kubelet(reading) => reading.cost_ahead(),
            Writing::Passed(body) => body.cost_ahead(),
        }
    }

    /// How much was written so far.
    #[must_use]
    pub fn counts(&self) -> ReadCounts {
        match &self.0 {
            Writing::Lines(rendering) => rendering.counts(),
            Writing::Kubelet(reading) => reading.counts(),
            Writing::Passed(body) => body.counts(),
        }
    }

    /// Appends a record of the progress to `out`, if the form has one.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn write_progress(&self, out: &mut Vec<u8>) -> io::Result<()> {
        match &self.0 {
            Writing::Lines(rendering) => rendering.write_progress(out),
            Writing::Kubelet(_) | Writing::Passed(_) => Ok(()),
        }
    }

    /// Whether a front waits to be told up to when everything was given.
    #[must_use]
    pub fn tells_watermarks(&self) -> bool {
        match &self.0 {
            Writing::Lines(rendering) => rendering.tells_watermarks(),
            Writing::Kubelet(_) | Writing::Passed(_) => false,
        }
    }

    /// Appends up to when everything was given, for a front, if that is later than what it was told.
    /// Only to be called when nothing more is to be written at present.
    pub fn write_watermark(&mut self, out: &mut Vec<u8>) {
        if let Writing::Lines(rendering) = &mut self.0 {
            rendering.write_watermark(out);
        }
    }

    /// Writes the next chunk behind what stands in `out`. May write nothing though more follows:
    /// then nothing was chosen of what was read.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn write_chunk(&mut self, out: &mut Vec<u8>) -> io::Result<Progress> {
        match &mut self.0 {
            Writing::Lines(rendering) => rendering.write_chunk(out),
            Writing::Kubelet(reading) => reading.write_chunk(out),
            Writing::Passed(body) => body.write_chunk(out),
        }
    }

    /// The same, and writes lines that are not finished, because nothing came for a while. The
    /// kubelet's bytes hold no such lines.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn write_unfinished(&mut self, out: &mut Vec<u8>) -> io::Result<Progress> {
        match &mut self.0 {
            Writing::Lines(rendering) => rendering.write_unfinished(out),
            Writing::Kubelet(_) => Ok(Progress::CaughtUp),
            Writing::Passed(body) => {
                body.write_held(out);
                Ok(Progress::CaughtUp)
            }
        }
    }

    /// The same where the reading is ended though the log goes on: writes what was read and not
    /// written, since it may be the beginning of a token. That is masked then.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn write_rest(&mut self, out: &mut Vec<u8>) -> io::Result<Progress> {
        match &mut self.0 {
            Writing::Lines(rendering) => rendering.write_rest(out),
            Writing::Kubelet(reading) => {
                reading.write_held(out);
                Ok(Progress::CaughtUp)
            }
            Writing::Passed(body) => {
                body.write_held(out);
                Ok(Progress::CaughtUp)
            }
        }
    }
}

/// Records tell the level of each line.
fn with_levels(query: &LogQuery, form: LogForm) -> LogQuery {
    let mut query = query.clone();
    query.filter.shows_levels = form.has_words();
    query
}
