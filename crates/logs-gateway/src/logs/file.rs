//! Files of a log, and how far they may be read.

use std::{
    cmp,
    fs::File,
    io::{self, Read},
    iter::Sum,
    os::unix::fs::{FileExt, MetadataExt},
    sync::{
        Arc, OnceLock, PoisonError, RwLock, RwLockWriteGuard,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use chrono::{DateTime, Utc};
use memchr::memchr;

use super::{gzip::GzipReader, pace};

/// How much of a file's first line counts for its fingerprint, in bytes.
const FINGERPRINT_BYTES: usize = 1024;

/// How much of a stored file is looked at where only its first line is of interest, in bytes.
const BEGINNING_BYTES: u64 = 128 * 1024;

/// How much of what was written last is held for followers, in bytes.
const MAX_RECENT_BYTES: usize = 256 * 1024;

/// What it takes to read something.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ReadingCost {
    /// How much there is, as it is stored.
    pub(crate) stored_bytes: u64,
    /// Some of it has to be decompressed.
    pub(crate) is_compressed: bool,
}

impl Sum for ReadingCost {
    fn sum<I: Iterator<Item = Self>>(costs: I) -> Self {
        costs.fold(Self::default(), |sum, cost| Self {
            stored_bytes: sum.stored_bytes + cost.stored_bytes,
            is_compressed: sum.is_compressed || cost.is_compressed,
        })
    }
}

/// What came of looking whether a file grew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Growth {
    None,
    Some,
    /// It is shorter than it was: somebody emptied it.
    Truncated,
}

/// An open file of a log. Shared by all who read it; nobody moves its file position.
///
/// A plain file has an end up to which it may be read: one that is followed grows, and all its
/// readers see the growth at once; else the end is where it was when the file was opened, so that
/// a reader sees the log of one instant however much is written meanwhile.
#[derive(Debug)]
pub(crate) struct LogFile {
    file: Arc<File>,
    is_compressed: bool,
    /// Of the file as it is stored, in bytes.
    end: AtomicU64,
    /// Nothing will be added any more.
    is_complete: AtomicBool,
    /// It was deleted, and held for a slow reader for long enough.
    is_revoked: AtomicBool,
    recent: RwLock<Recent>,
    /// Counts the files of a log that is followed.
    number: AtomicU64,
    /// Device and inode.
    id: (u64, u64),
    /// See [`LogFile::fingerprint`].
    fingerprint: OnceLock<u32>,
    /// Files of one run of a container have the same number, and those of another run another.
    pub(crate) run: u64,
    pub(crate) modified: Option<DateTime<Utc>>,
}

impl LogFile {
    /// The file as it is now, complete.
    pub(crate) fn new(file: File, is_compressed: bool, run: u64) -> io::Result<Self> {
        let metadata = file.metadata()?;
        Ok(Self {
            end: AtomicU64::new(metadata.len()),
            modified: metadata.modified().ok().map(DateTime::from),
            is_complete: AtomicBool::new(true),
            is_revoked: AtomicBool::new(false),
            recent: RwLock::default(),
            number: AtomicU64::new(0),
            id: (metadata.dev(), metadata.ino()),
            fingerprint: OnceLock::new(),
            file: Arc::new(file),
            is_compressed,
            run,
        })
    }

    /// The same file as if it ended after its first 128 KiB, as it is stored: what is compressed may
    /// have no first line however much of it is decompressed.
    pub(crate) fn beginning(&self) -> Arc<Self> {
        Arc::new(Self {
            file: self.file.clone(),
            is_compressed: self.is_compressed,
            end: AtomicU64::new(self.stored_bytes().min(BEGINNING_BYTES)),
            is_complete: AtomicBool::new(true),
            is_revoked: AtomicBool::new(self.is_revoked()),
            recent: RwLock::default(),
            number: AtomicU64::new(self.number()),
            id: self.id,
            fingerprint: OnceLock::new(),
            run: self.run,
            modified: self.modified,
        })
    }

