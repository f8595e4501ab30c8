//! Replaces a file atomically: readers see the old or the new one, whole. The new file keeps the old one's permissions.

use std::fs::{self, Metadata, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

/// The mode of a new file, whatever the umask: others must be able to read it.
const MODE: u32 = 0o644;

/// Writes a temporary file beside it, syncs and renames it. A link stays, and the file that it names is replaced. Writes directly to a
/// device or a pipe, because a rename would replace `/dev/null`.
///
/// # Errors
/// If it can't be written, or is our own stdout or stderr, which carry the result and the log.
pub fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let there = fs::metadata(path).ok();
    if there.as_ref().is_some_and(is_our_stream) {
        return Err(io::Error::other("it is the stream that carries the result or the log"));
    }
    if there.is_some_and(|there| !there.is_file() && !there.is_dir()) {
        return OpenOptions::new().write(true).open(path)?.write_all(content);
    }
    let path = &target(path)?;
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

/// Where a chain of links ends; the path itself if it is no link.
fn target(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    // As many as the kernel follows.
    for _ in 0..40 {
        match fs::read_link(&path) {
            Ok(next) => path = path.with_file_name(next),
            Err(_) => return Ok(path),
        }
    }
    Err(io::Error::other("too many links name each other"))
}

/// Whether it is the file or the pipe behind our stdout or stderr. A device, such as a terminal or `/dev/null`, can be written by both.
fn is_our_stream(there: &Metadata) -> bool {
    let is_it = |stat: rustix::io::Result<rustix::fs::Stat>| {
        stat.is_ok_and(|stat| (stat.st_dev, stat.st_ino) == (there.dev(), there.ino()))
    };
    !there.file_type().is_char_device()
        && (is_it(rustix::fs::fstat(io::stdout().as_fd())) || is_it(rustix::fs::fstat(io::stderr().as_fd())))
}
