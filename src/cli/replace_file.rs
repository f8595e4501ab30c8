//! Replaces a file atomically: readers see the old or the new one, whole. The new file keeps the old one's permissions.

use std::fs::{self, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::Path;

/// The mode of a new file, whatever the umask: others must be able to read it.
const MODE: u32 = 0o644;

/// Writes a temporary file beside it, syncs and renames it. Writes directly to a device or a pipe, because a rename would replace
/// `/dev/null`.
pub fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    if fs::metadata(path).is_ok_and(|there| !there.is_file() && !there.is_dir()) {
        return OpenOptions::new().write(true).open(path)?.write_all(content);
    }
    let name = path.file_name().ok_or_else(|| io::Error::other("it names no file"))?;
    let mut beside = std::ffi::OsString::from(".");
    beside.push(name);
    beside.push(format!(".{}", std::process::id()));
    let beside = path.with_file_name(beside);
    // A killed process with the same id can have left one.
    let _ = fs::remove_file(&beside);
    let old = fs::metadata(path).ok();
    let written = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside).and_then(|mut file| {
        file.write_all(content)?;
        if let Some(old) = &old {
            // Only root can change the owner; for other users the file stays theirs.
            let _ = fchown(&file, Some(old.uid()), Some(old.gid()));
        }
        file.set_permissions(Permissions::from_mode(old.map_or(MODE, |old| old.mode() & 0o777)))?;
        file.sync_all()
    });
    let replaced = written.and_then(|()| fs::rename(&beside, path));
    if replaced.is_err() {
        let _ = fs::remove_file(&beside);
    }
    replaced
}
