//! Where long readings may be interrupted.
//!
//! All reading of files comes by here, so that a search through a huge file, wherever in the engine
//! it happens, can be made to wait for others or be given up. What decides that is set for the
//! thread on which the reading runs; without it nothing is ever interrupted.

use std::{cell::RefCell, io, rc::Rc};

/// Decides whether a reading goes on.
pub trait Pace {
    /// Called before each piece that is read. Blocks for as long as the reading has to wait.
    ///
    /// # Errors
    /// When the reading is not wanted any more: it has to end with this error.
    fn step(&self) -> io::Result<()>;

    /// Does work beside the reading, on another thread and at a pace of its own, if there is a
    /// place for it: else the answer is false. It may be done later or never, and the reading must
    /// not wait for it without taking steps.
    fn beside(&self, work: Box<dyn FnOnce() + Send>) -> bool {
        drop(work);
        false
    }
}

thread_local! {
    static PACE: RefCell<Option<Rc<dyn Pace>>> = const { RefCell::new(None) };
}

/// Does work that reads files on this thread at this pace.
pub fn at_pace<T>(pace: Rc<dyn Pace>, work: impl FnOnce() -> T) -> T {
    with(Some(pace), work)
}

/// Does work that reads little and is never interrupted: others may wait for a lock that it holds.
pub(crate) fn uninterrupted<T>(work: impl FnOnce() -> T) -> T {
    with(None, work)
}

fn with<T>(pace: Option<Rc<dyn Pace>>, work: impl FnOnce() -> T) -> T {
    /// Also when the work panics: other work follows on the same thread.
    struct Restore(Option<Rc<dyn Pace>>);
    impl Drop for Restore {
        fn drop(&mut self) {
            PACE.set(self.0.take());
        }
    }
    let _restore = Restore(PACE.replace(pace));
    work()
}

/// To be called before a piece of a file is read or decompressed, at most some hundred KiB of it.
///
/// # Errors
/// When the reading is not wanted any more.
pub fn step() -> io::Result<()> {
    let pace = PACE.with_borrow(Clone::clone);
    pace.map_or(Ok(()), |pace| pace.step())
}

/// Does work beside the reading on this thread, if there is a place for it: else the answer is
/// false.
pub fn beside(work: impl FnOnce() + Send + 'static) -> bool {
    let pace = PACE.with_borrow(Clone::clone);
    pace.is_some_and(|pace| pace.beside(Box::new(work)))
}

#[cfg(test)]
mod tests {
    use std::{cell::Cell, io::Write, sync::Arc};

    use flate2::{Compression, write::GzEncoder};

    use super::*;
    use crate::source::files::storage::{file_reader::FileReader, log_file::LogFile};

    const MIB: usize = 1024 * 1024;

    /// Lets so many steps go on.
    struct Steps(Cell<u32>);

    impl Pace for Steps {
        fn step(&self) -> io::Result<()> {
            let left = self.0.get().checked_sub(1);
            self.0.set(left.ok_or_else(|| io::Error::other("given up"))?);
            Ok(())
        }
    }

    fn stored(content: &[u8], is_compressed: bool) -> Arc<LogFile> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(content).unwrap();
        Arc::new(LogFile::new(file, is_compressed, 0).unwrap())
    }

    fn packed(content: &[u8]) -> Vec<u8> {
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        packed.write_all(content).unwrap();
        packed.finish().unwrap()
    }

    /// Reads from the offset to the end, and fails if it may not go on.
    fn read_from(file: &Arc<LogFile>, offset: u64) -> io::Result<()> {
        let mut reader = FileReader::new(file.clone(), offset)?;
        let mut buffer = vec![0; 256 * 1024];
        while reader.read(&mut buffer)? > 0 {}
        Ok(())
    }

    #[test]
    fn a_reading_can_be_cancelled_anywhere() {
        let zeros = vec![0; 16 * MIB];
        let end = zeros.len() as u64;
        for (what, file, offset) in [
            ("much", stored(&zeros, false), 0),
            ("much unpacked", stored(&packed(&zeros), true), 0),
            ("looking for a place", stored(&packed(&zeros), true), end),
            ("nothing unpacked", stored(&packed(b"").repeat(2 * MIB / 20), true), 0),
        ] {
            let at = |steps| Rc::new(Steps(Cell::new(steps)));
            assert!(at_pace(at(20), || read_from(&file, offset)).is_err(), "{what}");
            let all = at_pace(at(u32::MAX), || read_from(&file, offset));
            assert!(all.is_ok(), "{what}: {all:?}");
        }
    }

    #[test]
    fn shared_work_is_not_interrupted() {
        let file = stored(b"line\n", false);
        at_pace(Rc::new(Steps(Cell::new(0))), || {
            read_from(&file, 0).unwrap_err();
            uninterrupted(|| read_from(&file, 0)).unwrap();
            read_from(&file, 0).unwrap_err();
        });
        read_from(&file, 0).unwrap();
    }
}
