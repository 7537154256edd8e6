//! `kubernetes`: a CRI log of 1 GiB over the Kubernetes API and TLS, by a client that discards it
//! and, if installed, by `kubectl logs`: bytes of text a second, and memory.
//!
//! The peer is `cat` of the same text to /dev/null: a finished file, without a network, encryption
//! or authentication.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::Stdio,
    time::Instant,
};

use anyhow::{Context, ensure};
use local_services::{
    certificates::{Certificates, client_config},
    services::Services,
};
use reqwest::Client;
use serde_json::json;
use tokio::process::Command;

use crate::{
    clients::content::{Content, Tally},
    parts::download::cut,
    report::rounds::Rounds,
    report::table::{Report, Target, gigabytes_a_second, mebibytes},
    stage::process::Process,
    stage::services::{Pair, Stage},
};

const ROUNDS: usize = 5;
const LOG: &str = "/api/v1/namespaces/default/pods/large/log";

pub(crate) async fn measure(stage: &Stage<'_>, services: &mut Services) -> anyhow::Result<Report> {
    let log = stage.large_log().await?;
    let text = stage.path("large.txt");
    let status = cut(log).stdout(File::create(&text)?).status().await.context("cannot run cut")?;
    ensure!(status.success(), "cut failed: {status}");
    let outcome = measure_beside(&text, stage, services).await;
    fs::remove_file(&text)?;
    outcome
}

async fn measure_beside(
    text: &Path,
    stage: &Stage<'_>,
    services: &mut Services,
) -> anyhow::Result<Report> {
    let certificates = stage.certificates()?;
    let pair = stage.start_over_tls(&certificates, services).await?;
    let memory_at_start = pair.gateway_process.resident()?;
    let client = Client::builder()
        .no_proxy()
        .tls_backend_preconfigured(client_config(Some(&certificates))?)
        .build()?;
    let kubectl = Kubectl::find(stage, &pair, &certificates)?;
    let clients = Clients { pair, client, kubectl };
    let mut report = Report::default();
    // Also the warm-up.
    let expected = Content::printed_by(cat(text)).await?;
    clients.check(expected, &mut report).await?;
    let figures = clients.measure(text, expected.bytes() as f64).await?;
    let growth = clients.pair.gateway_process.peak()?.saturating_sub(memory_at_start);
    figures.report(growth as f64, &mut report);
    Ok(report)
}

/// The client that reads the log.
struct Clients {
    pair: Pair,
    client: Client,
    kubectl: Option<Kubectl>,
}

/// The measured figures.
#[derive(Default)]
struct Figures {
    by_client: Rounds,
    by_kubectl: Option<Rounds>,
    /// Processor time of the gateway and of the client, all rounds together, in seconds.
    spent: [f64; 2],
}

impl Clients {
    /// Checks that all clients get the same bytes.
    async fn check(&self, expected: Content, report: &mut Report) -> anyhow::Result<()> {
        let mut tally = Tally::default();
        download(&self.client, &self.pair, |content| tally.add(content)).await?;
        let mut contents = vec![("the gateway", tally.content())];
        if let Some(kubectl) = &self.kubectl {
            contents.push(("kubectl", Content::printed_by(kubectl.logs()).await?));
        }
        for (whose, content) in contents.into_iter().filter(|(_, content)| *content != expected) {
            report.note(format!("{whose} gave {content:?}, the text is {expected:?}"));
        }
        Ok(())
    }

    async fn measure(&self, text: &Path, size: f64) -> anyhow::Result<Figures> {
        let mut figures = Figures::default();
        for _ in 0..ROUNDS {
            let before = self.processor_times()?;
            let start = Instant::now();
            download(&self.client, &self.pair, |_| {}).await?;
            let ours = start.elapsed().as_secs_f64();
            let after = self.processor_times()?;
            figures.spent = [0, 1].map(|one| figures.spent[one] + after[one] - before[one]);
            let peer = size / time_of(cat(text)).await?;
            figures.by_client.add(size / ours, peer);
            if let Some(kubectl) = &self.kubectl {
                let theirs = size / time_of(kubectl.logs()).await?;
                figures.by_kubectl.get_or_insert_default().add(theirs, peer);
            }
        }
        Ok(figures)
    }

