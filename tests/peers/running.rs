//! A client that runs until it is dropped or ends by itself.

use std::{
    io::{BufRead, BufReader, Read},
    process::{Child, Command, Stdio},
    sync::mpsc::{self, Receiver, RecvTimeoutError},
    thread::{self, JoinHandle},
};

use crate::harness::patience;

/// Its output, line by line.
#[derive(Debug)]
pub(crate) struct Running {
    child: Child,
    lines: Receiver<String>,
    complaints: Option<JoinHandle<String>>,
}

/// Its end: the unread lines, and the standard error.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct End {
    pub(crate) code: i32,
    pub(crate) rest: Vec<String>,
    pub(crate) stderr: String,
}

impl Running {
    pub(crate) fn start(command: &mut Command) -> Self {
        let command = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (sender, lines) = mpsc::channel();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let mut stderr = child.stderr.take().unwrap();
        thread::spawn(move || {
            stdout.lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
        });
        let complaints = thread::spawn(move || {
            let mut text = String::new();
            stderr.read_to_string(&mut text).unwrap();
            text
        });
        Self { child, lines, complaints: Some(complaints) }
    }

    /// The next line of its output.
    #[track_caller]
    pub(crate) fn line(&self) -> String {
        self.lines.recv_timeout(patience()).unwrap()
    }

    /// The words of the next line.
    #[track_caller]
    pub(crate) fn words(&self) -> Vec<String> {
        self.line().split_whitespace().map(str::to_owned).collect()
    }

    /// Waits for its end.
    #[track_caller]
    pub(crate) fn end(mut self) -> End {
        let mut rest = Vec::new();
        let closed = loop {
            match self.lines.recv_timeout(patience()) {
                Ok(line) => rest.push(line),
                Err(error) => break error,
            }
        };
        assert_eq!(closed, RecvTimeoutError::Disconnected, "it goes on after {rest:?}");
        let code = self.child.wait().unwrap().code().unwrap();
        End { code, rest, stderr: self.complaints.take().unwrap().join().unwrap() }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
