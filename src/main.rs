//! The binary. Everything is in the library; see `lib.rs` for the map.

use std::process::ExitCode;

fn main() -> ExitCode {
    nikita_jobs::cli::main()
}
