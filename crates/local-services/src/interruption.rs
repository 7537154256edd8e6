//! The signals to stop: Ctrl-C, SIGTERM, or a closed terminal.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// Handles the signals that would otherwise end the process before it removes its files.
#[derive(Debug)]
pub struct Interruption {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
}

impl Interruption {
    /// Installs the handlers: from here on none of the signals ends the process by itself.
    ///
    /// # Errors
    /// When a handler cannot be installed.
    pub fn listen() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    /// Waits for the first of them.
    pub async fn received(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = self.hangup.recv() => {}
        }
    }
}
