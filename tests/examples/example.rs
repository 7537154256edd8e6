//! The examples, and the commands that start them.

use std::{
    fmt::{self, Formatter},
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{harness::binaries::build, installed};

/// A folder of `examples/`.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Example {
    Actix,
    Curl,
    Express,
    FastApi,
    Flask,
}

/// An example whose libraries are there.
#[derive(Debug, Clone)]
pub(crate) struct Installed {
    example: Example,
    /// The program that runs it.
    program: PathBuf,
    /// The directory with `node_modules`, for JavaScript; else unused.
    libraries: PathBuf,
}

impl Example {
    pub(crate) const ALL: [Self; 5] =
        [Self::Actix, Self::Curl, Self::Express, Self::FastApi, Self::Flask];

    /// Fails with the reason why it cannot be started.
    pub(crate) fn installed(self) -> Result<Installed, String> {
        let (program, libraries) = match self {
            // Built when it is started.
            Self::Actix => (PathBuf::new(), PathBuf::new()),
            Self::Curl => (installed::program("socat")?, installed::program("curl")?),
            Self::Express => (installed::program("node")?, installed::javascript()?),
            Self::FastApi | Self::Flask => (installed::python()?, PathBuf::new()),
        };
        Ok(Installed { example: self, program, libraries })
    }

    fn source(self) -> PathBuf {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("examples");
        root.join(self.to_string())
    }
}

impl Installed {
    /// Starts the example on a free port. The directory is empty and lasts as long as the process.
    pub(crate) fn command(&self, directory: &Path) -> Command {
        let source = self.example.source();
        let command = |program: &Path, arguments: &str| {
            let mut command = Command::new(program);
            command.args(arguments.split(' ')).current_dir(&source);
            command
        };
        match self.example {
            Example::Actix => Command::new(&build(&["actix-example"])["actix-example"]),
            Example::Curl => command(
                &self.program,
                "-d -d TCP-LISTEN:0,bind=127.0.0.1,reuseaddr,fork EXEC:./report.sh",
            ),
            Example::Express => {
                // Node looks for libraries beside the script.
                fs::copy(source.join("server.js"), directory.join("server.mjs")).unwrap();
                let libraries = self.libraries.join("node_modules");
                symlink(libraries, directory.join("node_modules")).unwrap();
                let mut command = Command::new(&self.program);
                command.arg("server.mjs").current_dir(directory);
                command
            }
            Example::FastApi => command(&self.program, "-m uvicorn main:app --port 0"),
            Example::Flask => command(&self.program, "-m flask run --port 0"),
        }
    }
}

impl fmt::Display for Example {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Actix => "actix",
            Self::Curl => "curl",
            Self::Express => "express",
            Self::FastApi => "fastapi",
            Self::Flask => "flask",
        })
    }
}