    fn processor_times(&self) -> anyhow::Result<[f64; 2]> {
        let [gateway, client] =
            [self.pair.gateway_process, Process::ours()].map(Process::processor_time);
        Ok([gateway?.as_secs_f64(), client?.as_secs_f64()])
    }
}

impl Figures {
    fn report(&self, growth: f64, report: &mut Report) {
        let unit = gigabytes_a_second;
        report.rounds("kubernetes: 1 GiB over TLS / cat", &self.by_client, unit, Target::None);
        if let Some(by_kubectl) = &self.by_kubectl {
            report.rounds("kubernetes: 1 GiB by kubectl / cat", by_kubectl, unit, Target::None);
        }
        for (name, spent) in ["gateway", "client"].iter().zip(self.spent) {
            let each = spent / ROUNDS as f64;
            report.figure(&format!("kubernetes: {name} processor time"), format!("{each:.2} s"));
        }
        report.figure("kubernetes: gateway memory above start", mebibytes(growth));
    }
}

async fn download(
    client: &Client,
    pair: &Pair,
    mut content: impl FnMut(&[u8]),
) -> anyhow::Result<()> {
    let url = format!("https://{}{LOG}", pair.gateway);
    let answer = client.get(url).bearer_auth(&pair.token).send().await?;
    let mut answer = answer.error_for_status()?;
    while let Some(chunk) = answer.chunk().await? {
        content(&chunk);
    }
    Ok(())
}

async fn time_of(mut command: Command) -> anyhow::Result<f64> {
    let start = Instant::now();
    let status = command.stdout(Stdio::null()).status().await.context("cannot run a peer")?;
    ensure!(status.success(), "a peer failed: {status}");
    Ok(start.elapsed().as_secs_f64())
}

fn cat(text: &Path) -> Command {
    let mut command = Command::new("cat");
    command.arg(text).stdin(Stdio::null()).kill_on_drop(true);
    command
}

/// `kubectl`, configured for the gateway.
struct Kubectl {
    binary: PathBuf,
    config: PathBuf,
    home: PathBuf,
}

impl Kubectl {
    /// The newest one that the tests installed, else the one on the PATH.
    fn find(
        stage: &Stage<'_>,
        pair: &Pair,
        certificates: &Certificates,
    ) -> anyhow::Result<Option<Self>> {
        let Some(binary) = brought().or_else(on_path) else { return Ok(None) };
        let (home, config) = (stage.path(""), stage.path("kubeconfig"));
        let server = format!("https://{}", pair.gateway);
        let cluster = json!({ "server": server, "certificate-authority": certificates.ca });
        // JSON is YAML, too.
        let content = json!({
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{ "name": "bench", "cluster": cluster }],
            "users": [{ "name": "bench", "user": { "token": pair.token } }],
            "contexts": [{ "name": "bench", "context": { "cluster": "bench", "user": "bench" } }],
            "current-context": "bench",
        });
        fs::write(&config, content.to_string()).context("cannot write a kubeconfig")?;
        Ok(Some(Self { binary, config, home }))
    }

    fn logs(&self) -> Command {
        let mut command = Command::new(&self.binary);
        command.arg("--kubeconfig").arg(&self.config).args(["logs", "large"]);
        command.env("HOME", &self.home).stdin(Stdio::null()).kill_on_drop(true);
        command
    }
}

fn brought() -> Option<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/peers/javascript");
    let entries = fs::read_dir(directory).ok()?.filter_map(|entry| Some(entry.ok()?.path()));
    let is_kubectl = |path: &PathBuf| path.to_string_lossy().contains("kubectl-") && path.is_file();
    entries.filter(is_kubectl).max()
}

fn on_path() -> Option<PathBuf> {
    let directories = std::env::var_os("PATH")?;
    let mut binaries = std::env::split_paths(&directories).map(|path| path.join("kubectl"));
    binaries.find(|binary| binary.is_file())
}
