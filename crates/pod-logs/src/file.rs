//! Files of a log, and how far they may be read.

use std::{
    fs::File,
    io::{self, BufReader, Read},
    iter::Sum,
    os::unix::fs::{FileExt, MetadataExt},
    sync::{
        Arc, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::SystemTime,
};

use chrono::{DateTime, Utc};
use flate2::bufread::MultiGzDecoder;

use super::{gzip::GzipReader, head::FileHead, pace, sample::Sample};

/// How much of a stored file is read for its beginning at most, in bytes. What is compressed may have
/// no first line however much of it is decompressed.
const MAX_STORED_HEAD_BYTES: u64 = 256 * 1024;

/// How much of what was written last is held for followers, in bytes.
const MAX_RECENT_BYTES: usize = 256 * 1024;

/// What it takes to read something.
#[derive(Debug, Clone, Copy, Default)]
pub struct ReadingCost {
    /// How much there is, as it is stored.
    pub stored_bytes: u64,
    /// Some of it has to be decompressed.
    pub is_compressed: bool,
}

impl Sum for ReadingCost {
    fn sum<I: Iterator<Item = Self>>(costs: I) -> Self {
        costs.fold(Self::default(), |sum, cost| Self {
            stored_bytes: sum.stored_bytes + cost.stored_bytes,
            is_compressed: sum.is_compressed || cost.is_compressed,
        })
    }
}

/// What is different as soon as a file has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct FileVersion {
    /// Device and inode.
    id: (u64, u64),
    modified: Option<DateTime<Utc>>,
    stored_bytes: u64,
}

/// What came of looking whether a file grew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Growth {
    None,
    Some,
    /// It is shorter than it was, or holds something else: somebody emptied it.
    Truncated,
}

/// An open file of a log. Shared by all who read it; nobody moves its file position.
///
/// A plain file has an end up to which it may be read: one that is followed grows, and all its
/// readers see the growth at once; else the end is where it was when the file was opened, so that
/// a reader sees the log of one instant however much is written meanwhile.
#[derive(Debug)]
pub(crate) struct LogFile {
    stored: RwLock<Stored>,
    is_compressed: bool,
    /// Of the file as it is stored, in bytes.
    end: AtomicU64,
    /// Nothing will be added any more.
    is_complete: AtomicBool,
    /// It was deleted, and held for a slow reader for long enough.
    is_revoked: AtomicBool,
    /// Counts the files of a log that is followed.
    number: AtomicU64,
    /// Once it does not change any more.
    head: OnceLock<FileHead>,
    /// Files of one run of a container have the same number, and those of another run another.
    pub(crate) run: u64,
    pub(crate) modified: Option<DateTime<Utc>>,
}

/// The file of the file system. A copy may take its place.
#[derive(Debug)]
struct Stored {
    file: Arc<File>,
    /// Device and inode.
    id: (u64, u64),
    /// What is known of it while it is written to.
    growing: Option<Growing>,
}

