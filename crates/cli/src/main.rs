//! The binary `wsac`.

fn main() -> wsac_cli::ExitCode {
    wsac_cli::main(std::env::args_os())
}
