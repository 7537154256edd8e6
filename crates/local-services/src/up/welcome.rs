//! The text that a developer reads when both services are up: commands to paste.
//!
//! No line has a command and a comment, since an interactive zsh would pass the comment as
//! arguments.

use std::{
    fmt::{self, Formatter},
    net::SocketAddr,
    path::Path,
};

use local_services::{
    accounts::{Account, Session},
    certificates::Certificates,
    endpoint::Endpoint,
    services::Ready,
};

use crate::log_source::{LogSource, Pod};

/// The parameters of the text.
pub(crate) struct Welcome<'a> {
    pub(crate) sso: Ready,
    pub(crate) gateway: Ready,
    /// The nodes behind the gateway, if it is a front.
    pub(crate) nodes: Vec<ClusterNode>,
    /// The directory of the services' own logs.
    pub(crate) home: &'a Path,
    /// `None`: plain HTTP.
    pub(crate) certificates: Option<&'a Certificates>,
    pub(crate) logs: &'a LogSource,
    pub(crate) admin: Account,
    pub(crate) session: Session,
    pub(crate) guest: Option<Guest>,
}

/// The gateway of a node.
pub(crate) struct ClusterNode {
    pub(crate) name: &'static str,
    pub(crate) address: SocketAddr,
    /// Its process, while it runs.
    pub(crate) process: Option<u32>,
}

/// A user who may read the logs of one namespace only.
pub(crate) struct Guest {
    pub(crate) account: Account,
    pub(crate) session: Session,
    pub(crate) namespace: &'static str,
}

impl fmt::Display for Welcome<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.write_overview(f)?;
        self.write_variables(f)?;
        self.write_requests(f)?;
        self.write_kubectl(f)?;
        self.write_cluster(f)?;
        self.write_logout(f)?;
        writeln!(f, "\nCtrl-C stops all of them and removes what they wrote.")
    }
}

