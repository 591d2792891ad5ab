//! What a process used, as the kernel counts it.

use anyhow::{Context, Result};
use std::fs;
use std::time::Duration;

/// The kernel tells times in hundredths of a second, on every platform that it runs on here.
const TICK: Duration = Duration::from_millis(10);

/// Processor time of a process since its start, in user and kernel mode.
///
/// # Errors
/// When there is no such process.
pub(super) fn cpu(process: u32) -> Result<Duration> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))
        .with_context(|| format!("reading what process {process} used"))?;
    cpu_in(&stat).with_context(|| format!("reading the fields of {stat}"))
}

/// Most memory that a process had resident so far, in bytes; `None` once it has ended.
pub(super) fn peak_memory(process: u32) -> Option<u64> {
    memory_in(&fs::read_to_string(format!("/proc/{process}/status")).ok()?, "VmHWM:")
}

/// Processor time of the calling thread, in nanoseconds where the kernel counts them.
///
/// # Errors
/// When the kernel does not tell.
pub(super) fn cpu_of_thread() -> Result<Duration> {
    let told = fs::read_to_string("/proc/thread-self/schedstat").context("reading what this thread used")?;
    let nanoseconds = told.split_ascii_whitespace().next().and_then(|first| first.parse().ok());
    nanoseconds.map(Duration::from_nanos).context("reading the processor time of this thread")
}

/// Memory that a process has resident now, in bytes; 0 once it has ended.
pub(super) fn resident_memory(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    memory_in(&status, "VmRSS:").unwrap_or(0)
}

/// Fields 14 and 15; the name in parentheses may hold anything.
fn cpu_in(stat: &str) -> Option<Duration> {
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut fields = after_name.split_ascii_whitespace().skip(11);
    let ticks = fields.next()?.parse::<u32>().ok()?.checked_add(fields.next()?.parse().ok()?)?;
    Some(TICK * ticks)
}

fn memory_in(status: &str, field: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(field))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1_024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_and_memory_are_read_whatever_the_process_is_called() {
        let stat = "7 (a) b (c) S 1 7 7 0 -1 4194304 100 0 0 0 250 50 9 9 20 0 8 0 12345 1000 200";
        assert_eq!(cpu_in(stat), Some(Duration::from_secs(3)));
        assert_eq!(memory_in("VmPeak:\t 9 kB\nVmHWM:\t  2048 kB\n", "VmHWM:"), Some(2 << 20));
        assert_eq!(memory_in("Name:\tx\n", "VmRSS:"), None);
        assert!(resident_memory(std::process::id()) > 0 && cpu_of_thread().is_ok());
        assert!(cpu(std::process::id()).is_ok());
        assert!(peak_memory(std::process::id()).is_some_and(|bytes| bytes > 0));
    }
}
