//! A log in the kubelet's bytes, across the files that it goes on in.

use std::{
    io::{self, Write},
    iter,
};

use tokio::sync::watch;

use super::{KubeletError, KubeletOptions, KubeletRendering};
use crate::{
    file::ReadingCost,
    files::Next,
    merge::{Following, LogInput},
    render::{EndReason, Progress},
};

/// Writes a log as the API server gives it out. The kubelet's complaint about a log that it cannot
/// read is the log's last text, as there.
#[derive(Debug)]
pub struct KubeletReading {
    rendering: KubeletRendering,
    following: Option<Following>,
}

impl KubeletReading {
    /// Ready to write: the files were read as far as is needed to find where the tail begins.
    pub fn new(input: LogInput, options: &KubeletOptions) -> io::Result<Self> {
        let mut rendering = KubeletRendering::new(&input.chain, options)?;
        // What was asked to be followed may be the log of a run that is over.
        rendering.lines_mut().expect_more(input.following.is_some());
        Ok(Self { rendering, following: input.following })
    }

    /// Reports changes of the log, if it is followed.
    pub fn changes(&self) -> Option<watch::Receiver<u64>> {
        self.following.as_ref().map(Following::changes)
    }

    /// What it takes to read the rest, as far as it is there.
    pub fn cost_ahead(&self) -> ReadingCost {
        let known = iter::once(self.rendering.cost_ahead());
        let following = self.following.iter().zip(self.rendering.last_file());
        known.chain(following.map(|(following, last)| following.cost_after(last))).sum()
    }

    /// Writes the next chunk behind what stands in `out`.
    pub fn write_chunk(&mut self, out: &mut Vec<u8>) -> io::Result<Progress> {
        loop {
            match self.rendering.write_chunk(out) {
                Ok(Progress::CaughtUp) => match self.go_on() {
                    Some(progress) => return Ok(progress),
                    None => continue,
                },
                Ok(progress) => return Ok(progress),
                Err(KubeletError::Read(error)) => return Err(error),
                Err(complaint) => {
                    write!(out, "{complaint}")?;
                    return Ok(Progress::Done(EndReason::Complete));
                }
            }
        }
    }

    /// At the end of what is known: `None` if there is something after it by now, or never will
    /// be.
    fn go_on(&mut self) -> Option<Progress> {
        let lines = self.rendering.lines_mut();
        let (Some(following), Some(last)) = (&self.following, lines.last_file().cloned()) else {
            return Some(Progress::CaughtUp);
        };
        if !last.is_complete() {
            return Some(Progress::CaughtUp);
        }
        match following.log.next_after(&last) {
            Next::Wait => return Some(Progress::CaughtUp),
            Next::AfterGap(_) => return Some(Progress::Done(EndReason::Gap)),
            Next::File(next) if next.run == last.run || following.through_runs => {
                lines.append(next);
            }
            Next::File(_) | Next::Ended => lines.expect_more(false),
        }
        None
    }
}
