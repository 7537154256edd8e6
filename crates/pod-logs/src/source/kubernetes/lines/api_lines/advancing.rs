//! Goes from line to line, as what is received allows.

use std::io;

use super::ApiLines;
use crate::{
    line::{log_line::NextLine, target::LogName},
    source::kubernetes::feed::{
        piece::{FailureKind, FeedEnd, Piece},
        piece_channel::Taken,
    },
};

impl ApiLines {
    /// Goes to the next line.
    ///
    /// # Errors
    /// When the API server gives something that is not a log.
    pub(crate) fn next(&mut self) -> io::Result<NextLine> {
        match self.look_for_next() {
            Err(error) if self.is_among_many => {
                let LogName { pod, container, .. } = &*self.name;
                tracing::warn!(
                    namespace = %pod.namespace, pod = %pod.pod, %container, %error,
                    "one of many logs cannot be read on"
                );
                self.fail();
                Ok(NextLine::End)
            }
            found => found,
        }
    }

    fn look_for_next(&mut self) -> io::Result<NextLine> {
        if std::mem::take(&mut self.is_line_due) {
            return Ok(NextLine::Line);
        }
        self.present = None;
        if let Some(run) = self.next_run.take() {
            self.begin_run(&run);
        }
        if self.has_reached_until() {
            return Ok(NextLine::End);
        }
        loop {
            if self.find_line()? {
                let is_other = |first| self.tracker.place() != Some(first);
                self.is_line_due = self.expected_first.take().is_some_and(is_other);
                self.has_advanced |= self.is_line_due;
                return Ok(if self.is_line_due { NextLine::Gap(None) } else { NextLine::Line });
            }
            if self.has_reached_until() {
                return Ok(NextLine::End);
            }
            if let Some(FeedEnd::Failed(failure)) = &self.end {
                return Err(io::Error::other(failure.reason.clone()));
            }
            if self.end.is_some() {
                let has_rest = self.present_rest()?;
                return Ok(if has_rest { NextLine::Line } else { NextLine::End });
            }
            let Some(pieces) = &mut self.pieces else {
                return Ok(NextLine::End);
            };
            match pieces.take() {
                Taken::Piece(Piece::Bytes(bytes, came_at)) => {
                    self.came_at = came_at;
                    self.append(&bytes);
                }
                Taken::Piece(Piece::Gap) => {
                    self.drop_rest();
                    return Ok(NextLine::Gap(None));
                }
                Taken::Piece(Piece::Run(run)) => {
                    if self.present_rest()? {
                        self.next_run = Some(run);
                        return Ok(NextLine::Line);
                    }
                    self.begin_run(&run);
                }
                Taken::Piece(Piece::Waiting(reason)) => self.waits_for = Some(reason),
                Taken::Piece(Piece::Unreachable(status)) => self.unreachable = Some(status),
                Taken::Piece(Piece::Reachable) => self.unreachable = None,
                Taken::Piece(Piece::End(end)) => self.end = Some(end),
                Taken::Awaited => return Ok(NextLine::Awaited),
                Taken::Quiet => return Ok(NextLine::Pending),
            }
        }
    }

    /// No more of the log comes.
    fn fail(&mut self) {
        self.failure = Some(match &self.end {
            Some(FeedEnd::Failed(failure)) => failure.kind,
            _ => FailureKind::Unavailable(None),
        });
        self.close();
        // It can be taken up again behind the last whole line.
        self.begun = None;
    }
}
