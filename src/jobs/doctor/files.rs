//! Files that hold secrets.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::core::doctor::Check;

/// Warns of each file that every user of this host can read. Missing files are ignored.
#[must_use]
pub fn judge(files: &[PathBuf]) -> Vec<Check> {
    let name = "settings.secret_files";
    let open: Vec<Check> = files
        .iter()
        .filter(|file| is_open(file))
        .map(|file| {
            Check::warning(
                name,
                format!("{} holds a secret, and every user of this host can read it", file.display()),
                "Remove the permission (chmod o= FILE), and change the secret if others use this host",
            )
        })
        .collect();
    if open.is_empty() { vec![Check::ok(name, "no file with a secret is readable by everyone")] } else { open }
}

/// Whether others can read the file and enter all its folders.
pub(super) fn is_open(file: &Path) -> bool {
    let Ok(real) = fs::canonicalize(file) else { return false };
    let grants = |path: &Path, mode| fs::metadata(path).is_ok_and(|of| of.permissions().mode() & mode != 0);
    grants(&real, 0o004) && real.ancestors().skip(1).all(|folder| grants(folder, 0o001))
}
