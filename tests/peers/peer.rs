//! Who the peers are, and where they are.

use std::{
    fmt::{self, Formatter},
    path::{Path, PathBuf},
};

/// A client that others wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Peer {
    /// Of this version.
    Kubectl(&'static str),
    /// The library `kubernetes`.
    Python,
    /// The library `@kubernetes/client-node`.
    JavaScript,
    /// The crate, which is always there.
    Kube,
}

/// A peer that can be run.
#[derive(Debug)]
pub(crate) struct Installed {
    pub(crate) peer: Peer,
    /// Itself; of a library, what runs its scripts.
    pub(crate) program: PathBuf,
    /// Where its packages are.
    pub(crate) directory: PathBuf,
}

impl Peer {
    /// The oldest is the last that does not ask for aggregated discovery as it is today; from the
    /// newest on, reviews come as protobuf.
    pub(crate) const KUBECTLS: [Self; 3] =
        [Self::Kubectl("1.27"), Self::Kubectl("1.30"), Self::Kubectl("1.33")];
    pub(crate) const LIBRARIES: [Self; 2] = [Self::Python, Self::JavaScript];

    /// Else why it is not there.
    pub(crate) fn installed(self) -> Result<Installed, String> {
        let directory = directory().join(match self {
            Self::Python => "python",
            Self::Kubectl(_) | Self::JavaScript | Self::Kube => "javascript",
        });
        let program = match self {
            Self::Kubectl(version) => directory.join(format!("kubectl-{version}")),
            Self::Python => directory.join("environment/bin/python"),
            Self::JavaScript | Self::Kube => PathBuf::from("node"),
        };
        // Written last, with all that is there.
        let installed = directory.join("installed");
        if self == Self::Kube || installed.exists() {
            Ok(Installed { peer: self, program, directory })
        } else {
            Err(format!("there is no {}: run cargo xtask peers", installed.display()))
        }
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kubectl(version) => write!(f, "kubectl_{}", version.replace('.', "_")),
            Self::Python => f.write_str("python"),
            Self::JavaScript => f.write_str("javascript"),
            Self::Kube => f.write_str("kube"),
        }
    }
}

/// Beside the directory that Cargo gives this test.
fn directory() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("peers")
}
