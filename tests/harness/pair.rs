//! Both services together.

use std::{
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::Command,
    thread,
};

use rustix::thread::{
    CapabilitySet, CpuSet, remove_capability_from_bounding_set, sched_getaffinity,
    sched_setaffinity,
};
use tempfile::TempDir;

use super::{
    binaries::binaries,
    browser::Browser,
    caller::Caller,
    command::{Ended, clean, run_sso},
    kubectl_user::KubectlUser,
    logs::LogDir,
    secrets::Secrets,
    service::Service,
    tls::{PrivateCa, plain_client},
};

/// Name and password of the first administrator of every pair.
pub(crate) const ADMIN: (&str, &str) = ("root", "correct horse battery staple");

/// A token of the right form and checksum that was never issued.
pub(crate) const WELL_FORMED_TOKEN: &str = "sso_0000000000000000000000000000000000000000000_3IlBS7";

/// A directory of this test's own.
pub(crate) fn scratch() -> TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}

/// An address without a listener. Callers come from 127.0.0.1, so no port of this address is ever
/// taken by chance.
pub(crate) fn dead_address() -> SocketAddr {
    TcpListener::bind("127.0.0.3:0").unwrap().local_addr().unwrap()
}

/// The configuration of a pair.
#[derive(Debug)]
pub(crate) struct Setup {
    sso: Vec<(String, String)>,
    gateway: Vec<(String, String)>,
    drop_file_privileges: bool,
    sso_on_two_cores: bool,
    /// Options of the shell's `ulimit` for both services.
    open_files: Option<&'static str>,
    ca: Option<PrivateCa>,
}

impl Setup {
    pub(crate) fn new() -> Self {
        let own = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        Self {
            sso: vec![
                own("SSO_LISTEN", "127.0.0.1:0"),
                own("SSO_OPS_LISTEN", "127.0.0.1:0"),
                own("SSO_ADMIN_USERNAME", ADMIN.0),
                own("SSO_ADMIN_PASSWORD", ADMIN.1),
                // The most verbose level, so that every line is checked for secrets.
                own("SSO_LOG_LEVEL", "trace"),
            ],
            gateway: vec![
                own("GATEWAY_LISTEN", "127.0.0.1:0"),
                own("GATEWAY_OPS_LISTEN", "127.0.0.1:0"),
                own("GATEWAY_LOG_LEVEL", "trace"),
                own("GATEWAY_NODE_NAME", "node-1"),
            ],
            drop_file_privileges: false,
            sso_on_two_cores: false,
            open_files: None,
            ca: None,
        }
    }

    /// Sets a variable of the authority.
    pub(crate) fn sso(mut self, name: &str, value: &str) -> Self {
        set(&mut self.sso, name, value);
        self
    }

    /// Sets a variable of the gateway.
    pub(crate) fn gateway(mut self, name: &str, value: &str) -> Self {
        set(&mut self.gateway, name, value);
        self
    }

    /// The gateway must obey the permissions of files, even if the tests run as root.
    pub(crate) fn gateway_obeys_file_modes(mut self) -> Self {
        self.drop_file_privileges = true;
        self
    }

    /// Limits the authority to two cores, so that one thread hashes passwords.
    pub(crate) fn sso_on_two_cores(mut self) -> Self {
        self.sso_on_two_cores = true;
        self
    }

    /// Limits the descriptors of both services: `-n 128`, or `-Sn 64` for the soft limit alone.
    pub(crate) fn open_files(mut self, limit: &'static str) -> Self {
        self.open_files = Some(limit);
        self
    }

    fn command(&self, binary: &Path, directory: &Path, variables: &[(String, String)]) -> Command {
        let Some(limit) = self.open_files else {
            return clean(binary, directory, variables);
        };
        let mut command = clean(Path::new("/bin/sh"), directory, variables);
        command.arg("-c").arg(format!("ulimit {limit} && exec \"$0\"")).arg(binary);
        command
    }

