//! The state directory, for files without a configured path.

use std::env;
use std::fs::{self, DirBuilder, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// The directory for SQLite files: `$STATE_DIRECTORY` (systemd), or else `$XDG_STATE_HOME/nikita-jobs`, or else
/// `~/.local/state/nikita-jobs`. It does not need to exist.
///
/// # Errors
/// If not even a home directory is known.
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

/// Creates the directory if it does not exist, readable only by its owner, whatever the umask.
///
/// # Errors
/// If it can't be created.
pub fn make_folder(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    fs::set_permissions(folder, Permissions::from_mode(0o700))
}

/// Creates an empty file for a database, readable only by its owner, whatever the umask, because it will contain conversations.
/// SQLite gives its journal files the same permissions.
///
/// # Errors
/// If it can't be created, or already exists.
pub fn make_file(path: &Path) -> io::Result<()> {
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.set_permissions(Permissions::from_mode(0o600))
}
