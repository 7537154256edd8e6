//! Both services for a browser, and what a script may ask for while it runs.

use std::{
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use serde_json::{Value, json};

use crate::harness::{ADMIN, Cluster, ClusterAuthorities, NodeGateway, Pair, Setup};

/// Users of every stage: their names, and their permissions.
const USERS: [(&str, &[&str]); 2] = [("ada", &["logs:read"]), ("bob", &["logs:read:shop/*"])];

/// A browser for a case.
pub(crate) struct Browser {
    pub(crate) program: PathBuf,
    /// The script that starts it and runs the case.
    pub(crate) runner: &'static str,
}

/// Both services, whose log-in page leads back to the gateway.
pub(crate) struct Stage {
    pair: Pair,
    /// Behind the gateway, if that is a front.
    nodes: Vec<NodeGateway>,
    /// Their files are read while the gateways run.
    _authorities: Option<ClusterAuthorities>,
}

impl Stage {
    pub(crate) fn start() -> Self {
        Self { pair: start(Setup::new()), nodes: Vec::new(), _authorities: None }
    }

    /// With a front before so many nodes, `node-2`, `node-3` and so on.
    pub(crate) fn of_nodes(count: u8) -> Self {
        let (authorities, nodes) = Cluster::nodes(count);
        let addresses: Vec<_> = nodes.iter().map(NodeGateway::target).collect();
        let pair = start(authorities.front(Setup::new(), &addresses));
        Self { pair, nodes, _authorities: Some(authorities) }
    }

    /// Runs a case of a script in a browser, and does what it asks for.
    #[track_caller]
    pub(crate) fn run(mut self, libraries: &Path, browser: &Browser, file: &str, case: &str) {
        let mut script = self.script(libraries, browser, file, case);
        let mut answers = script.stdin.take().unwrap();
        let lines = BufReader::new(script.stdout.take().unwrap()).lines();
        let mut printed = String::new();
        for line in lines.map(Result::unwrap) {
            match line.strip_prefix("ask ") {
                Some(wish) => {
                    self.fulfil(wish);
                    // A script that has failed meanwhile takes no answer.
                    let _ = answers.write_all(b"done\n");
                }
                None => printed.push_str(&format!("{line}\n")),
            }
        }
        let output = script.wait_with_output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{printed}{errors}");
        eprint!("{printed}");
    }

    fn script(&self, libraries: &Path, browser: &Browser, file: &str, case: &str) -> Child {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/viewer/browser");
        let setting = json!({
            "gateway": format!("http://{}", self.pair.gateway.listening()),
            "operations": format!("http://{}", self.pair.gateway.ops()),
            "sso": format!("http://{}", self.pair.sso.listening()),
            "logs": self.pair.logs.path(),
            "nodes": self.nodes.iter().map(|node| node.logs.path()).collect::<Vec<_>>(),
            "passwords": passwords(),
            "axe": libraries.join("node_modules/axe-core/axe.min.js"),
            "browser": browser.program,
            "folder": folder,
            "file": file,
            "case": case,
        });
        Command::new("node")
            .args(["--input-type=module", "-e", browser.runner, "--"])
            .arg(setting.to_string())
            // Packages are resolved in the directory of the script.
            .current_dir(libraries)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    fn node(&mut self, wish: &Value) -> &mut NodeGateway {
        &mut self.nodes[wish["node"].as_u64().unwrap() as usize]
    }

    fn fulfil(&mut self, wish: &str) {
        let wish: Value = serde_json::from_str(wish).unwrap();
        match wish["do"].as_str().unwrap() {
            "stop the gateway" => {
                self.pair.gateway.stop();
            }
            "start the gateway" => self.pair.start_gateway_again(),
            "stop the authority" => {
                self.pair.sso.stop();
            }
            "start the authority" => self.pair.start_sso_again(),
            "kill a node" => self.node(&wish).service.kill(),
            "start a node" => self.node(&wish).start_again(),
            "end sessions" => {
                self.pair.administer(&[
                    "sessions",
                    "end",
                    "--user",
                    wish["user"].as_str().unwrap(),
                ]);
            }
            other => panic!("unknown wish: {other}"),
        }
    }
}

/// Both services with these variables, whose log-in page leads back to the gateway.
fn start(setup: Setup) -> Pair {
    // The gateway's address has to be known before the authority starts.
    let gateway = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let pair = setup
        .sso("SSO_RETURN_HOSTS", &gateway)
        .sso("SSO_ALLOWED_ORIGINS", &format!("http://{gateway}"))
        .sso("SSO_REGISTRATION", "open")
        .sso("SSO_LOG_LEVEL", "info")
        .gateway("GATEWAY_LOG_LEVEL", "info")
        .gateway("GATEWAY_LISTEN", &gateway)
        .gateway("GATEWAY_REVALIDATE", "1s")
        .start();
    for (name, permissions) in USERS {
        pair.create_user(name, &password(name), permissions);
    }
    pair
}

/// The users and their passwords, with the administrator.
fn passwords() -> Vec<[String; 2]> {
    let users = USERS.iter().map(|(name, _)| [(*name).to_owned(), password(name)]);
    users.chain([[ADMIN.0.to_owned(), ADMIN.1.to_owned()]]).collect()
}

fn password(name: &str) -> String {
    format!("the password of {name}")
}
