//! `search`: `grep` over a log of 1 GiB and over compressed files, through the whole gateway, by one
//! user: bytes of the file a second.
//!
//! The peers are `grep -c` and ripgrep on the raw file, as a user with a shell on the node would
//! have them, and `zcat` for compressed files. Before each measurement the lines of both are
//! counted, which must be the same.

use std::{
    fs::{self, File},
    io::Read,
    path::{Path, PathBuf},
    process::Stdio,
    time::Instant,
};

use anyhow::{Context, ensure};
use local_services::services::Services;
use tokio::process::Command;

use crate::{
    clients::http::Connection,
    report::rounds::Rounds,
    report::table::{Report, Target, gigabytes_a_second},
    stage::log_files,
    stage::services::{Pair, Stage},
};

const ROUNDS: usize = 5;
const BUFFER_BYTES: usize = 256 * 1024;
/// How many files are compressed, and the size of each before that.
const PACKED_FILES: usize = 8;
const PACKED_BYTES: u64 = 32 << 20;
/// The length of what is looked for, in bytes.
const WORD_BYTES: usize = 8;

pub(crate) async fn measure(stage: &Stage<'_>, services: &mut Services) -> anyhow::Result<Report> {
    let log = stage.large_log().await?;
    let packed = pack(stage).await?;
    let words = words_in(log)?;
    let pair = stage.start(services).await?;
    let (rare, several) = (&words[0], words.join("|"));
    let mut report = Report::default();
    let grep = |pattern: &str| counting("grep", &["-c", "-E", "-e", pattern], log);
    let ripgrep = |pattern: &str| counting("rg", &["-c", "-e", pattern], log);
    let large = Search { pair: &pair, pod: "large", bytes: log.metadata()?.len() };
    large.compare(&mut report, "search: a rare string / grep", rare, grep, 0.5).await?;
    if is_installed("rg").await {
        large.compare(&mut report, "search: a rare string / rg", rare, ripgrep, 0.3).await?;
        large.compare(&mut report, "search: alternatives / rg", &several, ripgrep, 0.3).await?;
    } else {
        report.note("ripgrep (rg) is not installed".to_owned());
    }
    let compressed = Search { pair: &pair, pod: "packed", bytes: packed.bytes };
    let zgrep = |pattern: &str| packed.through(&format!("grep -c -E -e '{pattern}'"));
    let name = "search: a rare string in gzip / zcat | grep";
    compressed.compare(&mut report, name, &packed.word, zgrep, 1.0).await?;
    let cut = |_: &str| packed.through("cut -d' ' -f4- | wc -l");
    compressed.compare(&mut report, "search: history in gzip / zcat | cut", "", cut, 1.0).await?;
    Ok(report)
}

/// A log that is searched.
struct Search<'a> {
    pair: &'a Pair,
    pod: &'static str,
    /// Its size when it is not compressed.
    bytes: u64,
}

impl Search<'_> {
    async fn compare(
        &self,
        report: &mut Report,
        name: &str,
        pattern: &str,
        peer: impl Fn(&str) -> Command,
        target: f64,
    ) -> anyhow::Result<()> {
        let (ours, theirs) = (self.count(pattern).await?, count_of(peer(pattern)).await?);
        if ours != theirs {
            report.note(format!("{name}: the gateway found {ours} lines, the peer {theirs}"));
        }
        let mut rounds = Rounds::default();
        for _ in 0..ROUNDS {
            let start = Instant::now();
            self.count(pattern).await?;
            let time = start.elapsed().as_secs_f64();
            let start = Instant::now();
            count_of(peer(pattern)).await?;
            let bytes = self.bytes as f64;
            rounds.add(bytes / time, bytes / start.elapsed().as_secs_f64());
        }
        report.rounds(name, &rounds, gigabytes_a_second, Target::AtLeast(target));
        Ok(())
    }

    /// The number of lines that the gateway gives; without a pattern, of all.
    async fn count(&self, pattern: &str) -> anyhow::Result<usize> {
        let grep = match pattern {
            "" => String::new(),
            pattern => format!("?grep={}", pattern.replace('|', "%7C")),
        };
        let mut connection = Connection::open(self.pair.gateway, BUFFER_BYTES).await?;
        let request = self.pair.text_request(&format!("/logs/{}{grep}", self.pod));
        let body = connection.ask_for_body(&request).await?;
        let mut lines = 0;
        let count = |content: &[u8]| lines += memchr::memchr_iter(b'\n', content).count();
        connection.read_to_end(body, count).await?;
        Ok(lines)
    }
}

/// Three words that are in the log, but rare.
fn words_in(log: &Path) -> anyhow::Result<[String; 3]> {
    let mut start = vec![0; 1 << 20];
    File::open(log)?.read_exact(&mut start).context("the log is too small")?;
    let windows =
        start.chunk_by(|one, other| one.is_ascii_alphabetic() && other.is_ascii_alphabetic());
    let mut words = windows.filter(|word| word.len() >= WORD_BYTES);
    let mut next = || {
        let word = words.next().context("the log has no words")?;
        anyhow::Ok(String::from_utf8_lossy(&word[..WORD_BYTES]).into_owned())
    };
    Ok([next()?, next()?, next()?])
}

/// Compressed files of a log, and the present one.
struct Packed {
    files: Vec<PathBuf>,
    word: String,
    bytes: u64,
}

/// Writes a log of which most files are compressed, as the kubelet leaves them.
async fn pack(stage: &Stage<'_>) -> anyhow::Result<Packed> {
    let (mut files, mut bytes) = (Vec::new(), 0);
    for number in 0..PACKED_FILES {
        let current = log_files::create(&stage.logs, "packed", PACKED_BYTES).await?;
        bytes += current.metadata()?.len();
        let rotated = current.with_file_name(format!("0.log.20261101-1000{number:02}"));
        fs::rename(&current, &rotated)?;
        let status =
            Command::new("gzip").arg(&rotated).status().await.context("cannot run gzip")?;
        ensure!(status.success(), "gzip failed: {status}");
        files.push(rotated.with_extension(format!("20261101-1000{number:02}.gz")));
    }
    let current = log_files::create(&stage.logs, "packed", PACKED_BYTES).await?;
    bytes += current.metadata()?.len();
    let [word, ..] = words_in(&current)?;
    files.push(current);
    Ok(Packed { files, word, bytes })
}

impl Packed {
    /// The content of all files through a shell command.
    fn through(&self, command: &str) -> Command {
        let mut shell = Command::new("sh");
        // `-f` gives out what is not compressed as it is.
        shell.arg("-c").arg(format!("zcat -f \"$@\" | {command}")).arg("sh").args(&self.files);
        shell.env("LC_ALL", "C").stdin(Stdio::null()).kill_on_drop(true);
        shell
    }
}

fn counting(program: &str, arguments: &[&str], file: &Path) -> Command {
    let mut command = Command::new(program);
    // Its fastest locale.
    command.args(arguments).arg(file).env("LC_ALL", "C");
    command.stdin(Stdio::null()).kill_on_drop(true);
    command
}

async fn is_installed(program: &str) -> bool {
    let version = Command::new(program).arg("--version").stdout(Stdio::null()).status().await;
    version.is_ok_and(|status| status.success())
}

/// The number that a command prints.
async fn count_of(mut command: Command) -> anyhow::Result<usize> {
    let output = command.output().await.context("cannot run a peer")?;
    let printed = String::from_utf8_lossy(&output.stdout);
    // Nothing is found: ripgrep prints nothing then.
    Ok(if printed.is_empty() { 0 } else { printed.trim().parse().context("not a number")? })
}
