//! Finds the directory for state in the environment.

use std::{env, ffi::OsString, path::PathBuf};

/// The user's directory for state: `$XDG_STATE_HOME`, else `%LOCALAPPDATA%` on Windows and
/// `~/.local/state` elsewhere. A path that is not absolute does not count (XDG Base Directory
/// Specification). `None` when the environment names none.
pub(crate) fn state_home() -> Option<PathBuf> {
    state_home_in(|name| env::var_os(name))
}

fn state_home_in(variable: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let directory = |name| variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
    directory("XDG_STATE_HOME").or_else(|| {
        if cfg!(windows) {
            directory("LOCALAPPDATA")
        } else {
            Some(directory("HOME")?.join(".local/state"))
        }
    })
}

#[cfg(all(test, not(windows)))]
mod tests {
    use super::*;

    #[test]
    fn the_state_is_below_the_home_directory_unless_it_is_set() {
        for (variables, expected) in [
            (&[("HOME", "/home/ada"), ("XDG_STATE_HOME", "/state")][..], Some("/state")),
            (&[("HOME", "/home/ada")], Some("/home/ada/.local/state")),
            (&[("HOME", "/h"), ("XDG_STATE_HOME", "")], Some("/h/.local/state")),
            (&[("XDG_STATE_HOME", "state"), ("HOME", "/h")], Some("/h/.local/state")),
            (&[("XDG_STATE_HOME", "state")], None),
            (&[("HOME", "")], None),
            (&[], None),
        ] {
            let variable = |name: &str| {
                variables.iter().find(|(other, _)| *other == name).map(|(_, value)| value.into())
            };
            assert_eq!(state_home_in(variable), expected.map(PathBuf::from), "{variables:?}");
        }
    }
}
