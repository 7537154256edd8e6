//! Processes, which are paused and continued, as by SIGSTOP and SIGCONT, killed, and terminated. A
//! supervisor starts each again when it has ended.

use std::{
    cell::{Cell, RefCell},
    future::poll_fn,
    pin::pin,
    rc::Rc,
    task::{Poll, Waker},
    time::Duration,
};

use tokio::{sync::Notify, task::LocalSet, time::sleep};

/// How long a supervisor waits before it starts a process that has ended.
const RESTART: Duration = Duration::from_millis(100);

/// What is done to a process. Clones do it to the same.
#[derive(Clone, Default)]
pub(crate) struct Process(Rc<Signals>);

#[derive(Default)]
struct Signals {
    is_paused: Cell<bool>,
    continued: RefCell<Option<Waker>>,
    killed: Notify,
    terminated: Notify,
}

impl Process {
    /// Stops it, with all its tasks.
    pub(crate) fn pause(&self) {
        self.0.is_paused.set(true);
    }

    /// Lets it go on.
    pub(crate) fn resume(&self) {
        self.0.is_paused.set(false);
        self.0.continued.take().into_iter().for_each(Waker::wake);
    }

    /// Ends it at once, also while it is paused.
    pub(crate) fn kill(&self) {
        self.resume();
        self.0.killed.notify_waiters();
    }

    /// Asks it to end.
    pub(crate) fn terminate(&self) {
        self.0.terminated.notify_waiters();
    }

    /// Returns when it is asked to end.
    pub(crate) fn terminated(&self) -> impl Future<Output = ()> + use<> {
        let signals = self.0.clone();
        async move { signals.terminated.notified().await }
    }

    /// Runs it on this host, over and over. Its tasks end with it.
    pub(crate) async fn supervise<F: Future<Output = ()>>(
        self,
        start: impl Fn() -> F,
    ) -> turmoil::Result {
        loop {
            let tasks = LocalSet::new();
            let running = self.unless_paused(tasks.run_until(start()));
            tokio::select! {
                biased;
                () = self.0.killed.notified() => {}
                () = running => {}
            }
            drop(tasks);
            sleep(RESTART).await;
        }
    }

    /// The future, which makes no progress while the process is stopped.
    async fn unless_paused(&self, future: impl Future<Output = ()>) {
        let mut future = pin!(future);
        let step = poll_fn(|context| {
            if self.0.is_paused.get() {
                self.0.continued.replace(Some(context.waker().clone()));
                return Poll::Pending;
            }
            future.as_mut().poll(context)
        });
        step.await;
    }
}
