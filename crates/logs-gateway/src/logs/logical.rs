//! Lines as the container meant them: pieces joined, per stream.
//!
//! A runtime splits a long line into partial pieces, and pieces of stdout and stderr may stand
//! between each other. A joined line stands where its last piece stands and has the time of its
//! first. Two bounds keep memory small, and a line's beginning near: a piece more than
//! [`JOIN_GAP_BYTES`] of file after the one before begins a line of its own, and a line that spans
//! more than [`JOIN_SPAN_BYTES`] ends there.
//!
//! Lines in neither format are passed over, as the kubelet passes over them.

use std::{io, mem, sync::Arc};

use super::{
    file::{Chain, Mark, OpenFrom, Until},
    format::{Entry, LineTime, Stream, strip},
    physical::{Advance, LineEnd, PhysicalLines, Place},
};

/// How much of the file may lie between two pieces of a line, in bytes.
pub(crate) const JOIN_GAP_BYTES: u64 = 64 * 1024;
/// How much of the file a line may span before it ends, in bytes.
const JOIN_SPAN_BYTES: u64 = 1024 * 1024;

/// A line as the container meant it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LogicalLine<'a> {
    pub(crate) time: LineTime,
    pub(crate) stream: Stream,
    /// Without the newline.
    pub(crate) content: &'a [u8],
    /// False when its end was not written yet: there is no newline then.
    pub(crate) is_terminated: bool,
}

/// Walks the lines of a [`Chain`]: [`advance`](Self::advance), then look at
/// [`line`](Self::line).
#[derive(Debug)]
pub(crate) struct LogicalLines {
    physical: PhysicalLines,
    /// Where the lines end in the last file, if that is before its end.
    until: Option<Until>,
    /// Only lines of this stream, if of one only.
    only: Option<Stream>,
    streams: [StreamState; 2],
    /// What the rest of the physical line belongs to; `None` while one is passed over.
    continued: Option<Continued>,
    /// A whole line without its newline at the end of a file: its rest may be at the beginning of
    /// the next one.
    torn: Option<Head>,
    /// The physical line waits because a line had to be given up before it.
    piece_waits: bool,
    /// Lines were lost behind the last piece, and those that are open end before.
    loss_waits: bool,
    /// From this offset on a line must be given up; `u64::MAX` if none is open.
    give_up_at: u64,
    present: Present,
    /// The present line's content, where it is not in the file as such.
    joined: Vec<u8>,
    /// How many lines were dropped because they may have begun before the chain.
    dropped: u64,
    /// At this offset a line from before the chain cannot be open any more.
    all_seen_from: u64,
    /// Where the last piece is that was looked at.
    last_position: u64,
    /// Which run of the container it is from.
    run: u64,
}

/// What is known of a line from its first piece.
#[derive(Debug, Clone, Copy)]
struct Head {
    time: LineTime,
    stream: Stream,
    position: u64,
    /// It is the line's beginning. In the middle of a file that takes some looking.
    is_certain: bool,
}

/// A physical line longer than the buffer.
#[derive(Debug, Clone, Copy)]
struct Continued {
    time: LineTime,
    stream: Stream,
    partial: bool,
}

#[derive(Debug, Default)]
struct StreamState {
    /// The line whose pieces are being joined.
    open: Option<Head>,
    content: Vec<u8>,
    /// Where the last piece ended.
    last_end: u64,
    /// A piece from this offset on, if no line is open, certainly begins one.
    certain_from: u64,
}

/// Where the present line is.
#[derive(Debug, Clone, Copy)]
enum Present {
    None,
    /// In the physical line, from this byte on.
    InFile {
        head: Head,
        content_start: usize,
        is_terminated: bool,
    },
    Joined {
        head: Head,
        is_terminated: bool,
    },
}

impl Present {
    /// What is given out without its end.
    fn unfinished(&self) -> Option<Head> {
        match self {
            Self::InFile { head, is_terminated: false, .. }
            | Self::Joined { head, is_terminated: false } => Some(*head),
            _ => None,
        }
    }
}

/// Where a reading can be taken up again behind a line.
#[derive(Debug, Clone)]
pub(crate) struct Resumption {
    /// Where to begin reading: where the oldest line that is still open begins.
    pub(crate) begin: Place,
    /// Lines that end up to here have been seen.
    pub(crate) seen: Place,
}