    /// Says that it is still written to.
    pub(crate) fn start_growing(&self) {
        self.is_complete.store(false, Ordering::Release);
    }

    /// Looks how much was written.
    pub(crate) fn grow(&self) -> io::Result<Growth> {
        let length = self.file.metadata()?.len();
        let known = self.stored_bytes();
        if length > known {
            *self.recent_mut() = Recent::read(&self.file, known, length)?;
            self.end.store(length, Ordering::Release);
        }
        Ok(match length.cmp(&known) {
            cmp::Ordering::Less => Growth::Truncated,
            cmp::Ordering::Equal => Growth::None,
            cmp::Ordering::Greater => Growth::Some,
        })
    }

    /// Says that nothing will be added any more.
    pub(crate) fn complete(&self) {
        self.is_complete.store(true, Ordering::Release);
        *self.recent_mut() = Recent::default();
    }

    /// Stops its readers, so that the deleted file's blocks can be freed.
    pub(crate) fn revoke(&self) {
        self.is_revoked.store(true, Ordering::Release);
        self.complete();
    }

    pub(crate) fn is_revoked(&self) -> bool {
        self.is_revoked.load(Ordering::Acquire)
    }

    /// How many files of a log that is followed came before it.
    pub(crate) fn number(&self) -> u64 {
        self.number.load(Ordering::Relaxed)
    }

    /// To be called before anyone else has it.
    pub(crate) fn set_number(&self, number: u64) {
        self.number.store(number, Ordering::Relaxed);
    }

    /// Whether its last name is gone.
    pub(crate) fn is_deleted(&self) -> io::Result<bool> {
        Ok(self.file.metadata()?.nlink() == 0)
    }

    /// Whether both are the same log, one of them maybe renamed or compressed.
    pub(crate) fn is_same_log(self: &Arc<Self>, other: &Arc<Self>) -> io::Result<bool> {
        if self.is_same_inode(other) {
            return Ok(true);
        }
        let fingerprint = self.fingerprint()?;
        Ok(fingerprint != 0 && fingerprint == other.fingerprint()?)
    }

    /// Whether both are the same file of the file system.
    pub(crate) fn is_same_inode(&self, other: &Self) -> bool {
        self.id == other.id
    }

    /// A checksum of the content's first line, by which a file is known again after it was renamed
    /// and compressed: the line has its time in nanoseconds. 0 until there is a whole line.
    pub(crate) fn fingerprint(self: &Arc<Self>) -> io::Result<u32> {
        if let Some(fingerprint) = self.fingerprint.get() {
            return Ok(*fingerprint);
        }
        let mut beginning = vec![0; FINGERPRINT_BYTES];
        let mut reader = FileReader::new(self.beginning(), 0)?;
        let mut filled = 0;
        while filled < beginning.len() {
            match reader.read(&mut beginning[filled..])? {
                0 => break,
                read => filled += read,
            }
        }
        let beginning = &beginning[..filled];
        let line = match memchr(b'\n', beginning) {
            Some(end) => &beginning[..end],
            None if filled == FINGERPRINT_BYTES => beginning,
            None => return Ok(0),
        };
        // A checksum that happens to be 0 would read as no line.
        Ok(*self.fingerprint.get_or_init(|| crc32fast::hash(line).max(1)))
    }

    /// Whether a line begins, or could begin, at the offset of the content.
    pub(crate) fn has_line_at(self: &Arc<Self>, offset: u64) -> io::Result<bool> {
        let Some(before) = offset.checked_sub(1) else {
            return Ok(true);
        };
        let mut byte = [0];
        let read = FileReader::new(self.clone(), before)?.read(&mut byte)?;
        Ok(read == 1 && byte == *b"\n")
    }

    pub(crate) fn is_compressed(&self) -> bool {
        self.is_compressed
    }

    /// How much there is, in bytes of the file as it is stored.
    pub(crate) fn stored_bytes(&self) -> u64 {
        self.end.load(Ordering::Acquire)
    }

