//! `viewer`: the page of the gateway in Chromium, over loopback: how long the first line takes, and
//! frames, lag and memory of the tab while a container writes 10,000 lines a second.
//!
//! There is no peer; the limits are those of the viewer. Chromium draws without a graphics card, on
//! the processors that the services and the writer use as well, so the time between frames is a
//! figure without a limit; their work on the page's thread has one.

use std::{
    env,
    path::{Path, PathBuf},
    process::Stdio,
};

use anyhow::{Context, ensure};
use local_services::services::Services;
use serde_json::{Value, json};
use tokio::{io::AsyncWriteExt, process::Command};

use crate::{
    report::table::{Report, Target, mebibytes},
    stage::log_files,
    stage::services::Stage,
};

const LOG_BYTES: u64 = 8 << 20;
const LOADS: usize = 9;
const LINES_A_SECOND: u64 = 10_000;
const SECONDS: u64 = 100;
/// The first line is on the page after so many milliseconds.
const FIRST_LINE: f64 = 300.0;
/// Of a frame, in milliseconds: 60 a second.
const FRAME: f64 = 16.7;
/// Lag that is not seen, in milliseconds.
const LAG: f64 = 1000.0;
const TAB_BYTES: f64 = 150.0 * 1024.0 * 1024.0;

pub(crate) async fn measure(stage: &Stage<'_>, services: &mut Services) -> anyhow::Result<Report> {
    let log = log_files::create(&stage.logs, "viewed", LOG_BYTES).await?;
    let pair = stage.start(services).await?;
    let setting = json!({
        "gateway": format!("http://{}", pair.gateway),
        "token": pair.token,
        "path": "/?pod=default/viewed/app",
        "log": log,
        "chromium": program("chromium")?,
        "loads": LOADS,
        "linesASecond": LINES_A_SECOND,
        "seconds": SECONDS,
    });
    let figures = figures(&stage.libraries()?, &setting).await?;
    let number = |name: &str| figures[name].as_f64().with_context(|| format!("no {name}"));
    let milliseconds = |figure: f64| format!("{figure:.0} ms");
    let first: Vec<f64> =
        figures["firstLine"].as_array().into_iter().flatten().filter_map(Value::as_f64).collect();
    ensure!(!first.is_empty(), "no page was loaded");
    let slowest = first.iter().copied().fold(0.0, f64::max);

    let mut report = Report::default();
    let mut limit = |job: &str, figure: f64, limit: f64, unit: &dyn Fn(f64) -> String| {
        report.limit(&format!("viewer: {job}"), [figure, limit], unit, Target::AtMost(1.0));
    };
    limit("first line, slowest of 9 loads", slowest, FIRST_LINE, &milliseconds);
    let tenths = |figure: f64| format!("{figure:.1} ms");
    limit("10,000 lines/s, work of a frame, p95", number("frameWork")?, FRAME, &tenths);
    limit("10,000 lines/s, lag after 100 s", number("lagAtLast")?, LAG, &milliseconds);
    limit("memory of a tab with 1 M lines", number("memory")?, TAB_BYTES, &mebibytes);
    report.figure("viewer: lag in the first 10 s", milliseconds(number("lagAtFirst")?));
    report.figure("viewer: between frames, p95", tenths(number("frameInterval")?));
    let written = number("written")?;
    let expected = (LINES_A_SECOND * SECONDS) as f64;
    if written < expected {
        report.note(format!("only {written:.0} lines were written"));
    }
    Ok(report)
}

/// Runs the script with this setting, which has the token and so is no argument.
async fn figures(libraries: &Path, setting: &Value) -> anyhow::Result<Value> {
    let mut script = Command::new("node")
        .args(["--input-type=module", "-e", include_str!("viewer.js")])
        // Packages are resolved in the directory of the script.
        .current_dir(libraries)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .context("cannot run node (Debian package: nodejs)")?;
    let mut input = script.stdin.take().context("no standard input")?;
    input.write_all(setting.to_string().as_bytes()).await?;
    drop(input);
    let output = script.wait_with_output().await?;
    ensure!(output.status.success(), "the script failed");
    serde_json::from_slice(&output.stdout).context("the script printed no figures")
}

/// A program on `PATH`.
fn program(name: &str) -> anyhow::Result<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let mut files = env::split_paths(&path).map(|directory| directory.join(name));
    files
        .find(|file| file.is_file())
        .with_context(|| format!("{name} not found (Debian package: {name})"))
}