    /// Gives both services certificates of this authority, which the gateway trusts.
    pub(crate) fn over_tls(self, ca: PrivateCa) -> Self {
        let (sso, gateway) = (ca.files("sso"), ca.files("gateway"));
        ca.issue_into(&sso);
        ca.issue_into(&gateway);
        let ((sso_cert, sso_key), (gateway_cert, gateway_key)) = (sso.paths(), gateway.paths());
        let setup = self
            .sso("SSO_TLS_CERT", sso_cert)
            .sso("SSO_TLS_KEY", sso_key)
            .gateway("GATEWAY_TLS_CERT", gateway_cert)
            .gateway("GATEWAY_TLS_KEY", gateway_key)
            .gateway("GATEWAY_SSO_CA", &ca.file());
        Self { ca: Some(ca), ..setup }
    }

    fn url(&self, address: SocketAddr) -> String {
        let scheme = if self.ca.is_some() { "https" } else { "http" };
        format!("{scheme}://{address}")
    }

    pub(crate) fn start(self) -> Pair {
        let secrets = Secrets::default();
        secrets.learn(ADMIN.1);
        let directory = scratch();
        let database = format!("sqlite://{}", directory.path().join("sso.db").display());
        let setup = self.sso("SSO_DATABASE_URL", &database);
        let sso = setup.start_sso(directory.path(), &secrets);
        let logs = LogDir::create(directory.path().join("pods"));
        let setup = match setup.gateway.iter().any(|(name, _)| name == "GATEWAY_SSO_URL") {
            true => setup,
            false => {
                let url = setup.url(sso.listening());
                setup.gateway("GATEWAY_SSO_URL", &url)
            }
        };
        let setup = setup.gateway("GATEWAY_LOGS_DIR", &logs.path().to_string_lossy());
        let gateway = setup.start_gateway(directory.path(), &secrets);
        Pair { gateway, sso, logs, setup, secrets, directory }
    }

    fn sso_command(&self, directory: &Path) -> Command {
        self.command(&binaries().sso_service, directory, &self.sso)
    }

    fn start_sso(&self, directory: &Path, secrets: &Secrets) -> Service {
        let command = self.sso_command(directory);
        if !self.sso_on_two_cores {
            return Service::start(command, secrets);
        }
        // The set of cores belongs to the thread, and its child processes inherit it.
        thread::scope(|scope| scope.spawn(|| on_two_cores(command, secrets)).join()).unwrap()
    }

    fn start_gateway(&self, directory: &Path, secrets: &Secrets) -> Service {
        let command = self.command(&binaries().logs_gateway, directory, &self.gateway);
        if !self.drop_file_privileges {
            return Service::start(command, secrets);
        }
        // The bounding set belongs to the thread, and its child processes inherit it.
        thread::scope(|scope| scope.spawn(|| without_file_privileges(command, secrets)).join())
            .unwrap()
    }
}

/// Drops the privileges over files, if the process has any; without them, modes apply anyway.
fn without_file_privileges(command: Command, secrets: &Secrets) -> Service {
    for capability in [CapabilitySet::DAC_OVERRIDE, CapabilitySet::DAC_READ_SEARCH] {
        let _ = remove_capability_from_bounding_set(capability);
    }
    Service::start(command, secrets)
}

fn on_two_cores(command: Command, secrets: &Secrets) -> Service {
    let (all, mut two) = (sched_getaffinity(None).unwrap(), CpuSet::new());
    (0..CpuSet::MAX_CPU).filter(|cpu| all.is_set(*cpu)).take(2).for_each(|cpu| two.set(cpu));
    sched_setaffinity(None, &two).unwrap();
    Service::start(command, secrets)
}

fn set(variables: &mut Vec<(String, String)>, name: &str, value: &str) {
    variables.retain(|(other, _)| other != name);
    variables.push((name.to_owned(), value.to_owned()));
}

