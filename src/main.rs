//! The binary. Everything is in the library; see `lib.rs` for the map.

use std::process::ExitCode;

/// Runs before the standard library, which opens `/dev/null` in the place of a stdout that is closed.
#[used]
#[expect(unsafe_code, reason = "there is no other way to see that stdout was closed; the function itself is safe")]
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