impl Welcome<'_> {
    fn url(&self, address: &SocketAddr) -> String {
        Endpoint { address: *address, certificates: self.certificates }.url()
    }

    /// The beginning of a command that calls a service.
    fn curl(&self) -> &'static str {
        if self.certificates.is_some() { r#"curl -sS --cacert "$CA""# } else { "curl -sS" }
    }

    fn write_overview(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { sso, gateway, home, logs, admin, .. } = self;
        let home = home.display();
        writeln!(f)?;
        for (name, ready) in [("sso-service", sso), ("logs-gateway", gateway)] {
            let Ready { listening, ops, version } = ready;
            let url = self.url(listening);
            writeln!(f, "{name:<13} {url}  operations http://{ops}  {version}")?;
            writeln!(f, "{:<13} its own log: {home}/{name}.log", "")?;
        }
        for ClusterNode { name, address, .. } in &self.nodes {
            writeln!(f, "{name:<13} {}  for the front only", self.url(address))?;
            writeln!(f, "{:<13} its own log: {home}/{name}.log", "")?;
        }
        writeln!(f, "{:<13} {logs}", "pod logs")?;
        writeln!(f, "{:<13} {}/", "in a browser", self.url(&gateway.listening))?;
        writeln!(f, "{:<13} {}/docs", "to try the API", self.url(&gateway.listening))?;
        writeln!(f, "{:<13} {}  password {}", "user", admin.name, admin.password)?;
        if let Some(Guest { account, namespace, .. }) = &self.guest {
            let Account { name, password } = account;
            writeln!(f, "{:<13} {name}  password {password}  reads {namespace}/* only", "user")?;
        }
        Ok(())
    }

    fn write_variables(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let minutes = self.session.expires_in / 60;
        writeln!(f, "\nIn another terminal, with tokens that last {minutes} minutes:")?;
        writeln!(f, "  SSO={}", self.url(&self.sso.listening))?;
        writeln!(f, "  GW={}", self.url(&self.gateway.listening))?;
        if let Some(Certificates { ca, .. }) = self.certificates {
            writeln!(f, "  CA={}", ca.display())?;
        }
        writeln!(f, "  T={}", self.session.token)?;
        if let Some(guest) = &self.guest {
            writeln!(f, "  D={}", guest.session.token)?;
        }
        Ok(())
    }

    fn write_requests(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Account { name, password } = &self.admin;
        let curl = self.curl();
        writeln!(f, "\nLog in, which gives a new token:")?;
        let form = format!("-d username={name} -d password={password}");
        writeln!(f, r#"  {curl} -w '\n' {form} "$SSO/auth/login""#)?;
        writeln!(f, "\nValidate the token:")?;
        writeln!(f, r#"  {curl} -w '\n' -X POST {ADMIN} "$SSO/auth/validate""#)?;
        writeln!(f, "\nList the pods:")?;
        writeln!(f, r#"  {curl} -w '\n' {ADMIN} "$GW/pods""#)?;
        let pods = self.logs.pods_with_one_container();
        if let Some(pod) = self.pod_to_read(&pods) {
            write_reading(f, curl, pod)?;
        }
        match &self.guest {
            Some(guest) => guest.write_requests(f, curl, &pods),
            None => Ok(()),
        }
    }

    /// The same by kubectl, which sends no token over plain HTTP.
    fn write_kubectl(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let pods = self.logs.pods_with_one_container();
        let Some(Pod { namespace, name }) =
            self.pod_to_read(&pods).filter(|_| self.certificates.is_some())
        else {
            return Ok(());
        };
        writeln!(f, "\nWith kubectl, whatever clusters it knows:")?;
        writeln!(f, "  {KUBECTL} get pods -A -o wide")?;
        writeln!(f, "  {KUBECTL} logs -f --tail=5 -n {namespace} {name}")
    }

    /// What only several nodes show.
    fn write_cluster(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Some((ClusterNode { name, process: Some(process), .. }, curl)) =
            self.nodes.first().map(|node| (node, self.curl()))
        else {
            return Ok(());
        };
        writeln!(f, "\nFollow the pods of all nodes, merged by time:")?;
        writeln!(
            f,
            r#"  {curl} -N {ADMIN} "$GW/logs?namespace=*&pod=*&follow=true&tailLines=20""#
        )?;
        writeln!(f, "\nMeanwhile, take {name} away for a while, and look who is missing:")?;
        writeln!(f, "  kill -STOP {process}")?;
        writeln!(f, r#"  {curl} -w '\n' {ADMIN} "$GW/pods""#)?;
        writeln!(f, "  kill -CONT {process}")
    }

    /// A pod that the guest may read as well, if there is a guest.
    fn pod_to_read<'p>(&self, pods: &'p [Pod]) -> Option<&'p Pod> {
        match &self.guest {
            Some(guest) => pods.iter().find(|pod| guest.may_read(pod)),
            None => pods.first(),
        }
    }

    fn write_logout(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let curl = self.curl();
        writeln!(f, "\nLog out: the token is refused at once, by both services:")?;
        writeln!(f, r#"  {curl} -w '%{{http_code}}\n' -X POST {ADMIN} "$SSO/auth/logout""#)?;
        writeln!(f, r#"  {curl} -w '\n' {ADMIN} "$GW/pods""#)
    }
}

impl Guest {
    fn may_read(&self, pod: &Pod) -> bool {
        pod.namespace == self.namespace
    }

    fn write_requests(&self, f: &mut Formatter<'_>, curl: &str, pods: &[Pod]) -> fmt::Result {
        let name = self.account.name;
        writeln!(f, "\nAs {name}, with access to {}/* only:", self.namespace)?;
        writeln!(f, r#"  {curl} -w '\n' {GUEST} "$GW/pods""#)?;
        if let Some(Pod { namespace, name }) = pods.iter().find(|pod| !self.may_read(pod)) {
            let url = format!("$GW/logs/{namespace}/{name}");
            writeln!(f, r#"  {curl} -w '\n' {GUEST} "{url}""#)?;
        }
        Ok(())
    }
}

/// The header with the administrator's token, as the shell expands it.
const ADMIN: &str = r#"-H "Authorization: Bearer $T""#;
/// The beginning of a command that asks the gateway with the administrator's token.
const KUBECTL: &str =
    r#"kubectl --kubeconfig=/dev/null --server="$GW" --certificate-authority="$CA" --token="$T""#;
/// The header with the guest's token.
const GUEST: &str = r#"-H "Authorization: Bearer $D""#;

fn write_reading(f: &mut Formatter<'_>, curl: &str, pod: &Pod) -> fmt::Result {
    let Pod { namespace, name } = pod;
    writeln!(f, "\nRead the end of a log, as text or as JSON:")?;
    let text =
        format!(r#"-H 'Accept: text/plain' "$GW/logs/{name}?namespace={namespace}&tailLines=5""#);
    writeln!(f, "  {curl} {ADMIN} {text}")?;
    writeln!(f, r#"  {curl} -w '\n' {ADMIN} "$GW/logs/{namespace}/{name}?tailLines=5""#)?;
    writeln!(f, "\nFollow it, across rotations, until you press Ctrl-C there or log out:")?;
    writeln!(f, r#"  {curl} -N {ADMIN} "$GW/logs/{namespace}/{name}?follow=true&tailLines=5""#)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn ready(port: u16) -> Ready {
        let (listening, ops) =
            (([127, 0, 0, 1], port).into(), ([127, 0, 0, 1], port + 1000).into());
        Ready { listening, ops, version: "0.1.0".into() }
    }

    fn session(token: &str) -> Session {
        Session { token: token.into(), expires_in: 1800 }
    }

    fn guest() -> Guest {
        let account = Account { name: "dev", password: "guest-password".into() };
        Guest { account, session: session("sso_dev"), namespace: "shop" }
    }

    /// The commands shown over logs that lie in the directories `containers`.
    fn commands(containers: &[&str], guest: Option<Guest>) -> Vec<String> {
        commands_over(None, containers, guest)
    }

    fn commands_over(
        certificates: Option<&Certificates>,
        containers: &[&str],
        guest: Option<Guest>,
    ) -> Vec<String> {
        let root = tempfile::tempdir().unwrap();
        for container in containers {
            fs::create_dir_all(root.path().join(container)).unwrap();
        }
        let welcome = Welcome {
            sso: ready(8001),
            gateway: ready(8000),
            nodes: Vec::new(),
            home: root.path(),
            certificates,
            logs: &LogSource::Node(root.path().to_owned()),
            admin: Account { name: "admin", password: "admin-password".into() },
            session: session("sso_admin"),
            guest,
        };
        let text = welcome.to_string();
        text.lines().filter_map(|line| line.strip_prefix("  ")).map(str::to_owned).collect()
    }

    fn shows(commands: &[String], part: &str) -> bool {
        commands.iter().any(|command| command.contains(part))
    }

    #[test]
    fn every_command_can_be_pasted() {
        let commands = commands(&["shop_cart_1/app", "kube-system_dns_2/dns"], Some(guest()));
        for command in commands.iter().filter(|command| !command.starts_with(' ')) {
            let starts = ["SSO=", "GW=", "T=", "D=", "curl -sS"];
            assert!(starts.iter().any(|start| command.starts_with(start)), "{command}");
            assert!(!command.contains('#'), "{command}");
        }
    }

    #[test]
    fn the_guest_sees_an_allowed_and_a_forbidden_request() {
        let commands = commands(&["shop_cart_1/app", "kube-system_dns_2/dns"], Some(guest()));
        assert!(shows(&commands, "D=sso_dev"));
        assert!(shows(&commands, "Bearer $T\" \"$GW/logs/shop/cart?tailLines=5"));
        assert!(shows(&commands, "$GW/logs/shop/cart?follow=true"));
        assert!(shows(&commands, "Bearer $D\" \"$GW/logs/kube-system/dns"));
    }

    #[test]
    fn over_tls_every_command_names_the_certificate_authority() {
        let files = ["ca.crt", "tls.crt", "tls.key", "front.crt", "front.key"].map(Into::into);
        let [ca, certificate, key, front_certificate, front_key] = files;
        let certificates = Certificates { ca, certificate, key, front_certificate, front_key };
        let containers = ["shop_cart_1/app", "kube-system_dns_2/dns"];
        let commands = commands_over(Some(&certificates), &containers, Some(guest()));
        assert!(shows(&commands, "GW=https://127.0.0.1:8000") && shows(&commands, "CA=ca.crt"));
        for command in commands.iter().filter(|command| command.starts_with("curl")) {
            assert!(command.starts_with("curl -sS --cacert \"$CA\" "), "{command}");
        }
        let kubectl: Vec<_> =
            commands.iter().filter(|command| command.starts_with("kubectl")).collect();
        assert!(kubectl.len() == 2 && kubectl[1].ends_with(" -n shop cart"), "{kubectl:?}");
        for command in kubectl {
            assert!(command.contains("--certificate-authority=\"$CA\" --token=\"$T\""));
        }
    }

    #[test]
    fn without_a_guest_or_a_pod_the_rest_is_shown() {
        let commands = commands(&[], None);
        assert!(shows(&commands, "$GW/pods") && !shows(&commands, "$GW/logs"));
        assert!(!shows(&commands, "$D"));
    }
}
