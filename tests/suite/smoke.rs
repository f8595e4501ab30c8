//! The binary starts and says what it is.

use crate::support::bin::command;

#[test]
fn version() {
    let done = command(&["--version"]).done().code(0);
    assert_eq!(done.stdout(), concat!("nikita-jobs ", env!("CARGO_PKG_VERSION"), "\n"));
    assert_eq!(done.stderr(), "");
}
