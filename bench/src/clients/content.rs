//! The size and checksum of received content.

use std::process::Stdio;

use anyhow::{Context, ensure};
use crc32fast::Hasher;
use tokio::{io::AsyncReadExt, process::Command};

const BUFFER_BYTES: usize = 256 * 1024;

/// The size and checksum of content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Content {
    bytes: u64,
    checksum: u32,
}

/// Content that is being received.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    bytes: u64,
    hasher: Hasher,
}

impl Tally {
    pub(crate) fn add(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        self.hasher.update(bytes);
    }

    pub(crate) fn content(self) -> Content {
        Content { bytes: self.bytes, checksum: self.hasher.finalize() }
    }
}

impl Content {
    pub(crate) fn bytes(self) -> u64 {
        self.bytes
    }

    /// The standard output of a command.
    pub(crate) async fn printed_by(mut command: Command) -> anyhow::Result<Self> {
        let mut printing = command.stdout(Stdio::piped()).spawn().context("cannot run a peer")?;
        let mut output = printing.stdout.take().context("standard output is not piped")?;
        let (mut tally, mut buffer) = (Tally::default(), vec![0; BUFFER_BYTES]);
        loop {
            match output.read(&mut buffer).await.context("cannot read from a peer")? {
                0 => break,
                count => tally.add(&buffer[..count]),
            }
        }
        let status = printing.wait().await?;
        ensure!(status.success(), "a peer failed: {status}");
        Ok(tally.content())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn content_is_equal_in_any_encoding() {
        let mut tally = Tally::default();
        tally.add(b"a");
        tally.add(b"b\n");
        let mut echo = Command::new("echo");
        echo.arg("ab");
        assert_eq!(Content::printed_by(echo).await.unwrap(), tally.content());
        assert!(Content::printed_by(Command::new("false")).await.is_err());
    }
}
