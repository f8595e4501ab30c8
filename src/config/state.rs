//! Where files go that nobody has named: the state folder.

use std::env;
use std::path::PathBuf;

/// The folder for SQLite files: `$STATE_DIRECTORY` (systemd), else `$XDG_STATE_HOME/nikita-jobs`, else
/// `~/.local/state/nikita-jobs`. It need not exist.
///
/// # Errors
/// Where not even a home folder is known.
pub fn folder() -> Result<PathBuf, String> {
    let named = |variable: &str| env::var_os(variable).filter(|value| !value.is_empty());
    if let Some(folders) = named("STATE_DIRECTORY") {
        // systemd joins several with colons; the first is ours.
        return env::split_paths(&folders).next().ok_or_else(|| "STATE_DIRECTORY names no folder".to_owned());
    }
    let base =
        named("XDG_STATE_HOME").map(PathBuf::from).or_else(|| Some(PathBuf::from(named("HOME")?).join(".local/state")));
    base.map(|base| base.join("nikita-jobs"))
        .ok_or_else(|| "no folder for the database is known: set DATABASE_URL, STATE_DIRECTORY or HOME".to_owned())
}
