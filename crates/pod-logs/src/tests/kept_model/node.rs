//! What happens to the directories and files of a pod.

use std::{
    fs::{self, File, OpenOptions, Permissions},
    io::Write,
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
};

use flate2::{Compression, write::GzEncoder};
use proptest::{prelude::*, sample::select};

/// More than are read at once.
const MANY_EVENTS: usize = 1100;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NodeChange {
    /// A line is appended.
    Write,
    WriteHalf,
    /// By another name of the file, in another directory.
    WriteElsewhere,
    Rotate,
    /// Renames only: there is no current file for a moment.
    Rename,
    Compress,
    DeleteOldest,
    DeleteCurrent,
    Truncate,
    /// Other lines, as many bytes.
    Refill,
    /// A copy takes the file's place.
    ReplaceByCopy,
    /// A rotated file gets the current one's name as well.
    ReplaceByTwin,
    ReplaceByLinkInside,
    ReplaceByLinkOutside,
    /// The container is started again.
    Restart,
    AddContainer,
    RemoveContainer,
    /// A container's directory is replaced by another one.
    ReplaceContainer,
    /// A container's directory is replaced by a link to where it is now.
    LinkContainer,
    AddIncarnation,
    RemoveIncarnation,
    /// The pod's directory is replaced by another one.
    ReplacePod,
    RemovePod,
    DenyContainer,
    DenyPod,
    DenyFile,
    Allow,
    /// Another directory takes the place of the log directory.
    ReplaceRoot,
    /// And of the one above.
    ReplaceAboveRoot,
    /// More events than are read at once.
    Flood,
}

use NodeChange as C;

pub(super) const CHANGES: [NodeChange; 30] = [
    C::Write,
    C::WriteHalf,
    C::WriteElsewhere,
    C::Rotate,
    C::Rename,
    C::Compress,
    C::DeleteOldest,
    C::DeleteCurrent,
    C::Truncate,
    C::Refill,
    C::ReplaceByCopy,
    C::ReplaceByTwin,
    C::ReplaceByLinkInside,
    C::ReplaceByLinkOutside,
    C::Restart,
    C::AddContainer,
    C::RemoveContainer,
    C::ReplaceContainer,
    C::LinkContainer,
    C::AddIncarnation,
    C::RemoveIncarnation,
    C::ReplacePod,
    C::RemovePod,
    C::DenyContainer,
    C::DenyPod,
    C::DenyFile,
    C::Allow,
    C::ReplaceRoot,
    C::ReplaceAboveRoot,
    C::Flood,
];

pub(super) fn change() -> impl Strategy<Value = NodeChange> {
    prop_oneof![
        4 => select(&[C::Write, C::WriteHalf, C::Rotate][..]),
        6 => select(&CHANGES[..CHANGES.len() - 1]),
    ]
}

/// A node whose pod `shop/web` is read.
pub(super) struct ReadNode {
    /// Above the log directory's parent.
    home: PathBuf,
    root: PathBuf,
    written: usize,
    renamed: usize,
    restart: u32,
}

impl ReadNode {
    pub(super) fn new(home: &Path) -> Self {
        let root = home.join("var/pods");
        let mut node = Self { home: home.to_owned(), root, written: 0, renamed: 0, restart: 0 };
        fs::create_dir_all(node.container()).unwrap();
        node.apply(&C::Write);
        node
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    fn pod(&self) -> PathBuf {
        self.root.join("shop_web_1")
    }

    fn container(&self) -> PathBuf {
        self.pod().join("app")
    }

    fn current(&self) -> PathBuf {
        self.container().join(format!("{}.log", self.restart))
    }

    /// A name that was not given before.
    fn unused(&mut self) -> PathBuf {
        self.renamed += 1;
        self.home.join(format!("unused-{}", self.renamed))
    }

    /// The current file; what cannot be there is written elsewhere.
    pub(super) fn file(&mut self) -> File {
        let opened = OpenOptions::new().create(true).append(true).open(self.current());
        opened.unwrap_or_else(|_| File::create(self.unused()).unwrap())
    }

    fn line(&mut self) -> String {
        self.written += 1;
        format!("2026-11-01T10:00:00.{:09}Z stdout F <{}>\n", self.written, self.written)
    }

    fn rotated(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.container()).into_iter().flatten().flatten();
        let mut files: Vec<_> = entries.map(|entry| entry.path()).collect();
        files.retain(|path| path.to_string_lossy().contains(".log."));
        files.sort();
        files
    }

