//! The proxies as programs, and the sample files that they run.

use std::{
    fmt::{self, Formatter},
    fs::{self, File},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

/// A reverse proxy that Debian has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReverseProxy {
    Nginx,
    Caddy,
    HaProxy,
}

/// The addresses in place of those of the sample files.
#[derive(Debug, Clone, Copy)]
pub(super) struct Addresses {
    pub(super) listen: SocketAddr,
    pub(super) authority: SocketAddr,
    pub(super) backend: SocketAddr,
}

impl ReverseProxy {
    pub(crate) const ALL: [Self; 3] = [Self::Nginx, Self::Caddy, Self::HaProxy];

    /// The program, if it runs.
    pub(crate) fn installed(self) -> Result<PathBuf, String> {
        let program = self.to_string();
        let version = match self {
            Self::Caddy => "version",
            Self::Nginx | Self::HaProxy => "-v",
        };
        let ran = Command::new(&program).arg(version).output();
        match ran.is_ok_and(|output| output.status.success()) {
            true => Ok(PathBuf::from(program)),
            false => Err(format!("{program} does not run: run cargo xtask peers")),
        }
    }

    /// Starts it in this directory with its sample, of which only the addresses differ.
    pub(super) fn start(self, directory: &Path, addresses: Addresses) -> Child {
        let file = directory.join(self.sample());
        fs::write(&file, self.configuration(addresses)).unwrap();
        let log = File::create(directory.join("log")).unwrap();
        let mut command = self.command(directory, &file);
        command.env("HOME", directory).env("XDG_CONFIG_HOME", directory).current_dir(directory);
        let command = command.env("XDG_DATA_HOME", directory).stdin(Stdio::null());
        command.stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap()
    }

    fn command(self, directory: &Path, file: &Path) -> Command {
        let mut command = Command::new(self.to_string());
        match self {
            Self::Nginx => {
                let pid = directory.join("pid");
                let directives = format!("daemon off; pid {};", pid.display());
                command.arg("-c").arg(file).args(["-e", "stderr", "-g", &directives])
            }
            Self::Caddy => command.args(["run", "--adapter", "caddyfile", "--config"]).arg(file),
            Self::HaProxy => command.arg("-db").arg("-f").arg(file),
        };
        command
    }

    fn sample(self) -> &'static str {
        match self {
            Self::Nginx => "nginx.conf",
            Self::Caddy => "Caddyfile",
            Self::HaProxy => "haproxy.cfg",
        }
    }

    fn configuration(self, addresses: Addresses) -> String {
        let samples = samples_directory().join(self.to_string());
        let sample = fs::read_to_string(samples.join(self.sample())).unwrap();
        let (old_listen, listen) = match self {
            Self::Nginx | Self::HaProxy => ("0.0.0.0:8080", addresses.listen.to_string()),
            // An address names the requests that Caddy serves there, on the port of every host.
            Self::Caddy => ("http://:8080 {", caddy_site(addresses.listen)),
        };
        let lua = samples.join("forward-auth.lua");
        let sample = sample.replace("/etc/haproxy/forward-auth.lua", lua.to_str().unwrap());
        [
            (old_listen, listen),
            ("127.0.0.1:8001", addresses.authority.to_string()),
            ("127.0.0.1:3000", addresses.backend.to_string()),
        ]
        .into_iter()
        .fold(sample, |sample, (old, new)| {
            assert!(sample.contains(old), "{self} has no {old}");
            sample.replace(old, &new)
        })
    }
}

/// The beginning of a site on one host alone.
fn caddy_site(listen: SocketAddr) -> String {
    format!("http://:{} {{\n\tbind {}", listen.port(), listen.ip())
}

/// Where the samples are.
pub(super) fn samples_directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/proxies")
}

/// The name of the program, and of the directory of its sample.
impl fmt::Display for ReverseProxy {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Nginx => "nginx",
            Self::Caddy => "caddy",
            Self::HaProxy => "haproxy",
        })
    }
}
