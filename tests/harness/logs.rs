//! Log files on disk, as a kubelet and a container runtime leave them.

use std::{
    fs::{self, File},
    io::{BufWriter, Write},
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

use rustix::fs::{CWD, Mode, mkfifoat};
use serde_json::json;

/// The directory that the gateway reads.
#[derive(Debug)]
pub(crate) struct LogDir {
    path: PathBuf,
}

impl LogDir {
    pub(super) fn create(path: PathBuf) -> Self {
        fs::create_dir(&path).unwrap();
        Self { path }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// A pod with any uid.
    pub(crate) fn pod(&self, namespace: &str, pod: &str) -> PodDir {
        self.incarnation(namespace, pod, "5f0c2d1e-0000-4000-8000-000000000001")
    }

    /// One incarnation of a pod.
    pub(crate) fn incarnation(&self, namespace: &str, pod: &str, uid: &str) -> PodDir {
        let path = self.path.join(format!("{namespace}_{pod}_{uid}"));
        fs::create_dir_all(&path).unwrap();
        PodDir { path }
    }

    /// The log of the only container of a pod.
    pub(crate) fn write(&self, namespace: &str, pod: &str, content: impl AsRef<[u8]>) {
        self.pod(namespace, pod).container("app").write("0.log", content);
    }
}

/// The directory of a pod.
#[derive(Debug)]
pub(crate) struct PodDir {
    path: PathBuf,
}

impl PodDir {
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn container(&self, name: &str) -> ContainerDir {
        let path = self.path.join(name);
        fs::create_dir_all(&path).unwrap();
        ContainerDir { path }
    }
}

/// The directory of a container's log files.
#[derive(Debug)]
pub(crate) struct ContainerDir {
    path: PathBuf,
}

impl ContainerDir {
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn write(&self, file: &str, content: impl AsRef<[u8]>) -> &Self {
        fs::write(self.path.join(file), content).unwrap();
        self
    }

    /// Appends lines of a container.
    pub(crate) fn append(&self, file: &str, content: impl AsRef<[u8]>) -> &Self {
        let mut file =
            File::options().append(true).create(true).open(self.path.join(file)).unwrap();
        file.write_all(content.as_ref()).unwrap();
        self
    }

    pub(crate) fn link(&self, file: &str, target: impl AsRef<Path>) -> &Self {
        symlink(target, self.path.join(file)).unwrap();
        self
    }

    pub(crate) fn pipe(&self, file: &str) -> &Self {
        mkfifoat(CWD, self.path.join(file), Mode::from_raw_mode(0o644)).unwrap();
        self
    }

    pub(crate) fn directory(&self, file: &str) -> &Self {
        fs::create_dir(self.path.join(file)).unwrap();
        self
    }

    /// Writes a CRI log with at least this number of bytes of messages. Gives the exact number,
    /// newlines included.
    pub(crate) fn write_large(&self, bytes: u64) -> u64 {
        let line = "x".repeat(1023);
        let entry = format!("2026-11-01T10:00:00.000000000Z stdout F {line}\n");
        let lines = bytes.div_ceil(1024);
        let mut file =
            BufWriter::with_capacity(1 << 20, File::create(self.path.join("0.log")).unwrap());
        for _ in 0..lines {
            file.write_all(entry.as_bytes()).unwrap();
        }
        file.flush().unwrap();
        lines * 1024
    }
}

/// Lines of standard output as CRI runtimes write them, a second apart.
pub(crate) fn cri(lines: &[&str]) -> String {
    let entry = |(second, line): (usize, &&str)| cri_at(second, "stdout", line);
    lines.iter().enumerate().map(entry).collect()
}

/// A line that a container wrote this number of seconds after 2026-11-01T10:00:00Z.
pub(crate) fn cri_at(second: usize, stream: &str, line: &str) -> String {
    let (minute, second) = (second / 60, second % 60);
    format!("2026-11-01T10:{minute:02}:{second:02}.000000000Z {stream} F {line}\n")
}

/// Lines as Docker's driver `json-file` writes them, a second apart.
pub(crate) fn docker(lines: &[&str]) -> String {
    let entry = |(second, line): (usize, &&str)| {
        let time = format!("2026-11-01T10:00:{second:02}Z");
        format!("{}\n", json!({ "log": format!("{line}\n"), "stream": "stdout", "time": time }))
    };
    lines.iter().enumerate().map(entry).collect()
}
