//! Processes that are stopped and continued, as by SIGSTOP and SIGCONT.

use std::{
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Waker},
};

/// Whether a process is stopped. Clones tell the same.
#[derive(Debug, Clone, Default)]
pub(super) struct Pause(Arc<PauseState>);

#[derive(Debug, Default)]
struct PauseState {
    paused: AtomicBool,
    waiting: Mutex<Vec<Waker>>,
}

impl Pause {
    pub(super) fn begin(&self) {
        self.0.paused.store(true, Ordering::SeqCst);
    }

    pub(super) fn end(&self) {
        self.0.paused.store(false, Ordering::SeqCst);
        self.0.waiting.lock().unwrap().drain(..).for_each(Waker::wake);
    }

    /// The future, which makes no progress while the process is stopped.
    pub(super) fn around<F: Future>(&self, future: F) -> impl Future<Output = F::Output> + use<F> {
        Pausable { future: Box::pin(future), pause: self.clone() }
    }
}

struct Pausable<F> {
    future: Pin<Box<F>>,
    pause: Pause,
}

impl<F: Future> Future for Pausable<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let state = &self.pause.0;
        if state.paused.load(Ordering::SeqCst) {
            state.waiting.lock().unwrap().push(context.waker().clone());
            return Poll::Pending;
        }
        self.future.as_mut().poll(context)
    }
}
