//! Building an overlay as kubectl does.

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::OnceLock,
};

use serde_json::Value;

use super::objects::Objects;

/// The last is `apiserver` with a component.
pub(super) const NAMES: [&str; 4] = ["nodes", "apiserver", "ha", "impersonation"];
/// The oldest and the newest that is supported, and all between.
const VERSIONS: [&str; 7] = ["1.27", "1.28", "1.29", "1.30", "1.31", "1.32", "1.33"];

/// The programs that read manifests.
pub(super) struct Tools {
    pub(super) kubectl: PathBuf,
    pub(super) python: PathBuf,
}

/// The objects of an overlay, and the secrets that the script makes for it.
pub(super) struct BuiltOverlay {
    pub(super) name: &'static str,
    pub(super) objects: Objects,
    pub(super) secrets: Objects,
}

impl Tools {
    /// An overlay, which is built once.
    pub(super) fn build(&self, name: &'static str) -> &'static BuiltOverlay {
        static BUILT: [OnceLock<BuiltOverlay>; NAMES.len()] =
            [const { OnceLock::new() }; NAMES.len()];
        let index = NAMES.iter().position(|known| *known == name).unwrap();
        BUILT[index].get_or_init(|| self.build_anew(name))
    }

    fn build_anew(&self, name: &'static str) -> BuiltOverlay {
        let objects = self.read(&self.yaml_of(name), &[]);
        let mut script = Command::new("sh");
        script.arg(manifests().join("secrets.sh")).arg("sso.example.org");
        let secrets = self.read(&succeeded(&mut script), &[]);
        BuiltOverlay { name, objects, secrets }
    }

    /// The objects of a directory that is not an overlay.
    pub(super) fn build_directory(&self, directory: &str) -> Objects {
        self.read(&self.kustomize(&manifests().join(directory)), &[])
    }

    pub(super) fn check_schemas(&self, name: &str) {
        assert!(!self.read(&self.yaml_of(name), &VERSIONS).is_empty());
    }

    fn yaml_of(&self, name: &str) -> Vec<u8> {
        let overlay = manifests().join("overlays").join(name);
        let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers/manifests").join(name);
        self.kustomize(if overlay.exists() { &overlay } else { &ours })
    }

    fn kustomize(&self, directory: &Path) -> Vec<u8> {
        succeeded(Command::new(&self.kubectl).arg("kustomize").arg(directory))
    }

    /// Reads objects, which have to be valid in these versions.
    fn read(&self, yaml: &[u8], versions: &[&str]) -> Objects {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers/python/manifests.py");
        let mut python = Command::new(&self.python);
        python.arg(script).args(versions).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut python = python.spawn().unwrap();
        python.stdin.take().unwrap().write_all(yaml).unwrap();
        let output = python.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", output.status);
        let objects: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
        Objects(objects)
    }
}

pub(super) fn manifests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/kubernetes")
}

/// What a command that succeeds writes.
pub(super) fn succeeded(command: &mut Command) -> Vec<u8> {
    let output = command.stdin(Stdio::null()).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {errors}");
    output.stdout
}