impl Resumption {
    /// The mark of the line behind which the reading can be taken up.
    pub(crate) fn mark(&self) -> Mark {
        let Self { begin, seen } = self;
        let open_from = match Arc::ptr_eq(&begin.file, &seen.file) {
            true => OpenFrom::SameFile(begin.offset),
            false => OpenFrom::EarlierFile(begin.offset),
        };
        Mark { offset: seen.offset, open_from }
    }
}

impl LogicalLines {
    /// The lines that begin in the chain. If it begins in the middle of a log, the rest of a line
    /// that began before it does not count as one.
    pub(crate) fn new(chain: &Chain, only: Option<Stream>) -> io::Result<Self> {
        let physical = PhysicalLines::new(chain)?;
        let all_seen_from = match chain.starts_clean {
            true => 0,
            false => physical.next_position() + JOIN_GAP_BYTES,
        };
        let stream = || StreamState { certain_from: all_seen_from, ..StreamState::default() };
        Ok(Self {
            run: physical.run(),
            physical,
            until: chain.until,
            only,
            streams: [stream(), stream()],
            continued: None,
            torn: None,
            piece_waits: false,
            loss_waits: false,
            give_up_at: u64::MAX,
            present: Present::None,
            joined: Vec::new(),
            dropped: 0,
            all_seen_from,
            last_position: 0,
        })
    }

    /// Goes to the next line.
    pub(crate) fn advance(&mut self) -> io::Result<Advance> {
        let advanced = self.find_next()?;
        if self.until.is_some() && advanced == Advance::Line && self.is_beyond() {
            self.present = Present::None;
            return Ok(Advance::End);
        }
        Ok(advanced)
    }

    fn find_next(&mut self) -> io::Result<Advance> {
        self.present = Present::None;
        while matches!(self.present, Present::None) {
            if self.loss_waits {
                return Ok(self.close_before_loss());
            }
            if !self.piece_waits {
                match self.physical.advance()? {
                    Advance::Line => {}
                    Advance::Pending => return Ok(Advance::Pending),
                    Advance::Lost => {
                        self.loss_waits = true;
                        continue;
                    }
                    Advance::End => return Ok(self.close_unfinished()),
                }
            }
            self.look_at_piece();
        }
        Ok(Advance::Line)
    }

    /// Before lines that were lost: those that were not finished. What comes behind is no part of
    /// them.
    fn close_before_loss(&mut self) -> Advance {
        if self.close_unfinished() == Advance::Line {
            return Advance::Line;
        }
        self.loss_waits = false;
        self.forget_what_was_open();
        Advance::Lost
    }

    /// Nothing from before can be open any more.
    fn forget_what_was_open(&mut self) {
        self.streams.iter_mut().for_each(|state| state.certain_from = 0);
        self.all_seen_from = 0;
    }

    /// Appends the text of the lines that come next and have been read, newlines included, up to
    /// about so many bytes and to the first that is not quite usual. It is what
    /// [`advance`](Self::advance) would find; there is no present line then.
    pub(crate) fn strip(&mut self, max_bytes: usize, out: &mut Vec<u8>) {
        if self.are_usual_lines_taken_as_they_are() {
            self.present = Present::None;
            let stripped = strip(self.physical.whole_lines(max_bytes), out);
            self.physical.pass_over(stripped);
        }
    }

    /// Nothing is left out or open, and nothing hangs on where a line stands.
    fn are_usual_lines_taken_as_they_are(&self) -> bool {
        let position = self.physical.next_position();
        self.only.is_none()
            && self.until.is_none()
            && !self.piece_waits
            && self.torn.is_none()
            && self.physical.run() == self.run
            && self.streams.iter().all(|s| s.open.is_none() && position >= s.certain_from)
    }

