//! `cargo xtask sim`: the simulation of several instances of sso-service, with any seeds; with
//! `--services` the one of both services.
//!
//! The seeds are compiled into the test, so that nothing in the environment changes what the
//! ordinary tests do.

use std::{ffi::OsString, process::ExitCode};

use crate::cargo;

/// The options here, and the variables that the test is compiled with.
const OPTIONS: [(&str, &str); 2] =
    [("--seeds", "SIMULATION_SEEDS"), ("--first-seed", "SIMULATION_FIRST_SEED")];

/// The protocol between instances alone.
const PROTOCOL: [&str; 5] = ["test", "--workspace", "--lib", "simulation::runs", "--"];
const SERVICES: [&str; 6] =
    ["test", "--workspace", "--test", "services", "no_revoked_token_is_accepted", "--"];

/// Builds the simulation with these seeds and becomes it. `None` if an option is unknown or has no
/// number.
pub(crate) fn run(arguments: &[OsString]) -> Option<ExitCode> {
    let (call, options) = match arguments {
        [first, options @ ..] if first == "--services" => (&SERVICES[..], options),
        options => (&PROTOCOL[..], options),
    };
    let variables = options.chunks(2).map(variable).collect::<Option<Vec<_>>>()?;
    Some(cargo::become_cargo_with(variables, call.iter().map(OsString::from), &[]))
}

fn variable(option: &[OsString]) -> Option<(&'static str, OsString)> {
    let [name, number] = option else {
        return None;
    };
    number.to_str()?.parse::<u64>().ok()?;
    let (_, variable) = OPTIONS.iter().find(|(option, _)| name == option)?;
    Some((variable, number.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_need_numbers() {
        let pair = |text: &[&str]| variable(&text.iter().map(Into::into).collect::<Vec<_>>());
        assert_eq!(pair(&["--seeds", "7"]), Some(("SIMULATION_SEEDS", "7".into())));
        for wrong in [&["--seeds"][..], &["--seeds", "x"], &["--sneeds", "7"], &["--seeds", "-1"]] {
            assert_eq!(pair(wrong), None, "{wrong:?}");
        }
    }
}
