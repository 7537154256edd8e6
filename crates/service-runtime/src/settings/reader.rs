//! Reads settings by the names of their variables, and collects faults and warnings.

use std::{collections::BTreeMap, fmt::Display};

use super::{
    environment::{is_injected_by_kubernetes, prefixed},
    faults::{Fault, Faults},
    one_line::one_line,
    warnings::Warnings,
};

/// The variables under one prefix.
///
/// A service takes the variables that it knows by name; [`Settings::finish`] then reports those
/// that were wrong and those that were not taken.
#[derive(Debug)]
pub struct Settings {
    prefix: &'static str,
    /// By name. A variable that has been taken is removed.
    values: BTreeMap<String, String>,
    faults: Vec<Fault>,
    warnings: Warnings,
}

impl Settings {
    /// Reads the variables that begin with `prefix` (`"SSO_"`). Empty values count as unset, as
    /// compose files write them; names that Kubernetes injects for services are ignored.
    pub fn read(
        prefix: &'static str,
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Self {
        let (mut values, faults) = match prefixed(prefix, variables) {
            Ok(values) => (values, Vec::new()),
            Err(error) => (BTreeMap::new(), vec![Fault::new(prefix, error)]),
        };
        values.retain(|name, value| !value.is_empty() && !is_injected_by_kubernetes(name));
        Self { prefix, values, faults, warnings: Warnings::default() }
    }

    /// The full name of a variable under this prefix.
    pub(crate) fn name_of(&self, rest: &str) -> String {
        format!("{}{rest}", self.prefix)
    }

    /// The variable's value, parsed. `None` when it is unset or wrong: the fault is kept for
    /// [`Settings::finish`], so the caller may go on with a default.
    pub fn get<T, E: Display>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        debug_assert!(name.starts_with(self.prefix), "{name} is read under another prefix");
        let value = self.values.remove(name)?;
        parse(&value).map_err(|fault| self.fault(name, fault)).ok()
    }

