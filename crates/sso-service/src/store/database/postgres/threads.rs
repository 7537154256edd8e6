//! Threads of an instance, each with a runtime of its own.

use std::{io, thread};

use tokio::runtime;
use tracing::{Instrument, Span};

/// Runs work on a thread with this name; in a simulation, as a task of the process.
///
/// # Errors
/// When the operating system gives no thread.
pub(super) fn spawn<F: Future<Output = ()> + 'static>(
    name: &str,
    span: Span,
    work: impl FnOnce() -> F + Send + 'static,
) -> io::Result<()> {
    #[cfg(feature = "simulation")]
    if service_runtime::simulation::world().is_some() {
        tokio::task::spawn_local(work().instrument(span));
        return Ok(());
    }
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    let thread = thread::Builder::new().name(name.to_owned());
    thread.spawn(move || runtime.block_on(work().instrument(span)))?;
    Ok(())
}