    /// The present line; `None` before the first and after the last.
    pub(crate) fn line(&self) -> Option<LogicalLine<'_>> {
        let (head, content, is_terminated) = match self.present {
            Present::None => return None,
            Present::InFile { head, content_start, is_terminated } => {
                (head, &self.physical.line().bytes[content_start..], is_terminated)
            }
            Present::Joined { head, is_terminated } => (head, &self.joined[..], is_terminated),
        };
        Some(LogicalLine { time: head.time, stream: head.stream, content, is_terminated })
    }

    /// Gives out the lines that are not finished, as they are: nothing came for a while. To be
    /// called when the next line is pending.
    pub(crate) fn flush(&mut self) -> io::Result<Advance> {
        self.physical.be_impatient(true);
        let advanced = self.advance();
        self.physical.be_impatient(false);
        match advanced? {
            Advance::Pending => Ok(match self.close_unfinished() {
                Advance::End => Advance::Pending,
                line => line,
            }),
            advanced => Ok(advanced),
        }
    }

    /// Where to go on behind the present line. `None` if that lies in a file that was let go.
    pub(crate) fn resumption(&self) -> Option<Resumption> {
        let waits = self.piece_waits.then(|| self.physical.line().position);
        let seen = waits.unwrap_or_else(|| self.physical.next_position());
        let open = self.streams.iter().filter_map(|state| state.open);
        // Nobody can go on in the middle of a piece, so what ends there counts as open.
        let is_in_piece = self.physical.line().end != LineEnd::Newline;
        let torn = self.present.unfinished().filter(|_| is_in_piece);
        let open = open.chain(torn).map(|head| head.position);
        let begin = open.min().unwrap_or(seen).min(seen);
        Some(Resumption {
            begin: self.physical.place_of(begin)?,
            seen: self.physical.place_of(seen)?,
        })
    }

    /// Whether the present line lies behind the end.
    fn is_beyond(&self) -> bool {
        let (Some(until), Some(present)) = (&self.until, self.resumption()) else {
            return false;
        };
        let last_file = self.physical.last_file();
        let is_in_last = last_file.is_some_and(|last| Arc::ptr_eq(last, &present.seen.file));
        is_in_last && until.is_before(present.mark())
    }

    /// How many lines were dropped so far because they may have begun before the chain.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Whether no line from before the chain can be missing at or after the present one: one that
    /// was left open there would have been given up by now.
    pub(crate) fn has_seen_all(&self) -> bool {
        self.last_position >= self.all_seen_from
    }

    /// The files it reads.
    pub(crate) fn physical(&self) -> &PhysicalLines {
        &self.physical
    }

    /// The files it reads, to give it more of them.
    pub(crate) fn physical_mut(&mut self) -> &mut PhysicalLines {
        &mut self.physical
    }

    /// A physical line may be a line or a piece of one; or first an open line has to be given up,
    /// because it is too far away or from an earlier run.
    fn look_at_piece(&mut self) {
        self.last_position = self.physical.line().position;
        let is_new_run = self.physical.run() != self.run;
        self.piece_waits =
            self.give_up_at != u64::MAX && (is_new_run || self.last_position >= self.give_up_at);
        if self.piece_waits {
            self.give_up_one();
            return;
        }
        if is_new_run {
            self.run = self.physical.run();
            self.forget_what_was_open();
        }
        match self.torn.take() {
            Some(head) => self.mend(head),
            None => self.take_piece(),
        }
    }

    /// After a line that lacks its newline at the end of a file: what is no line by itself is its
    /// rest; otherwise it was whole.
    fn mend(&mut self, head: Head) {
        let piece = self.physical.line();
        if Entry::parse(piece.bytes).is_some() {
            self.piece_waits = true;
            self.take_joined(head);
            self.end_line(head, Present::Joined { head, is_terminated: true });
            return;
        }
        let (is_last, is_terminated) =
            (piece.end == LineEnd::Newline, piece.end == LineEnd::Newline);
        let head = Head { position: piece.position, ..head };
        self.join(head, None, is_last, is_terminated);
    }

    /// Takes the present physical line as a line, a piece of one, or nothing.
    fn take_piece(&mut self) {
        let piece = self.physical.line();
        let is_last_piece = piece.end != LineEnd::Continued;
        let is_terminated = piece.end == LineEnd::Newline;
        if piece.is_continuation {
            if let Some(Continued { time, stream, partial }) = self.continued {
                let head = self.head(time, stream, piece.position);
                self.join(head, None, is_last_piece && !partial, is_terminated);
            }
            return;
        }
        self.continued = None;
        let Some(entry) = Entry::parse(piece.bytes) else {
            return;
        };
        if self.only.is_some_and(|only| only != entry.stream) {
            return;
        }
        let (time, stream, partial) = (entry.time, entry.stream, entry.partial);
        let head = self.head(time, stream, piece.position);
        if !is_last_piece {
            self.continued = Some(Continued { time, stream, partial });
        }
        if piece.end == LineEnd::EndOfFile && !partial {
            self.join(head, Some(&entry), false, false);
            self.torn = self.streams[stream as usize].open;
            return;
        }
        let is_whole = is_last_piece && !partial;
        match entry.content_start() {
            Some(content_start) if is_whole && self.streams[stream as usize].open.is_none() => {
                self.end_line(head, Present::InFile { head, content_start, is_terminated });
            }
            _ => self.join(head, Some(&entry), is_whole, is_terminated),
        }
    }

    fn head(&self, time: LineTime, stream: Stream, position: u64) -> Head {
        let is_certain = position >= self.streams[stream as usize].certain_from;
        Head { time, stream, position, is_certain }
    }

    /// Adds a piece (the present physical line, or what it was decoded to) to the line that is
    /// open, or opens one.
    fn join(&mut self, piece: Head, entry: Option<&Entry>, is_last: bool, is_terminated: bool) {
        let line = self.physical.line();
        let content = entry.map_or(line.bytes, |entry| entry.content(line.bytes));
        let state = &mut self.streams[piece.stream as usize];
        let head = *state.open.get_or_insert(piece);
        state.content.extend_from_slice(content);
        state.last_end = line.position + line.bytes.len() as u64;
        if !head.is_certain {
            state.certain_from = state.last_end + JOIN_GAP_BYTES;
        }
        if is_last {
            self.take_joined(head);
            self.end_line(head, Present::Joined { head, is_terminated });
        } else if state.last_end - head.position > JOIN_SPAN_BYTES {
            self.take_joined(head);
            self.present_line(head, Present::Joined { head, is_terminated: true });
        } else {
            self.note_give_up();
        }
    }

    /// Presents an open line whose next piece did not come near enough.
    fn give_up_one(&mut self) {
        let open = self.streams.iter().filter(|state| state.open.is_some());
        if let Some(head) = open.min_by_key(|state| state.last_end).and_then(|state| state.open) {
            self.take_joined(head);
            self.present_line(head, Present::Joined { head, is_terminated: true });
        }
    }

    /// At the end of the chain: the lines that were not finished, in the order they began.
    fn close_unfinished(&mut self) -> Advance {
        let open = self.streams.iter().filter_map(|state| state.open);
        let Some(head) = open.min_by_key(|head| head.position) else {
            return Advance::End;
        };
        self.take_joined(head);
        self.present_line(head, Present::Joined { head, is_terminated: false });
        match self.present {
            Present::None => self.close_unfinished(),
            _ => Advance::Line,
        }
    }

    /// Moves the open line of the head's stream to where the present line is.
    fn take_joined(&mut self, head: Head) {
        self.torn = None;
        let state = &mut self.streams[head.stream as usize];
        state.open = None;
        mem::swap(&mut self.joined, &mut state.content);
        state.content.clear();
        self.note_give_up();
    }

    fn note_give_up(&mut self) {
        let open = self.streams.iter().filter(|state| state.open.is_some());
        let first = open.map(|state| state.last_end + JOIN_GAP_BYTES).min();
        self.give_up_at = first.unwrap_or(u64::MAX);
    }

    /// Presents a line that is finished: the next piece of the stream certainly begins one.
    fn end_line(&mut self, head: Head, present: Present) {
        self.present_line(head, present);
        self.streams[head.stream as usize].certain_from = 0;
    }

    /// Presents a line, unless it may be only the end of one.
    fn present_line(&mut self, head: Head, present: Present) {
        if head.is_certain {
            self.present = present;
        } else {
            self.dropped += 1;
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::logs::physical::tests::{broken, chain_of, file, plain};

    pub(crate) fn collect(mut lines: LogicalLines) -> Vec<(String, String, bool)> {
        let mut all = Vec::new();
        while lines.advance().unwrap() == Advance::Line {
            let line = lines.line().unwrap();
            let mut stamp = Vec::new();
            line.time.write_stamp(&mut stamp);
            let second = String::from_utf8(stamp).unwrap()[17..19].to_owned();
            let content = String::from_utf8_lossy(line.content).into_owned();
            all.push((second, content, line.is_terminated));
        }
        all
    }

    fn cri(second: u8, stream: &str, tag: &str, content: &str) -> String {
        format!("2026-11-01T10:00:{second:02}Z {stream} {tag} {content}\n")
    }

    fn lines_of(content: &str, start: u64, only: Option<Stream>) -> Vec<(String, String, bool)> {
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
        assert_eq!(
            lines_of(&content, 0, None),
            [line("02", "xy"), line("01", "abc"), line("06", "d")]
        );
        assert_eq!(lines_of(&content, 0, Some(Stream::Stderr)), [line("02", "xy")]);
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
    fn what_is_no_line_is_passed_over() {
        let content =
            format!("garbage\n{}\n\u{0}{}", cri(1, "stdout", "F", "a"), cri(2, "stdout", "F", "b"));
        assert_eq!(lines_of(&content, 0, None), [line("01", "a")]);
    }

    #[test]
    fn a_line_longer_than_the_span_comes_as_several() {
        let piece = "x".repeat(200_000);
        let pieces: Vec<String> =
            (1..=10).map(|second| cri(second, "stdout", "P", &piece)).collect();
        let content = pieces.concat() + &cri(11, "stdout", "F", "end");
        let lines = lines_of(&content, 0, None);
        let lengths: Vec<_> = lines.iter().map(|line| (line.0.as_str(), line.1.len())).collect();
        assert_eq!(lengths, [("01", 1_200_000), ("07", 800_003)]);
    }

    #[test]
    fn a_line_that_does_not_go_on_soon_is_given_up() {
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
    fn garbage_longer_than_the_buffer_is_passed_over() {
        let content = "x".repeat(1_000_000) + "\n" + &cri(2, "stdout", "F", "end");
        assert_eq!(lines_of(&content, 0, None), [line("02", "end")]);
    }

    #[test]
    fn a_line_may_go_on_in_the_next_file_of_its_run_but_not_in_the_next_run() {
        let one = cri(1, "stdout", "P", "a");
        let other = cri(2, "stdout", "F", "b");
        let chain = Chain::whole(vec![plain(one.as_bytes()), plain(other.as_bytes())]);
        assert_eq!(collect(LogicalLines::new(&chain, None).unwrap()), [line("01", "ab")]);

        let chain = Chain::whole(vec![plain(one.as_bytes()), file(other.as_bytes(), false, 1)]);
        let lines = collect(LogicalLines::new(&chain, None).unwrap());
        assert_eq!(lines, [line("01", "a"), line("02", "b")]);
    }

    #[test]
    fn what_is_open_where_lines_were_lost_ends_there() {
        let before = [
            cri(1, "stdout", "P", "a"),
            cri(2, "stderr", "F", "b"),
            "2026-11-01T10:00:03Z stderr F c".to_owned(),
        ];
        let after = cri(4, "stdout", "F", "d");
        let chain = Chain::whole(vec![broken(before.concat().as_bytes()), plain(after.as_bytes())]);
        let mut lines = LogicalLines::new(&chain, None).unwrap();
        let mut seen = Vec::new();
        loop {
            match lines.advance().unwrap() {
                Advance::Line => {
                    let line = lines.line().unwrap();
                    let content = String::from_utf8_lossy(line.content).into_owned();
                    seen.push((content, line.is_terminated));
                }
                Advance::Lost => seen.push(("LOST".to_owned(), true)),
                Advance::Pending | Advance::End => break,
            }
        }
        let seen: Vec<_> = seen.iter().map(|(content, whole)| (&content[..], *whole)).collect();
        assert_eq!(seen, [("b", true), ("a", false), ("c", false), ("LOST", true), ("d", true)]);
    }

    #[test]
    fn a_start_in_the_middle_drops_what_may_be_the_end_of_a_line() {
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
}
