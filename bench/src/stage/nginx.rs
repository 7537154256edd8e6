//! nginx in front of a file, with and without a check.

use std::{
    fs::{self, File},
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use tokio::{
    net::TcpStream,
    process::{Child, Command},
};

const START_LIMIT: Duration = Duration::from_secs(10);

/// A running nginx.
pub(crate) struct Nginx {
    /// Serves the file at `/checked/`, `/constant/` and `/open/`, and at `/kept/file` from a cache of
    /// open files, with the check of `/checked/`.
    pub(crate) address: SocketAddr,
    processes: Vec<Child>,
}

impl Nginx {
    /// Starts it in a directory of its own, with this file and this authority. Each process is an
    /// nginx of its own; they share the listener.
    pub(crate) async fn start(
        directory: &Path,
        authority: SocketAddr,
        content: &[u8],
        processes: usize,
    ) -> anyhow::Result<Self> {
        let [address, constant] = free_addresses()?;
        let configuration = configuration(directory, [address, authority, constant]);
        let file = write_files(directory, &configuration, content)?;
        let log = File::create(directory.join("log"))?;
        let process = || {
            Command::new("nginx")
                .arg("-c")
                .arg(&file)
                // Without a master, so that it ends with us.
                .args(["-e", "stderr", "-g", "daemon off; master_process off;"])
                .stdin(Stdio::null())
                .stdout(log.try_clone()?)
                .stderr(log.try_clone()?)
                .kill_on_drop(true)
                .spawn()
                .context("cannot start nginx (Debian package: nginx)")
        };
        let processes = (0..processes).map(|_| process()).collect::<anyhow::Result<_>>()?;
        let mut nginx = Self { address, processes };
        nginx.wait(directory).await?;
        Ok(nginx)
    }

    async fn wait(&mut self, directory: &Path) -> anyhow::Result<()> {
        let started = Instant::now();
        while TcpStream::connect(self.address).await.is_err() {
            let log = || fs::read_to_string(directory.join("log")).unwrap_or_default();
            for process in &mut self.processes {
                ensure!(process.try_wait()?.is_none(), "nginx ended: {}", log());
            }
            ensure!(started.elapsed() < START_LIMIT, "nginx does not listen: {}", log());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Ok(())
    }

    pub(crate) async fn stop(mut self) -> std::io::Result<()> {
        for process in &mut self.processes {
            process.kill().await?;
        }
        Ok(())
    }
}

/// Both at the same time, so that they differ.
fn free_addresses() -> anyhow::Result<[SocketAddr; 2]> {
    let listen = || TcpListener::bind("127.0.0.1:0").context("cannot listen");
    let listeners = [listen()?, listen()?];
    Ok([listeners[0].local_addr()?, listeners[1].local_addr()?])
}

fn write_files(directory: &Path, configuration: &str, content: &[u8]) -> anyhow::Result<PathBuf> {
    let files = [("checked", "index.html"), ("constant", "index.html"), ("open", "index.html")];
    for (name, file) in files.into_iter().chain([("kept", "file")]) {
        let files = directory.join("files").join(name);
        fs::create_dir_all(&files).context("cannot create a directory for nginx")?;
        fs::write(files.join(file), content)?;
    }
    let file = directory.join("nginx.conf");
    fs::write(&file, configuration).context("cannot write the configuration of nginx")?;
    Ok(file)
}

fn configuration(directory: &Path, [address, authority, constant]: [SocketAddr; 3]) -> String {
    let directory = directory.display();
    format!(
        "pid {directory}/pid;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    keepalive_requests 1000000000;
    upstream authority {{ server {authority}; keepalive 64; keepalive_requests 1000000000; }}
    upstream constant {{ server {constant}; keepalive 64; keepalive_requests 1000000000; }}
    proxy_http_version 1.1;
    proxy_set_header Connection \"\";
    proxy_set_header Content-Length \"\";
    proxy_pass_request_body off;
    server {{
        listen {address} reuseport;
        root {directory}/files;
        location /kept/ {{
            auth_request /check/authority;
            open_file_cache max=1000 inactive=60s;
            open_file_cache_valid 1s;
            access_log {directory}/access combined buffer=64k flush=1s;
        }}
        location /checked/ {{ auth_request /check/authority; }}
        location /constant/ {{ auth_request /check/constant; }}
        location /open/ {{ sendfile on; }}
        location = /check/authority {{ internal; proxy_pass http://authority/authz/nginx; }}
        location = /check/constant {{ internal; proxy_pass http://constant/; }}
    }}
    server {{
        listen {constant} reuseport;
        location / {{ return 200 \"\"; }}
    }}
}}
"
    )
}