    pub(crate) fn cost(&self) -> ReadingCost {
        ReadingCost { stored_bytes: self.stored_bytes(), is_compressed: self.is_compressed }
    }

    /// Whether all there will ever be may be read.
    pub(crate) fn is_complete(&self) -> bool {
        self.is_complete.load(Ordering::Acquire)
    }

    /// Reads what is stored at the offset, up to the end.
    fn read_stored(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        if self.is_revoked() {
            return Ok(0);
        }
        let left = self.stored_bytes().saturating_sub(offset);
        let wanted = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
        if wanted == 0 {
            return Ok(0);
        }
        let buffer = &mut buffer[..wanted];
        if !self.is_complete() {
            let recent = self.recent.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(read) = recent.copy_to(buffer, offset) {
                return Ok(read);
            }
        }
        loop {
            match self.file.read_at(buffer, offset) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => return read,
            }
        }
    }

    fn recent_mut(&self) -> RwLockWriteGuard<'_, Recent> {
        // It is replaced as a whole.
        self.recent.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What was last written to a file that is followed. However many followers have read up to there,
/// it is read from the file once.
#[derive(Debug, Default)]
struct Recent {
    offset: u64,
    bytes: Vec<u8>,
}

impl Recent {
    /// Nothing, if it is too much to hold: then everyone reads for himself.
    fn read(file: &File, from: u64, to: u64) -> io::Result<Self> {
        let length = usize::try_from(to - from).unwrap_or(usize::MAX);
        if length > MAX_RECENT_BYTES {
            return Ok(Self::default());
        }
        let mut bytes = vec![0; length];
        file.read_exact_at(&mut bytes, from)?;
        Ok(Self { offset: from, bytes })
    }

    fn copy_to(&self, buffer: &mut [u8], offset: u64) -> Option<usize> {
        let start = usize::try_from(offset.checked_sub(self.offset)?).ok()?;
        let bytes = self.bytes.get(start..).filter(|bytes| !bytes.is_empty())?;
        let length = bytes.len().min(buffer.len());
        buffer[..length].copy_from_slice(&bytes[..length]);
        Some(length)
    }
}

/// Reads a [`LogFile`] from front to back, decompressed.
#[derive(Debug)]
pub(crate) enum FileReader {
    Plain(StoredReader),
    Gzip(Box<GzipReader<StoredReader>>),
}

impl FileReader {
    /// Begins at an offset of the content. A compressed file is read up to there.
    pub(crate) fn new(file: Arc<LogFile>, offset: u64) -> io::Result<Self> {
        if !file.is_compressed {
            return Ok(Self::Plain(StoredReader { file, offset }));
        }
        let mut content = GzipReader::new(StoredReader { file, offset: 0 });
        content.skip(offset)?;
        Ok(Self::Gzip(Box::new(content)))
    }

    /// Reads on. 0 at the end, which of a file that is not complete is only the present end, and
    /// of a broken one is where it breaks off.
    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        pace::step()?;
        match self {
            Self::Plain(stored) => stored.read(buffer),
            Self::Gzip(content) => content.read(buffer),
        }
    }

    /// Whether the content broke off before its end: it was compressed, and cannot be decompressed.
    pub(crate) fn is_broken(&self) -> bool {
        match self {
            Self::Plain(_) => false,
            Self::Gzip(content) => content.is_broken(),
        }
    }

    pub(crate) fn cost_ahead(&self) -> ReadingCost {
        ReadingCost {
            stored_bytes: self.stored_bytes_ahead(),
            is_compressed: matches!(self, Self::Gzip(_)),
        }
    }

    /// How much of the stored file lies ahead, in bytes.
    pub(crate) fn stored_bytes_ahead(&self) -> u64 {
        let stored = match self {
            Self::Plain(stored) => stored,
            Self::Gzip(content) => content.stored(),
        };
        stored.file.stored_bytes().saturating_sub(stored.offset)
    }
}

/// The bytes of a file as they are stored.
#[derive(Debug)]
pub(crate) struct StoredReader {
    file: Arc<LogFile>,
    offset: u64,
}

