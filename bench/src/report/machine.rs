//! The machine and the programs that a figure depends on.

use std::{fs, process::Command, thread};

/// Programs that parts measure or use, by what tells their version.
const PROGRAMS: [&[&str]; 7] = [
    &["rustc", "--version"],
    &["wrk", "-v"],
    &["nginx", "-v"],
    &["redis-server", "--version"],
    &["rg", "--version"],
    &["grep", "--version"],
    &["strace", "--version"],
];

/// The processor, the memory, the kernel, the load of others, and the versions of programs.
pub(crate) fn described() -> String {
    let processor =
        after(&read("/proc/cpuinfo"), "model name").unwrap_or("an unknown processor".into());
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let memory = after(&read("/proc/meminfo"), "MemTotal")
        .and_then(|text| text.split(' ').next()?.parse::<u64>().ok())
        .map_or(String::new(), |kib| format!(", {} GiB", kib >> 20));
    let kernel = read("/proc/sys/kernel/osrelease");
    let load = read("/proc/loadavg");
    let load = load.split(' ').next().unwrap_or_default();
    let programs: Vec<_> = PROGRAMS.iter().filter_map(|words| version(words)).collect();
    format!(
        "{cores} cores of {processor}{memory}, Linux {}, load average {load} before the part; {}",
        kernel.trim(),
        programs.join(", ")
    )
}

fn read(file: &str) -> String {
    fs::read_to_string(file).unwrap_or_default()
}

/// The value of the first line `name : value`.
fn after(text: &str, name: &str) -> Option<String> {
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

/// The name of a program and its version; `None` where it does not run.
fn version(words: &[&str]) -> Option<String> {
    let output = Command::new(words[0]).args(&words[1..]).output().ok()?;
    let text = [output.stdout, output.stderr].concat();
    let number = version_in(&String::from_utf8_lossy(&text))?;
    Some(format!("{} {number}", words[0]))
}

/// The first thing with digits and a dot.
fn version_in(text: &str) -> Option<String> {
    let words = text.split(|letter: char| letter.is_whitespace() || "/=,".contains(letter));
    let number = words.map(|word| word.trim_start_matches('v')).find(|word| {
        word.starts_with(|letter: char| letter.is_ascii_digit()) && word.contains('.')
    });
    number.map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_found_in_what_programs_say() {
        for (text, expected) in [
            ("rustc 1.95.0 (f2d3ce0bd 2026-03-21)", "1.95.0"),
            ("nginx version: nginx/1.22.1", "1.22.1"),
            ("Redis server v=7.0.15 sha=0", "7.0.15"),
            ("wrk debian/4.1.0-3 [epoll]", "4.1.0-3"),
        ] {
            assert_eq!(version_in(text).as_deref(), Some(expected));
        }
        assert_eq!(version_in("no version"), None);
    }

    #[test]
    fn the_machine_is_described() {
        assert!(described().contains(" cores of "), "{}", described());
    }
}