#[derive(Debug, Default)]
struct Growing {
    recent: Recent,
    /// Of what may be read. `None` if it could not be read.
    sample: Option<Arc<Sample>>,
    /// When it was last written to, as far as that was looked at.
    modified: Option<SystemTime>,
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
            number: AtomicU64::new(0),
            head: OnceLock::new(),
            stored: RwLock::new(Stored {
                id: (metadata.dev(), metadata.ino()),
                file: Arc::new(file),
                growing: None,
            }),
            is_compressed,
            run,
        })
    }

    /// Says that it is still written to.
    pub(crate) fn start_growing(&self) {
        let sample = Sample::of(&self.file(), self.stored_bytes()).ok().map(Arc::new);
        self.stored_mut().growing = Some(Growing { sample, ..Growing::default() });
        self.is_complete.store(false, Ordering::Release);
    }

    /// Looks how much was written.
    pub(crate) fn grow(&self) -> io::Result<Growth> {
        let (file, sample, last_modified) = match &*self.stored() {
            Stored { file, growing: Some(Growing { sample, modified, .. }), .. } => {
                (file.clone(), sample.clone(), *modified)
            }
            _ => return Ok(Growth::None),
        };
        let metadata = file.metadata()?;
        let (length, modified) = (metadata.len(), metadata.modified().ok());
        let known = self.stored_bytes();
        if length < known {
            return Ok(Growth::Truncated);
        }
        if length == known && modified == last_modified {
            return Ok(Growth::None);
        }
        let recent = Recent::read(&file, known, length)?;
        let next_sample = Arc::new(Sample::of(&file, length)?);
        // Looked at last: if it still holds what it held, then so it did while it was read.
        if let Some(sample) = sample
            && !sample.is_in(&file)?
        {
            return Ok(Growth::Truncated);
        }
        if let Some(growing) = &mut self.stored_mut().growing {
            *growing = Growing { recent, sample: Some(next_sample), modified };
        }
        self.end.store(length, Ordering::Release);
        Ok(if length > known { Growth::Some } else { Growth::None })
    }

    /// Goes on in a file that took the place of this one, if it holds what this one holds: somebody
    /// made a copy and gave it the name. False if it does not.
    pub(crate) fn go_on_in(&self, copy: &Self) -> io::Result<bool> {
        let (file, id) = {
            let stored = copy.stored();
            (stored.file.clone(), stored.id)
        };
        let mut stored = self.stored_mut();
        let Some(Growing { sample: Some(sample), modified, .. }) = &mut stored.growing else {
            return Ok(false);
        };
        if !sample.is_in(&file)? {
            return Ok(false);
        }
        *modified = None;
        (stored.file, stored.id) = (file, id);
        Ok(true)
    }

    /// Says that nothing will be added any more.
    pub(crate) fn complete(&self) {
        self.is_complete.store(true, Ordering::Release);
        self.stored_mut().growing = None;
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
        Ok(self.file().metadata()?.nlink() == 0)
    }

    /// Whether both are the same log, one of them maybe renamed or compressed.
    pub(crate) fn is_same_log(self: &Arc<Self>, other: &Arc<Self>) -> io::Result<bool> {
        if self.is_same_inode(other) {
            return Ok(true);
        }
        Ok(self.run == other.run && self.head()?.is_of_same_log(&other.head()?))
    }

    /// Whether both are the same file of the file system.
    pub(crate) fn is_same_inode(&self, other: &Self) -> bool {
        self.id() == other.id()
    }

    /// Device and inode.
    pub(crate) fn id(&self) -> (u64, u64) {
        self.stored().id
    }

    /// A checksum of the content's first line, by which a file is known again after it was renamed
    /// and compressed. 0 while the line is not whole and may become so, and in an empty file.
    pub(crate) fn fingerprint(self: &Arc<Self>) -> io::Result<u32> {
        let head = self.head()?;
        Ok(if head.is_whole() || self.is_complete() { head.checksum() } else { 0 })
    }

    /// How the content begins. Reads a bounded part of the file, once.
    pub(crate) fn head(self: &Arc<Self>) -> io::Result<FileHead> {
        if let Some(head) = self.head.get() {
            return Ok(*head);
        }
        let stored = StoredReader { file: self.clone(), offset: 0 }.take(MAX_STORED_HEAD_BYTES);
        let head = match self.is_compressed {
            false => FileHead::read(stored)?,
            true => FileHead::read(MultiGzDecoder::new(BufReader::new(stored)))?,
        };
        if head.is_whole() {
            return Ok(*self.head.get_or_init(|| head));
        }
        Ok(head)
    }

    /// Which version of the file was opened. Only of a file that is complete.
    pub(crate) fn version(&self) -> FileVersion {
        FileVersion { id: self.id(), modified: self.modified, stored_bytes: self.stored_bytes() }
    }

    /// How the content begins, if that is known without reading it.
    pub(crate) fn known_head(&self) -> Option<FileHead> {
        self.head.get().copied()
    }

    /// Makes known how the content begins, from another reading of the same version.
    pub(crate) fn know_head(&self, head: FileHead) {
        if head.is_whole() {
            self.head.get_or_init(|| head);
        }
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

    /// Which run of its container it is of: how often that was restarted before.
    pub(crate) fn restart(&self) -> u32 {
        // The lower half of a run's number; see `PodLogs::run_number`.
        self.run as u32
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
        let (file, sample) = {
            let stored = self.stored();
            let growing = stored.growing.as_ref();
            if let Some(read) = growing.and_then(|growing| growing.recent.copy_to(buffer, offset)) {
                return Ok(read);
            }
            (stored.file.clone(), growing.and_then(|growing| growing.sample.clone()))
        };
        let read = read_at(&file, buffer, offset)?;
        // Of a file that was emptied and filled again other lines were read. The next look sees to
        // what comes then.
        match sample {
            Some(sample) if !sample.begins(&file)? => Ok(0),
            _ => Ok(read),
        }
    }

    fn file(&self) -> Arc<File> {
        self.stored().file.clone()
    }

    fn stored(&self) -> RwLockReadGuard<'_, Stored> {
        // Its parts are replaced as a whole.
        self.stored.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn stored_mut(&self) -> RwLockWriteGuard<'_, Stored> {
        self.stored.write().unwrap_or_else(PoisonError::into_inner)
    }
}

fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    loop {
        match file.read_at(buffer, offset) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            read => return read,
        }
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
