//! As many requests as possible over a number of connections: by wrk if it is installed, else by a
//! client of our own, which costs more processor time.

use std::{
    fs,
    io::ErrorKind,
    net::SocketAddr,
    path::Path,
    process::Stdio,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use tokio::{process::Command, task::JoinSet};

use crate::clients::http::{self, Connection, Head};

/// As many connections as most loads have.
pub(crate) const CONNECTIONS: usize = 64;
const BUFFER_BYTES: usize = 16 * 1024;
const FORM: &str = "application/x-www-form-urlencoded";

/// A request that is repeated, with one token after the other.
pub(crate) struct Job<'a> {
    pub(crate) name: &'a str,
    pub(crate) address: SocketAddr,
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) tokens: &'a [String],
    /// The token of a caller that asks about the others, which are in the form of the body then.
    pub(crate) asker: Option<&'a str>,
    /// The expected status of each answer.
    pub(crate) status: u16,
}

/// Puts load on a service.
pub(crate) struct Load<'a> {
    /// The directory for wrk's files.
    pub(crate) directory: &'a Path,
    pub(crate) connections: usize,
}

/// The result of a load.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Outcome {
    /// Answers a second.
    pub(crate) rate: f64,
    /// The number of requests with a wrong answer or none.
    pub(crate) wrong: u64,
    /// Of a hundred answers 99 came within this time, in seconds. `None` if wrk did not ask.
    pub(crate) p99: Option<f64>,
}

impl Load<'_> {
    /// Runs for this number of seconds.
    pub(crate) async fn put(&self, job: &Job<'_>, seconds: u64) -> anyhow::Result<Outcome> {
        match self.put_by_wrk(job, seconds).await? {
            Some(outcome) => Ok(outcome),
            None => self.put_by_ourselves(job, seconds).await,
        }
    }

    /// `None` if wrk is not installed.
    async fn put_by_wrk(&self, job: &Job<'_>, seconds: u64) -> anyhow::Result<Option<Outcome>> {
        let Job { name, address, path, status, .. } = job;
        fs::create_dir_all(self.directory).context("cannot create a directory for wrk")?;
        // In a file, since other users can read arguments.
        let script = self.directory.join(name).with_extension("lua");
        fs::write(&script, job.script()).context("cannot write a script for wrk")?;
        let output = Command::new("wrk")
            .args(["-t", "1", "-c", &self.connections.to_string(), "-d", &format!("{seconds}s")])
            .args(["--latency", "-s"])
            .arg(script)
            .arg(format!("http://{address}{path}"))
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output()
            .await;
        let output = match output {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            output => output.context("cannot run wrk")?,
        };
        let explanation = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "wrk failed: {explanation}");
        Outcome::of_wrk(&String::from_utf8_lossy(&output.stdout), *status == 200).map(Some)
    }

    async fn put_by_ourselves(&self, job: &Job<'_>, seconds: u64) -> anyhow::Result<Outcome> {
        put_requests(job.address, job.requests(), job.status, self.connections, seconds).await
    }
}

impl Job<'_> {
    /// The script for wrk, which makes the requests once and sends them in turn.
    fn script(&self) -> String {
        let Self { method, path, tokens, asker, .. } = self;
        let tokens = tokens.join("',\n'");
        let (headers, body) = match asker {
            None => ("Authorization = 'Bearer ' .. token".to_owned(), "nil"),
            Some(asker) => (
                format!("Authorization = 'Bearer {asker}', ['Content-Type'] = '{FORM}'"),
                "'token=' .. token",
            ),
        };
        format!(
            "local tokens = {{\n'{tokens}'}}
local requests, at = {{}}, 0
init = function()
  for i, token in ipairs(tokens) do
    requests[i] = wrk.format('{method}', '{path}', {{{headers}}}, {body})
  end
end
request = function()
  at = at % #requests + 1
  return requests[at]
end
"
        )
    }

    fn requests(&self) -> Vec<Vec<u8>> {
        let request = |token: &String| match self.asker {
            None => http::request(self.method, self.path, token, &[]),
            Some(asker) => {
                let bearer = format!("Bearer {asker}");
                let headers = [("Authorization", bearer.as_str()), ("Content-Type", FORM)];
                http::request_with_body(self.path, &headers, &format!("token={token}"))
            }
        };
        self.tokens.iter().map(request).collect()
    }
}