impl Read for StoredReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // Much that is stored may be decompressed to nothing.
        pace::step()?;
        let read = self.file.read_stored(buffer, self.offset)?;
        self.offset += read as u64;
        Ok(read)
    }
}

/// A place at or before a mark's offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum OpenFrom {
    /// In the file before. One further back is taken for it: lines do not stay open for long.
    EarlierFile(u64),
    SameFile(u64),
}

/// The files of a log in the order they were written, from some place on.
#[derive(Debug, Clone)]
pub(crate) struct Chain {
    pub(crate) files: Vec<Arc<LogFile>>,
    /// Where in the first file to begin, in bytes of its content.
    pub(crate) start: u64,
    /// A line begins there, and none from before is open.
    pub(crate) starts_clean: bool,
    /// Where it ends, if that is before the end of the last file.
    pub(crate) until: Option<Until>,
}

/// Where a chain ends in its last file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Until {
    pub(crate) mark: Mark,
    /// The line whose mark it is belongs to the chain.
    pub(crate) is_inclusive: bool,
}

impl Until {
    /// Whether a line with this mark in the last file lies behind the end.
    pub(crate) fn is_before(&self, mark: Mark) -> bool {
        if self.is_inclusive { self.mark < mark } else { self.mark <= mark }
    }
}

/// What sets the lines that end in a file in order, as they are given out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Mark {
    /// What lies before it of the content has been seen, in bytes.
    pub(crate) offset: u64,
    /// Where the oldest line that is still open begins, which tells two lines apart that are given
    /// up at the same place.
    pub(crate) open_from: OpenFrom,
}

impl Chain {
    /// All of the files.
    pub(crate) fn whole(files: Vec<Arc<LogFile>>) -> Self {
        Self { files, start: 0, starts_clean: true, until: None }
    }

    /// Of all this only what lies in the last file.
    pub(crate) fn in_last_file(mut self) -> Self {
        let earlier = self.files.len().saturating_sub(1);
        if earlier > 0 {
            self.files.drain(..earlier);
            (self.start, self.starts_clean) = (0, true);
        }
        self
    }

    /// What it takes to read all of it.
    pub(crate) fn cost(&self) -> ReadingCost {
        let cost: ReadingCost = self.files.iter().map(|file| file.cost()).sum();
        ReadingCost { stored_bytes: cost.stored_bytes.saturating_sub(self.start), ..cost }
    }

    /// The end of the chain, about `stored_bytes` of it. A compressed file is taken whole.
    pub(crate) fn last(&self, stored_bytes: u64) -> Self {
        let mut wanted = stored_bytes;
        for (index, file) in self.files.iter().enumerate().rev() {
            let first = if index == 0 { self.start } else { 0 };
            let available = self.end_of(index).saturating_sub(first);
            if wanted < available {
                return self.from(
                    index,
                    if file.is_compressed { first } else { first + available - wanted },
                );
            }
            wanted -= available;
        }
        self.clone()
    }

    fn from(&self, index: usize, start: u64) -> Self {
        let is_whole = index == 0 && start == self.start;
        let begins_run =
            start == 0 && index > 0 && self.files[index - 1].run != self.files[index].run;
        Self {
            files: self.files[index..].to_vec(),
            start,
            starts_clean: begins_run || (is_whole && self.starts_clean),
            until: self.until,
        }
    }

    /// How much of a file, as it is stored, may belong to the chain. A compressed one is taken
    /// whole.
    fn end_of(&self, index: usize) -> u64 {
        let file = &self.files[index];
        match self.until {
            Some(until) if index + 1 == self.files.len() && !file.is_compressed => {
                until.mark.offset.min(file.stored_bytes())
            }
            _ => file.stored_bytes(),
        }
    }

    /// Whether the other chain begins at the same place, of two with the same end.
    pub(crate) fn is_as_long_as(&self, other: &Self) -> bool {
        self.files.len() == other.files.len() && self.start == other.start
    }
}
