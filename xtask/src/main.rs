//! The project's chores, as `cargo xtask <chore>`.
//!
//! It depends on nothing else of the workspace and on next to nothing of others, so it starts
//! within seconds, and reports what is wrong when the services do not compile. `up` and `bench`
//! are programs of their own, which it builds and runs.
#![expect(clippy::print_stdout, reason = "a chore reports to the terminal")]

mod cargo;
mod ci;
#[cfg(test)]
mod documents_tests;
mod mutants;
mod openapi;
mod peers;
mod pictures;
mod shared_build;
mod sim;
mod soak;
mod test;

use std::{
    env,
    ffi::{OsStr, OsString},
    process::ExitCode,
};

const USAGE: &str = "\
The project's chores

Usage: cargo xtask <chore>

  up      Build and run both services with pod logs to read, and show how to talk to them;
          --tls makes both speak TLS, --cluster adds a gateway for each of three nodes
  peers   Install programs and libraries of others that the tests run; `test` does so too
  openapi Write the OpenAPI documents of both services into `openapi`
  test    Run every test; the last line is the total
  ci      Run every check that a change must pass; the last line is the total of the tests
  bench   Measure both services beside what they compete with; --help lists the parts
  sim     Simulate several instances of sso-service, as in `sim --first-seed 0 --seeds 10000`;
          with --services before the other options, both whole services
  soak    Run a test for longer: `soak power-loss --seeds 1000`, `soak outage`
  pictures Take the pictures of the viewer in `docs/pictures`
  mutants Change the code that decides about access, and report what no test notices;
          --file PATTERN names the files, --help lists the other options
";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Chore {
    Up,
    Peers,
    Openapi,
    Test,
    Ci,
    Bench,
    Sim,
    Soak,
    Pictures,
    Mutants,
}

impl Chore {
    fn named(name: &OsStr) -> Option<Self> {
        match name.to_str()? {
            "up" => Some(Self::Up),
            "peers" => Some(Self::Peers),
            "openapi" => Some(Self::Openapi),
            "test" => Some(Self::Test),
            "ci" => Some(Self::Ci),
            "bench" => Some(Self::Bench),
            "sim" => Some(Self::Sim),
            "soak" => Some(Self::Soak),
            "mutants" => Some(Self::Mutants),
            "pictures" => Some(Self::Pictures),
            _ => None,
        }
    }

    /// `None` if the chore does not take these arguments.
    fn run(self, arguments: &[OsString]) -> Option<ExitCode> {
        match self {
            Self::Up => Some(cargo::become_program("up", arguments)),
            // Parts of it measure the log engine in its own process, and it makes the load.
            Self::Bench => Some(cargo::become_optimized_program("bench", arguments)),
            Self::Sim => sim::run(arguments),
            Self::Soak => soak::run(arguments),
            Self::Mutants => Some(mutants::run(arguments)),
            Self::Peers | Self::Openapi | Self::Test | Self::Ci | Self::Pictures
                if !arguments.is_empty() =>
            {
                None
            }
            Self::Peers => Some(peers::run()),
            Self::Openapi => Some(openapi::run()),
            Self::Test => Some(test::run()),
            Self::Ci => Some(ci::run()),
            Self::Pictures => Some(pictures::run()),
        }
    }
}

fn main() -> ExitCode {
    let words: Vec<OsString> = env::args_os().skip(1).collect();
    match words.split_first() {
        Some((word, _)) if word == "help" || word == "--help" || word == "-h" => {
            print!("{USAGE}");
            ExitCode::SUCCESS
        }
        Some((name, arguments)) => Chore::named(name)
            .and_then(|chore| chore.run(arguments))
            .unwrap_or_else(|| refuse(&words)),
        None => refuse(&words),
    }
}

fn refuse(words: &[OsString]) -> ExitCode {
    eprint!("error: not a chore: {}\n\n{USAGE}", words.join(OsStr::new(" ")).display());
    ExitCode::FAILURE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usage_names_every_chore() {
        let names = USAGE.lines().filter_map(|line| line.strip_prefix("  ")?.split(' ').next());
        let chores: Vec<_> = names
            .filter(|name| !name.is_empty())
            .map(|name| Chore::named(OsStr::new(name)).unwrap())
            .collect();
        let all = [
            Chore::Up,
            Chore::Peers,
            Chore::Openapi,
            Chore::Test,
            Chore::Ci,
            Chore::Bench,
            Chore::Sim,
            Chore::Soak,
            Chore::Pictures,
            Chore::Mutants,
        ];
        assert_eq!(chores, all);
    }

    #[test]
    fn an_unknown_chore_is_refused() {
        assert_eq!(Chore::named(OsStr::new("dance")), None);
    }

    #[test]
    fn a_chore_without_arguments_refuses_them() {
        assert_eq!(Chore::Ci.run(&["--fast".into()]), None);
    }
}
