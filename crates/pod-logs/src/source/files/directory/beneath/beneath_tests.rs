//! Links, pipes and sockets that a pod may plant.

use std::{
    fs,
    io::Read,
    os::unix::{fs::symlink, net::UnixListener},
};

use rustix::io::{FdFlags, fcntl_getfd};

use super::{super::open_failure::OpenFailure, *};

/// A pod's directory with a container, beside things that are not the pod's.
struct PodBesideOthers {
    root: tempfile::TempDir,
}

impl PodBesideOthers {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        for directory in ["pod/app", "other/app", "docker/id"] {
            fs::create_dir_all(root.path().join(directory)).unwrap();
        }
        fs::write(root.path().join("other/app/0.log"), "another's").unwrap();
        fs::write(root.path().join("docker/id/id-json.log"), "docker's").unwrap();
        fs::write(root.path().join("pod/app/1.log"), "own").unwrap();
        Self { root }
    }

    fn docker(&self) -> TrustedRoot {
        TrustedRoot::new(&self.path("docker")).unwrap()
    }

    fn path(&self, path: &str) -> PathBuf {
        self.root.path().join(path)
    }

    /// Reads `pod/app/0.log` with `docker` as the extra root.
    fn read(&self) -> io::Result<String> {
        let pod = File::open(self.path("pod"))?;
        let roots = [self.docker()];
        let mut content = String::new();
        log_file(pod.as_fd(), "app", "0.log", &roots)?.read_to_string(&mut content)?;
        Ok(content)
    }

    #[track_caller]
    fn check_link(&self, target: impl AsRef<Path>, expected: Option<&str>) {
        let link = self.path("pod/app/0.log");
        symlink(target.as_ref(), &link).unwrap();
        assert_eq!(self.read().ok().as_deref(), expected, "{}", target.as_ref().display());
        fs::remove_file(link).unwrap();
    }
}

#[test]
fn a_link_leads_within_the_pod_or_beneath_an_extra_root() {
    let playground = PodBesideOthers::new();
    playground.check_link("1.log", Some("own"));
    playground.check_link("../app/1.log", Some("own"));
    playground.check_link(playground.path("docker/id/id-json.log"), Some("docker's"));
}

#[test]
fn a_link_to_any_other_place_is_refused() {
    let playground = PodBesideOthers::new();
    playground.check_link("../../other/app/0.log", None);
    playground.check_link(playground.path("other/app/0.log"), None);
    playground.check_link("/etc/passwd", None);
    playground.check_link("/proc/self/environ", None);
    playground.check_link(playground.path("docker/../other/app/0.log"), None);
    playground.check_link(playground.path("docker-not/x"), None);
    playground.check_link("missing", None);
    playground.check_link("0.log", None);
    symlink(playground.path("other/app/0.log"), playground.path("docker/out")).unwrap();
    playground.check_link(playground.path("docker/out"), None);
}

#[test]
fn a_container_that_is_a_link_out_is_refused() {
    let playground = PodBesideOthers::new();
    fs::remove_dir_all(playground.path("pod/app")).unwrap();
    symlink("../other/app", playground.path("pod/app")).unwrap();
    playground.read().unwrap_err();
}

fn make_pipe(path: &Path) {
    rustix::fs::mkfifoat(CWD, path, Mode::from_raw_mode(0o644)).unwrap();
}

#[test]
fn a_non_regular_file_is_refused_without_waiting() {
    let playground = PodBesideOthers::new();
    let path = playground.path("pod/app/0.log");
    make_pipe(&path);
    assert_eq!(playground.read().unwrap_err().kind(), io::ErrorKind::PermissionDenied);
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    playground.read().unwrap_err();
    make_pipe(&playground.path("docker/pipe"));
    fs::remove_dir(&path).unwrap();
    playground.check_link(playground.path("docker/pipe"), None);
}

/// The kernel's words for a file that is not a log are passed on as such.
#[test]
fn a_way_out_and_a_socket_are_not_logs() {
    let playground = PodBesideOthers::new();
    let path = playground.path("pod/app/0.log");
    let check = |reason: &str| {
        let error = playground.read().unwrap_err();
        let told = (OpenFailure::of(&error), error.to_string());
        assert_eq!(told, (OpenFailure::NotALog, reason.to_owned()));
        fs::remove_file(&path).unwrap();
    };
    symlink("0.log", &path).unwrap();
    check("a link that leads out");
    symlink("/etc/passwd", &path).unwrap();
    check("a link out of the pod's directory");
    let _socket = UnixListener::bind(&path).unwrap();
    check("not a regular file");
}

#[test]
fn a_file_or_a_link_is_not_a_directory() {
    let playground = PodBesideOthers::new();
    let file = playground.path("pod/app/1.log");
    TrustedRoot::new(&file).unwrap_err();
    symlink("pod", playground.path("link")).unwrap();
    let root = File::open(playground.root.path()).unwrap();
    directory(&root, "link").unwrap_err();
    let app = File::open(playground.path("pod/app")).unwrap();
    directory(&app, "1.log").unwrap_err();
}

/// A program that the gateway starts inherits no log.
#[test]
fn an_open_log_or_directory_is_closed_on_exec() {
    let playground = PodBesideOthers::new();
    let root = playground.docker().open().unwrap();
    let pod = File::open(playground.path("pod")).unwrap();
    let container = directory(&pod, "app").unwrap();
    let log = log_file(pod.as_fd(), "app", "1.log", &[]).unwrap();
    for opened in [root.as_fd(), container.as_fd(), log.as_fd()] {
        assert_eq!(fcntl_getfd(opened).unwrap(), FdFlags::CLOEXEC);
    }
}

#[test]
fn the_entries_of_a_directory_are_its_files() {
    let playground = PodBesideOthers::new();
    let entries = entries_of(File::open(playground.path("pod/app")).unwrap()).unwrap();
    let file = entries.iter().find(|entry| entry.name == "1.log").unwrap();
    assert_eq!(file.kind, FileType::RegularFile);
}

#[test]
fn a_link_target_has_a_name_and_a_directory_beneath_its_root() {
    let playground = PodBesideOthers::new();
    let roots = [playground.docker()];
    let app = File::open(playground.path("pod/app")).unwrap();
    for (name, target, in_directory) in
        [("a.log", "docker/id/id-json.log", "id-json.log"), ("b.log", "docker/id", "id")]
    {
        let target_path = playground.path(target);
        symlink(&target_path, playground.path("pod/app").join(name)).unwrap();
        let target = LinkTarget::of(&app, name, &roots).unwrap().unwrap();
        assert_eq!(target.file_name(), Some(in_directory));
        assert_eq!(target.directory_path(), target_path.parent().unwrap());
        let entries = entries_of(target.open_directory().unwrap()).unwrap();
        assert!(entries.iter().any(|entry| entry.name == in_directory), "{entries:?}");
    }
}

#[test]
fn a_name_is_one_step() {
    let playground = PodBesideOthers::new();
    let root = playground.root.path();
    let root = File::open(root).unwrap();
    for name in ["..", "pod/app", "/", "a\0b"] {
        assert!(directory(&root, name).is_err(), "{name:?}");
    }
}