    /// Applies the change, as far as there is something to change.
    pub(super) fn apply(&mut self, change: &NodeChange) {
        let line = self.line();
        let (pod, container, current) = (self.pod(), self.container(), self.current());
        let unused = self.unused();
        let _ = match change {
            C::Write => self.file().write_all(line.as_bytes()),
            C::WriteHalf => self.file().write_all(&line.as_bytes()[..line.len() / 2]),
            C::WriteElsewhere => fs::hard_link(&current, &unused).and_then(|()| {
                OpenOptions::new().append(true).open(&unused)?.write_all(line.as_bytes())
            }),
            C::Rename => self.rename(&current),
            C::Rotate => self.rename(&current).and_then(|()| fs::write(&current, "")),
            C::Compress => self.compress(),
            C::DeleteOldest => self.rotated().first().map_or(Ok(()), fs::remove_file),
            C::DeleteCurrent => fs::remove_file(&current),
            C::Truncate => fs::write(&current, ""),
            C::Refill => fs::read(&current)
                .and_then(|content| fs::write(&current, content.to_ascii_uppercase())),
            C::ReplaceByCopy => fs::copy(&current, &unused)
                .and_then(|_| fs::write(&unused, &line))
                .and_then(|()| fs::rename(&unused, &current)),
            C::ReplaceByTwin => self.rotated().last().map_or(Ok(()), |rotated| {
                fs::hard_link(rotated, &unused).and_then(|()| fs::rename(&unused, &current))
            }),
            C::ReplaceByLinkInside => self.replace_by_link(&container.join("moved")),
            C::ReplaceByLinkOutside => self.replace_by_link(&unused),
            C::Restart => {
                self.restart += 1;
                fs::write(self.current(), &line)
            }
            C::AddContainer => fs::create_dir_all(pod.join("side"))
                .and_then(|()| fs::write(pod.join("side/0.log"), &line)),
            C::RemoveContainer => fs::remove_dir_all(pod.join("side")),
            C::ReplaceContainer => fs::rename(&container, &unused)
                .and_then(|()| fs::create_dir(&container))
                .and_then(|()| fs::write(&current, &line)),
            C::LinkContainer => {
                fs::rename(&container, &unused).and_then(|()| symlink(&unused, &container))
            }
            C::AddIncarnation => fs::create_dir_all(self.root.join("shop_web_2/app"))
                .and_then(|()| fs::write(self.root.join("shop_web_2/app/0.log"), &line)),
            C::RemoveIncarnation => fs::remove_dir_all(self.root.join("shop_web_2")),
            C::ReplacePod => fs::rename(&pod, &unused)
                .and_then(|()| fs::create_dir_all(&container))
                .and_then(|()| fs::write(&current, &line)),
            C::RemovePod => fs::remove_dir_all(&pod),
            C::DenyContainer => set_mode(&container, 0),
            C::DenyPod => set_mode(&pod, 0),
            C::DenyFile => set_mode(&current, 0),
            C::Allow => set_mode(&pod, 0o755)
                .and_then(|()| set_mode(&container, 0o755))
                .and_then(|()| set_mode(&current, 0o644)),
            C::ReplaceRoot => self.replace_root(&self.root.clone(), &line),
            C::ReplaceAboveRoot => self.replace_root(&self.home.join("var"), &line),
            C::Flood => self.flood(),
        };
    }

    fn rename(&mut self, current: &Path) -> std::io::Result<()> {
        let name = format!("{}.log.20261101-{:06}", self.restart, self.renamed);
        fs::rename(current, self.container().join(name))
    }

    fn compress(&self) -> std::io::Result<()> {
        let plain = self.rotated().into_iter().find(|path| path.extension() != Some("gz".as_ref()));
        let Some(plain) = plain else { return Ok(()) };
        let temporary = plain.with_added_extension("tmp");
        let mut encoder = GzEncoder::new(File::create(&temporary)?, Compression::fast());
        encoder.write_all(&fs::read(&plain)?)?;
        encoder.finish()?;
        fs::rename(&temporary, plain.with_added_extension("gz"))?;
        fs::remove_file(plain)
    }

    fn replace_by_link(&self, target: &Path) -> std::io::Result<()> {
        fs::rename(self.current(), target)?;
        symlink(target.strip_prefix(self.container()).unwrap_or(target), self.current())
    }

    fn replace_root(&mut self, replaced: &Path, line: &str) -> std::io::Result<()> {
        fs::rename(replaced, self.unused())?;
        fs::create_dir_all(self.container())?;
        fs::write(self.current(), line)
    }

    fn flood(&self) -> std::io::Result<()> {
        for number in 0..MANY_EVENTS {
            let directory = self.root.join(format!("no-pod-{number}"));
            fs::create_dir(&directory)?;
            fs::remove_dir(&directory)?;
        }
        Ok(())
    }
}

fn set_mode(path: &Path, mode: u32) -> std::io::Result<()> {
    fs::set_permissions(path, Permissions::from_mode(mode))
}
