//! Certificates of servers.

use std::{
    fs::{self, Permissions},
    net::IpAddr,
    os::unix::fs::PermissionsExt,
    path::Path,
};

use super::account::own;
use crate::harness::PrivateCa;

/// The files in the directory of a server.
pub(crate) const CERTIFICATE: &str = "server.crt";
pub(crate) const KEY: &str = "server.key";
pub(crate) const CA: &str = "ca.crt";

/// Puts a new certificate for a host, its key and the certificate of the authority into the
/// directory of a server. Returns the path of the last, for clients.
pub(crate) fn install_certificate(ca: &PrivateCa, host: IpAddr, directory: &Path) -> String {
    let issued = ca.files(&host.to_string());
    ca.issue_for(host, &issued);
    for (from, to) in [(issued.certificate, CERTIFICATE), (issued.key, KEY), (ca.file().into(), CA)]
    {
        let to = directory.join(to);
        fs::copy(from, &to).unwrap();
        // PostgreSQL refuses a key that others may read.
        fs::set_permissions(&to, Permissions::from_mode(0o600)).unwrap();
        own(&to);
    }
    directory.join(CA).display().to_string()
}
