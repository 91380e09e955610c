//! Process-wide helpers of all commands: messages, threads, exit codes.

use crate::exit::ExitCode;
use std::io;
use std::path::Path;

use anyhow::{Result, bail};

use crate::closed;

/// Writes a line to standard error. If its reader has closed it (`2>&1 | head`), nothing happens, whereas `eprintln!` would
/// panic.
macro_rules! say {
    ($($arg:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stderr(), $($arg)*);
    }};
}

/// Writes a line to standard output; an error is returned, whereas `println!` would panic.
macro_rules! print_line {
    ($($arg:tt)*) => {
        $crate::process::print(format_args!("{}\n", format_args!($($arg)*)))
    };
}

/// Writes text to standard output; an error is returned.
macro_rules! print_text {
    ($($arg:tt)*) => {
        $crate::process::print(format_args!($($arg)*))
    };
}

pub(crate) use {print_line, print_text, say};

/// Standard output.
///
/// # Errors
/// If it was closed when the program started.
pub fn stdout() -> io::Result<io::Stdout> {
    match closed::stdout_was() {
        true => Err(io::Error::other(
            "standard output is closed, so results have nowhere to go; open it, or give -o FILE",
        )),
        false => Ok(io::stdout()),
    }
}

/// See [`print_line`].
pub fn print(text: std::fmt::Arguments) -> io::Result<()> {
    io::Write::write_fmt(&mut stdout()?, text)
}

/// The exit code of a batch of `total` inputs: 0 if none failed, 1 if some did, 2 if all did.
pub fn batch_code(failed: usize, total: usize) -> ExitCode {
    match failed {
        0 => ExitCode::SUCCESS,
        n if n < total => ExitCode::from(1),
        _ => ExitCode::from(2),
    }
}

/// Limits the threads of the whole process: to `threads`, else to `$RAYON_NUM_THREADS`, else to the cores; never to more
/// than there are cores, as those would only wait for each other.
pub fn use_threads(threads: Option<usize>) -> Result<()> {
    let variable = || std::env::var("RAYON_NUM_THREADS").ok()?.parse().ok();
    let Some(asked) = threads.or_else(variable) else {
        return Ok(());
    };
    if asked == 0 && threads.is_some() {
        bail!("--threads must be at least 1");
    }
    let cores = std::thread::available_parallelism().map_or(asked, usize::from);
    if asked > cores {
        say!("wsac: warning: {asked} threads are more than the {cores} cores; using {cores}");
    }
    rayon::ThreadPoolBuilder::new()
        .num_threads(asked.min(cores))
        .build_global()?;
    Ok(())
}

/// A message of the library without the path at its beginning.
pub fn bare(message: &str, path: &Path) -> String {
    let named = format!("{}: ", path.display());
    message.strip_prefix(&named).unwrap_or(message).to_owned()
}

/// A file name as one line of text: control characters (line breaks, ESC) are escaped as in Rust and Python.
pub fn shown(path: &Path) -> String {
    let mut shown = String::new();
    for c in path.to_string_lossy().chars() {
        match c {
            c if c.is_control() => shown.extend(c.escape_default()),
            c => shown.push(c),
        }
    }
    shown
}