    /// Like [`Settings::get`], for secrets and URLs: the value may be in a file that the twin
    /// variable `…_FILE` names. One line end after it is not part of the value; another one, and a
    /// byte order mark, are faults.
    pub fn get_or_file<T, E: Display>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        self.get_or_read(name, |value| match one_line(value) {
            Ok(value) => parse(value).map_err(|fault| fault.to_string()),
            Err(fault) => Err(fault.to_owned()),
        })
    }

    /// As [`Settings::get_or_file`], for a value of several lines, such as a key in PEM.
    pub fn get_lines_or_file<T, E: Display>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        self.get_or_read(name, |value| parse(value).map_err(|fault| fault.to_string()))
    }

    fn get_or_read<T>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let twin = format!("{name}_FILE");
        let Some(path) = self.values.remove(&twin) else {
            return self.get(name, parse);
        };
        if self.values.remove(name).is_some() {
            self.fault(name, format_args!("must not be set together with {twin}"));
            return None;
        }
        match std::fs::read_to_string(&path) {
            Ok(content) => parse(&content).map_err(|fault| self.fault(&twin, fault)).ok(),
            Err(error) => {
                self.fault(&twin, format_args!("cannot read {path}: {error}"));
                None
            }
        }
    }

    /// The variable's value, which may be any text.
    pub fn text(&mut self, name: &str) -> Option<String> {
        self.get(name, |value| Ok::<_, Fault>(value.to_owned()))
    }

    /// Whether the variable is set. It is not taken.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    /// Takes a variable without reading it, and tells whether it is set.
    pub fn take(&mut self, name: &str) -> bool {
        self.values.remove(name).is_some()
    }

    /// Warns of a variable that is set and well-formed and that this version does not use.
    pub fn warn_of_no_effect(&mut self, name: &str) {
        self.warn(name, "has no effect in this version");
    }

    /// Records a fault that only shows when several values are seen together.
    pub fn fault(&mut self, name: &str, fault: impl Display) {
        self.faults.push(Fault::new(name, fault));
    }

    /// Records a setting that is allowed and seldom intended.
    pub fn warn(&mut self, name: &str, warning: impl Display) {
        self.warnings.add(name, warning);
    }

    /// Ends the reading, and returns what was recorded as seldom intended.
    ///
    /// # Errors
    /// When a value was wrong, or a variable under the prefix is not known.
    pub fn finish(mut self) -> Result<Warnings, Faults> {
        for name in self.values.keys() {
            self.faults.push(Fault::new(name, "is not a variable of this service"));
        }
        if self.faults.is_empty() { Ok(self.warnings) } else { Err(Faults(self.faults)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{duration, socket_address};

    fn settings(variables: &[(&str, &str)]) -> Settings {
        let owned = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Settings::read("SSO_", owned.collect::<Vec<_>>())
    }

    #[test]
    fn every_fault_is_a_line_with_its_variable() {
        let mut settings =
            settings(&[("SSO_LISTEN", "nowhere"), ("SSO_TTL", "soon"), ("SSO_TYPO", "1")]);
        assert_eq!(settings.get("SSO_LISTEN", socket_address), None);
        assert_eq!(settings.get("SSO_TTL", duration), None);
        let faults = settings.finish().unwrap_err().to_string();
        let names: Vec<_> = faults.lines().map(|line| line.split(':').next().unwrap()).collect();
        assert_eq!(names, ["SSO_LISTEN", "SSO_TTL", "SSO_TYPO"]);
    }

    #[test]
    fn other_prefixes_and_empty_values_do_not_count() {
        let mut settings = settings(&[("GATEWAY_LISTEN", "x"), ("SSO_LISTEN", ""), ("PATH", "/")]);
        assert_eq!(settings.get("SSO_LISTEN", socket_address), None);
        settings.finish().unwrap();
    }

    #[test]
    fn names_that_kubernetes_injects_are_ignored() {
        settings(&[("SSO_PORT_8001_TCP", "tcp://10.0.0.1:8001")]).finish().unwrap();
        settings(&[("SSO_PORTS", "1")]).finish().unwrap_err();
    }

    #[test]
    fn a_fault_spells_the_name_as_the_environment_does() {
        for name in ["SSO_Listen", "SSO_listen", "SSO_SSO_LISTEN"] {
            let mut settings = settings(&[(name, "127.0.0.1:1")]);
            assert_eq!(settings.get("SSO_LISTEN", socket_address), None);
            let fault = settings.finish().unwrap_err().to_string();
            assert_eq!(fault, format!("{name}: is not a variable of this service"));
        }
    }

    #[test]
    fn a_secret_may_be_in_a_file() {
        let file = std::env::temp_dir().join(format!("settings-{}", std::process::id()));
        std::fs::write(&file, "two words\n").unwrap();
        let path = file.to_str().unwrap();

        let text = |value: &str| Ok::<_, Fault>(value.to_owned());
        let mut one = settings(&[("SSO_PASSWORD_FILE", path)]);
        assert_eq!(one.get_or_file("SSO_PASSWORD", text).as_deref(), Some("two words"));
        one.finish().unwrap();

        let mut both = settings(&[("SSO_PASSWORD_FILE", path), ("SSO_PASSWORD", "x")]);
        assert_eq!(both.get_or_file("SSO_PASSWORD", text), None);
        both.finish().unwrap_err();

        std::fs::write(&file, "two words\n\n").unwrap();
        let mut lines = settings(&[("SSO_PASSWORD_FILE", path)]);
        assert_eq!(lines.get_or_file("SSO_PASSWORD", text), None);
        let fault = lines.finish().unwrap_err().to_string();
        assert!(fault.starts_with("SSO_PASSWORD_FILE: has more than one line;"), "{fault}");
        let mut lines = settings(&[("SSO_PASSWORD", "one\ntwo")]);
        assert_eq!(lines.get_or_file("SSO_PASSWORD", text), None);
        lines.finish().unwrap_err();

        std::fs::remove_file(&file).unwrap();
        let mut missing = settings(&[("SSO_PASSWORD_FILE", path)]);
        assert_eq!(missing.get_or_file("SSO_PASSWORD", text), None);
        assert!(missing.finish().unwrap_err().to_string().starts_with("SSO_PASSWORD_FILE: cannot"));
    }

    #[test]
    fn a_fault_never_shows_the_value() {
        let mut settings = settings(&[("SSO_TTL", "hunter2")]);
        settings.get("SSO_TTL", duration);
        assert!(!settings.finish().unwrap_err().to_string().contains("hunter2"));
    }
}
