//! One thread that starts all servers. It lives as long as this process, while tests have threads
//! of their own: the kernel ends a server with the thread that started it (`PR_SET_PDEATHSIG`).

use std::{
    io,
    process::{Child, Command},
    sync::{LazyLock, mpsc},
    thread,
};

struct Start {
    command: Command,
    reply: mpsc::Sender<io::Result<Child>>,
}

static STARTS: LazyLock<mpsc::Sender<Start>> = LazyLock::new(|| {
    let (sender, starts) = mpsc::channel::<Start>();
    thread::spawn(move || {
        for Start { mut command, reply } in starts {
            let _ = reply.send(command.spawn());
        }
    });
    sender
});

/// Starts a server.
pub(crate) fn spawn(command: Command) -> Child {
    let (reply, child) = mpsc::channel();
    STARTS.send(Start { command, reply }).unwrap();
    child.recv().unwrap().unwrap()
}