/// A gateway and the authority it asks. The fields are dropped, and so stopped, in this order.
#[derive(Debug)]
pub(crate) struct Pair {
    pub(crate) gateway: Service,
    pub(crate) sso: Service,
    pub(crate) logs: LogDir,
    setup: Setup,
    secrets: Secrets,
    directory: TempDir,
}

impl Pair {
    /// With the default configuration.
    pub(crate) fn start() -> Self {
        Setup::new().start()
    }

    /// A caller without a token.
    pub(crate) fn anonymous(&self) -> Caller {
        let client =
            self.setup.ca.as_ref().map_or_else(plain_client, |ca| ca.client(&[b"http/1.1"]));
        let [sso, gateway] = [&self.sso, &self.gateway].map(|one| self.setup.url(one.listening()));
        Caller::anonymous(client, sso, gateway, &self.secrets)
    }

    /// A user with a browser, on the authority's pages.
    pub(crate) fn browser(&self) -> Browser {
        Browser::new(self.anonymous(), &self.secrets)
    }

    /// The first administrator, logged in, with all permissions.
    pub(crate) async fn admin(&self) -> Caller {
        self.logged_in(ADMIN.0, ADMIN.1).await
    }

    /// A new user with these permissions, logged in.
    pub(crate) async fn user(&self, name: &str, permissions: &[&str]) -> Caller {
        let password = format!("the password of {name}");
        self.create_user(name, &password, permissions);
        self.logged_in(name, &password).await
    }

    /// Creates a user from the shell, on the database of the running service.
    pub(crate) fn create_user(&self, name: &str, password: &str, permissions: &[&str]) {
        self.secrets.learn(password);
        let mut arguments = vec!["admin", "user", "create", name, "--password-file", "-"];
        for permission in permissions {
            arguments.extend(["--permission", permission]);
        }
        let database = self.database_url();
        let ended = run_sso(&arguments, &[("SSO_DATABASE_URL", &database)], password);
        assert_eq!(ended.code, 0, "{ended:?}");
        self.secrets.check_absent_from(&format!("{ended:?}"));
    }

    /// Runs a command of the shell on the database of the running service.
    pub(crate) fn administer(&self, arguments: &[&str]) -> Ended {
        let arguments = [&["admin"], arguments].concat();
        let ended = run_sso(&arguments, &[("SSO_DATABASE_URL", &self.database_url())], "");
        assert_eq!(ended.code, 0, "{ended:?}");
        ended
    }

    pub(crate) fn database_url(&self) -> String {
        format!("sqlite://{}", self.directory.path().join("sso.db").display())
    }

    /// A user with a home directory, who runs kubectl there.
    pub(crate) fn kubectl_user(&self) -> KubectlUser {
        KubectlUser::of(self.setup.url(self.sso.listening()), &self.secrets)
    }

    /// The authority that signed both certificates, if the pair has some.
    pub(crate) fn ca(&self) -> &PrivateCa {
        self.setup.ca.as_ref().unwrap()
    }

    async fn logged_in(&self, name: &str, password: &str) -> Caller {
        let answer = self.anonymous().log_in(name, password).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        self.anonymous().with_token(answer.json()["token"].as_str().unwrap())
    }

    /// A file beside the directory of the logs.
    pub(crate) fn beside_logs(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Starts the gateway again where it listened before, after it ended.
    pub(crate) fn start_gateway_again(&mut self) {
        let address = self.gateway.listening().to_string();
        set(&mut self.setup.gateway, "GATEWAY_LISTEN", &address);
        self.gateway = self.setup.start_gateway(self.directory.path(), &self.secrets);
    }

    /// Starts the authority again where it listened before, after it ended.
    pub(crate) fn start_sso_again(&mut self) {
        let address = self.sso.listening().to_string();
        set(&mut self.setup.sso, "SSO_LISTEN", &address);
        self.sso = self.setup.start_sso(self.directory.path(), &self.secrets);
    }
}
