//! The binary `wsac`.

fn main() -> std::process::ExitCode {
    wsac_cli::main(std::env::args_os())
}
