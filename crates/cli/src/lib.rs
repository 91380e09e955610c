//! The program `wsac` as a library, for its binary and for other languages' entry points: arguments -> exit code. The only
//! crate of the workspace that parses flags and prints.

mod captions;
mod closed;
mod commands;
mod encoder;
mod exit;
pub mod folders;
mod hub;
mod inputs;
mod meteor;
mod output;
mod overwrite;
mod precision;
mod process;
mod progress;
mod ranges;
mod resume;
mod rows;

pub use exit::ExitCode;
use std::ffi::OsString;

use process::say;

/// Runs `wsac` with `args`, the first of which is the program's name.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match commands::Cli::read(args) {
        Ok(cli) => cli,
        // The help, the version, or an error in the arguments.
        Err(usage) => {
            let code = usage.exit_code();
            return match usage.print() {
                Ok(()) => ExitCode::from(u8::try_from(code).unwrap_or(2)),
                Err(e) if e.kind() == std::io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
                Err(_) => ExitCode::from(2),
            };
        }
    };
    match commands::run(cli.command) {
        Ok(code) => code,
        Err(error) if output::is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            say!("wsac: {error:#}");
            ExitCode::from(2)
        }
    }
}
