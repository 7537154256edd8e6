//! The peers and their paths.

use std::{
    fmt::{self, Formatter},
    path::PathBuf,
};

use crate::{
    installed::{javascript, python},
    proxies::ReverseProxy,
};

/// A third-party program or library.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Peer {
    /// Of this version.
    Kubectl(&'static str),
    /// The library `kubernetes`.
    Python,
    /// The library `@kubernetes/client-node`.
    JavaScript,
    /// The library `PyJWT`.
    PyJwt,
    /// The library `Authlib`.
    Authlib,
    /// The library `jose`.
    Jose,
    /// The library `openid-client`.
    OpenIdClient,
    /// The library `oidc-provider`.
    OidcProvider,
    /// The crate, which is always there.
    Kube,
    /// A reverse proxy.
    Proxy(ReverseProxy),
}

/// An installed peer.
#[derive(Debug)]
pub(crate) struct Installed {
    pub(crate) peer: Peer,
    /// The program, or the interpreter of a library's scripts; none for kube.
    pub(crate) program: PathBuf,
    /// Where scripts find its packages, if that depends on the directory.
    pub(crate) directory: PathBuf,
}

impl Peer {
    /// The first asks for discovery in an older form than the others; the last sends reviews as
    /// protobuf.
    pub(crate) const KUBECTLS: [Self; 3] =
        [Self::Kubectl("1.27"), Self::Kubectl("1.30"), Self::Kubectl("1.33")];
    pub(crate) const LIBRARIES: [Self; 2] = [Self::Python, Self::JavaScript];
    pub(crate) const PROXIES: [Self; 3] = [
        Self::Proxy(ReverseProxy::Nginx),
        Self::Proxy(ReverseProxy::Caddy),
        Self::Proxy(ReverseProxy::HaProxy),
    ];
    pub(crate) const JWT_LIBRARIES: [Self; 3] = [Self::PyJwt, Self::Authlib, Self::Jose];
    pub(crate) const RELYING_PARTIES: [Self; 2] = [Self::OpenIdClient, Self::Authlib];

    /// An error names the reason.
    pub(crate) fn installed(self) -> Result<Installed, String> {
        let (program, directory) = match self {
            Self::Kubectl(version) => {
                let directory = javascript()?;
                (directory.join(format!("kubectl-{version}")), directory)
            }
            Self::Python | Self::PyJwt | Self::Authlib => {
                let program = python()?;
                let directory = program.parent().unwrap().to_owned();
                (program, directory)
            }
            Self::JavaScript | Self::Jose | Self::OpenIdClient | Self::OidcProvider => {
                ("node".into(), javascript()?)
            }
            Self::Kube => (PathBuf::new(), PathBuf::new()),
            Self::Proxy(proxy) => (proxy.installed()?, PathBuf::new()),
        };
        Ok(Installed { peer: self, program, directory })
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kubectl(version) => write!(f, "kubectl_{}", version.replace('.', "_")),
            Self::Python => f.write_str("python"),
            Self::JavaScript => f.write_str("javascript"),
            Self::PyJwt => f.write_str("pyjwt"),
            Self::Authlib => f.write_str("authlib"),
            Self::Jose => f.write_str("jose"),
            Self::OpenIdClient => f.write_str("openid_client"),
            Self::OidcProvider => f.write_str("oidc_provider"),
            Self::Kube => f.write_str("kube"),
            Self::Proxy(proxy) => proxy.fmt(f),
        }
    }
}
