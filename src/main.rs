//! The binary. Everything is in the library; see `lib.rs` for the map.

use std::process::ExitCode;

/// Runs before the standard library does, because that replaces a closed stdout with `/dev/null`.
#[used]
#[expect(unsafe_code, reason = "there is no other way to detect a closed stdout; the function itself is safe")]
#[unsafe(link_section = ".init_array")]
static BEFORE_ALL: extern "C" fn() = {
    extern "C" fn before_all() {
        nikita_jobs::cli::see_whether_stdout_is_closed();
    }
    before_all
};

fn main() -> ExitCode {
    nikita_jobs::cli::main()
}
