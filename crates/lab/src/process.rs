//! What the system (Linux) says of a process: its memory.

/// A size in `/proc/PROCESS/status` in kB, such as `VmRSS:` of the process `self`; 0 where the system does not say.
pub fn kilobytes(process: &str, key: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(key));
    let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    number.unwrap_or(0)
}