impl Outcome {
    fn of_wrk(report: &str, wants_success: bool) -> anyhow::Result<Self> {
        let after = |name| {
            let line = report.lines().find_map(|line| line.trim().strip_prefix(name));
            line.map(str::trim)
        };
        let rate = after("Requests/sec:").context("wrk says no rate")?.parse()?;
        let total = report.lines().find_map(|line| line.trim().split_once(" requests in "));
        let total: u64 = total.context("wrk says no total")?.0.parse()?;
        let refused: u64 = after("Non-2xx or 3xx responses:").unwrap_or("0").parse()?;
        // connect 0, read 0, write 0, timeout 0
        let errors: u64 = after("Socket errors:")
            .into_iter()
            .flat_map(|errors| errors.split([' ', ',']))
            .filter_map(|word| word.parse::<u64>().ok())
            .sum();
        let wrong = if wants_success { refused } else { total - refused };
        Ok(Self { rate, wrong: wrong + errors, p99: after("99%").and_then(seconds_of) })
    }
}

/// A time as wrk writes it: `850.00us`, `1.25ms`, `2.00s`.
fn seconds_of(text: &str) -> Option<f64> {
    let unit = text.find(|character: char| character.is_ascii_alphabetic())?;
    let (number, unit) = text.split_at(unit);
    let unit = match unit {
        "us" => 1e-6,
        "ms" => 1e-3,
        "s" => 1.0,
        _ => return None,
    };
    Some(number.parse::<f64>().ok()? * unit)
}

/// Validates tokens, so many in each request, by a client of our own.
pub(crate) async fn put_batches(
    address: SocketAddr,
    tokens: &[String],
    batch: usize,
    seconds: u64,
) -> anyhow::Result<Outcome> {
    let request = |tokens: &[String]| {
        let body = format!("{{\"tokens\":[\"{}\"]}}", tokens.join("\",\""));
        let headers = [("Content-Type", "application/json")];
        http::request_with_body("/auth/validate/batch", &headers, &body)
    };
    let requests = tokens.chunks_exact(batch).map(request).collect();
    put_requests(address, requests, 200, CONNECTIONS, seconds).await
}

async fn put_requests(
    address: SocketAddr,
    requests: Vec<Vec<u8>>,
    status: u16,
    connections: usize,
    seconds: u64,
) -> anyhow::Result<Outcome> {
    let requests: Arc<[_]> = requests.into();
    let start = Instant::now();
    let end = start + Duration::from_secs(seconds);
    let mut clients = JoinSet::new();
    for first in 0..connections {
        let connection = Connection::open(address, BUFFER_BYTES).await?;
        let own = Arc::clone(&requests);
        clients.spawn(repeat(connection, own, [first, connections], status, end));
    }
    let (mut answers, mut wrong) = (0, 0);
    while let Some(outcome) = clients.join_next().await {
        let outcome = outcome??;
        answers += outcome.0;
        wrong += outcome.1;
    }
    Ok(Outcome { rate: answers as f64 / start.elapsed().as_secs_f64(), wrong, p99: None })
}

/// The number of answers, and of those with another status. The first request and the step to the
/// next one make connections share them.
async fn repeat(
    mut connection: Connection,
    requests: Arc<[Vec<u8>]>,
    [first, step]: [usize; 2],
    expected: u16,
    end: Instant,
) -> anyhow::Result<(u64, u64)> {
    let (mut answers, mut wrong) = (0, 0);
    let mut requests = requests.iter().cycle().skip(first).step_by(step);
    while let Some(request) = requests.next().filter(|_| Instant::now() < end) {
        let Head { status, body } = connection.ask(request).await?;
        connection.read_to_end(body, |_| {}).await?;
        answers += 1;
        wrong += u64::from(status != expected);
    }
    Ok((answers, wrong))
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPORT: &str = "Running 5s test @ http://127.0.0.1:1/x
  1 threads and 64 connections
  Latency Distribution
     50%  900.00us
     99%    1.25ms
  250 requests in 5.00s, 1.00MB read
  Socket errors: connect 0, read 2, write 0, timeout 1
  Non-2xx or 3xx responses: 240
Requests/sec:     50.00
Transfer/sec:      0.20MB
";

    #[test]
    fn the_report_of_wrk_is_read() {
        let outcome = |wants_success| Outcome::of_wrk(REPORT, wants_success).unwrap();
        let p99 = Some(1.25e-3);
        assert_eq!(outcome(true), Outcome { rate: 50.0, wrong: 243, p99 });
        assert_eq!(outcome(false), Outcome { rate: 50.0, wrong: 13, p99 });
        assert!(Outcome::of_wrk("", true).is_err());
    }
}
