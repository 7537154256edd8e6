//! Memory and processor time of a process, from `/proc`.

use std::{fs, time::Duration};

use anyhow::Context;
use rustix::param::clock_ticks_per_second;

/// A running process, by its id.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Process(pub(crate) u32);

impl Process {
    /// This process.
    pub(crate) fn ours() -> Self {
        Self(std::process::id())
    }

    /// Its memory, in bytes.
    pub(crate) fn resident(self) -> anyhow::Result<u64> {
        Ok(number_after(&self.read("status")?, "VmRSS:")? * 1024)
    }

    /// Its peak memory, in bytes.
    pub(crate) fn peak(self) -> anyhow::Result<u64> {
        Ok(number_after(&self.read("status")?, "VmHWM:")? * 1024)
    }

    /// The number of bytes that it has read by `read` and the like: from files, not from sockets.
    pub(crate) fn bytes_read(self) -> anyhow::Result<u64> {
        number_after(&self.read("io")?, "rchar:")
    }

    /// The process that traces it; 0 if none does.
    pub(crate) fn tracer(self) -> anyhow::Result<u64> {
        number_after(&self.read("status")?, "TracerPid:")
    }

    /// Its processor time.
    pub(crate) fn processor_time(self) -> anyhow::Result<Duration> {
        let ticks = processor_ticks(&self.read("stat")?)?;
        Ok(Duration::from_secs(ticks) / u32::try_from(clock_ticks_per_second())?)
    }

    fn read(self, file: &str) -> anyhow::Result<String> {
        let path = format!("/proc/{}/{file}", self.0);
        fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))
    }
}

fn number_after(text: &str, name: &str) -> anyhow::Result<u64> {
    text.lines()
        .find_map(|line| line.strip_prefix(name)?.split_whitespace().next()?.parse().ok())
        .with_context(|| format!("the kernel says no {name}"))
}

/// User and system time: the 14th and 15th field, counted behind the name, which may hold spaces.
fn processor_ticks(stat: &str) -> anyhow::Result<u64> {
    let (_, fields) = stat.rsplit_once(')').context("a process without a name")?;
    let mut ticks = fields.split_whitespace().skip(11).map(str::parse::<u64>);
    let mut next = || ticks.next().context("/proc/PID/stat is short");
    Ok(next()?? + next()??)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_found_behind_any_name() {
        let stat = "7 (a) b) S 1 7 7 0 -1 4194304 1 2 3 4 40 2 0 0 20 0 1 0 5 6";
        assert_eq!(processor_ticks(stat).unwrap(), 42);
        assert!(processor_ticks("7 (a) S 1").is_err());
    }

    #[test]
    fn a_process_has_memory_and_reads() {
        let us = Process::ours();
        // Other tests change the memory of this process, so two reads cannot be compared.
        assert!(us.peak().unwrap() > 0 && us.resident().unwrap() > 0);
        assert!(us.bytes_read().unwrap() > 0);
        us.processor_time().unwrap();
    }
}
