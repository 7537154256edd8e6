//! Container logs of any size, in the format of containerd.

use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::Context;
use chrono::SecondsFormat;
use fastrand::Rng;
use local_services::clock;
use tokio::task::yield_now;

/// A large log repeats this much, since random lines take longer to make than to write.
const BLOCK_BYTES: usize = 8 << 20;
/// The length of the text of a line: with time, stream and tag a line has 60 to 200 bytes.
const TEXT_BYTES: std::ops::RangeInclusive<usize> = 20..=158;

/// Writes a log of `bytes`, or at most a line less, of a pod in the namespace `default`.
pub(crate) async fn create(logs: &Path, pod: &str, bytes: u64) -> anyhow::Result<PathBuf> {
    create_of(line, logs, pod, bytes).await
}

/// The same of such lines.
pub(crate) async fn create_of(
    line: fn(&mut Rng) -> Vec<u8>,
    logs: &Path,
    pod: &str,
    bytes: u64,
) -> anyhow::Result<PathBuf> {
    let directory = logs.join(format!("default_{pod}_0b6c3d1e")).join("app");
    fs::create_dir_all(&directory).with_context(|| format!("cannot create {directory:?}"))?;
    let path = directory.join("0.log");
    let mut file = File::create(&path).with_context(|| format!("cannot create {path:?}"))?;
    let block = block(line, usize::try_from(bytes).unwrap_or(BLOCK_BYTES).min(BLOCK_BYTES));
    let mut left = bytes;
    loop {
        let length = usize::try_from(left).unwrap_or(usize::MAX).min(block.len());
        // The last piece ends with a line.
        let length = memchr::memrchr(b'\n', &block[..length]).map_or(0, |newline| newline + 1);
        if length == 0 {
            return Ok(path);
        }
        file.write_all(&block[..length]).with_context(|| format!("cannot write {path:?}"))?;
        left -= length as u64;
        // Yields, so that Ctrl-C is handled.
        yield_now().await;
    }
}

/// Whole lines, `bytes` or a little less.
fn block(line: fn(&mut Rng) -> Vec<u8>, bytes: usize) -> Vec<u8> {
    let mut rng = Rng::new();
    let mut block = Vec::with_capacity(bytes);
    loop {
        let line = line(&mut rng);
        if block.len() + line.len() > bytes {
            return block;
        }
        block.extend_from_slice(&line);
    }
}

/// A line written now: time, stream, tag, text.
pub(crate) fn line(rng: &mut Rng) -> Vec<u8> {
    let time = clock::now().to_utc().to_rfc3339_opts(SecondsFormat::Nanos, true);
    let stream = if rng.u8(..10) == 0 { "stderr" } else { "stdout" };
    let mut line = format!("{time} {stream} F ").into_bytes();
    let length = rng.usize(TEXT_BYTES);
    line.extend((0..length).map(|_| b' ' + rng.u8(..95)));
    line.push(b'\n');
    line
}

/// The text of a line with its newline, as a reader of the log gets it.
pub(crate) fn text(line: &[u8]) -> &[u8] {
    let third_space = memchr::memchr_iter(b' ', line).nth(2);
    third_space.map_or(line, |space| &line[space + 1..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_look_like_those_of_containerd() {
        let mut rng = Rng::new();
        for _ in 0..100 {
            let line = line(&mut rng);
            assert!((60..=200).contains(&line.len()), "{}", line.len());
            assert!(TEXT_BYTES.contains(&(text(&line).len() - 1)));
        }
    }

    #[tokio::test]
    async fn a_log_is_as_large_as_asked_and_ends_with_a_line() {
        let logs = tempfile::tempdir().unwrap();
        for (pod, bytes) in [("a", 4096), ("b", BLOCK_BYTES as u64 * 2 + 5000)] {
            let log = fs::read(create(logs.path(), pod, bytes).await.unwrap()).unwrap();
            let missing = bytes - log.len() as u64;
            assert!(missing < 1000 && log.ends_with(b"\n"), "{missing}");
        }
    }
}
