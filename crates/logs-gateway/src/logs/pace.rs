//! Where long readings may be interrupted.
//!
//! All reading of files comes by here, so that a search through a huge file, wherever in the engine
//! it happens, can be made to wait for others or be given up. What decides that is set for the
//! thread on which the reading runs; without it nothing is ever interrupted.

use std::{cell::RefCell, io, rc::Rc};

/// Decides whether a reading goes on.
pub(crate) trait Pace {
    /// Called before each piece that is read. Blocks for as long as the reading has to wait.
    ///
    /// # Errors
    /// When the reading is not wanted any more: it has to end with this error.
    fn step(&self) -> io::Result<()>;
}

thread_local! {
    static PACE: RefCell<Option<Rc<dyn Pace>>> = const { RefCell::new(None) };
}

/// Does work that reads files on this thread at this pace.
pub(crate) fn at_pace<T>(pace: Rc<dyn Pace>, work: impl FnOnce() -> T) -> T {
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
pub(crate) fn step() -> io::Result<()> {
    let pace = PACE.with_borrow(Clone::clone);
    pace.map_or(Ok(()), |pace| pace.step())
}
